//! The endpoint about the service itself: how a request arrived.

use axum::Router;
use concierge_core::{
    api::{Anonymous, Empty},
    system::{Whoami, WhoamiAnswer},
};

use super::{
    App,
    error::ApiError,
    mount::{Context, Reply, mount},
};

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    mount::<Whoami, _, _>(router, whoami)
}

async fn whoami(
    _: App,
    context: Context<Anonymous>,
    _: Empty,
) -> Result<Reply<WhoamiAnswer>, ApiError> {
    let client = context.client;
    Ok(Reply::new(WhoamiAnswer {
        address: client.origin.address.clone(),
        scheme: if client.is_https { "https" } else { "http" }.to_owned(),
        proxy_trusted: client.proxy_trusted,
    }))
}
