//! Handlers of links: forgot, reset.

use axum::Router;
use concierge_core::{
    api::{Anonymous, Empty},
    problem::ErrorCode,
    recovery::api::{ForgotPassword, ForgotRequest, ResetPassword, ResetRequest},
};

use super::links::LinkError;
use crate::http::{
    App,
    cookies::{self, DEVICE_LIFE},
    error::ApiError,
    mount::{Context, Reply, mount},
};

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    let router = mount::<ForgotPassword, _, _>(router, forgot);
    mount::<ResetPassword, _, _>(router, reset)
}

impl From<LinkError> for ApiError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::TicketExpired => Self::new(ErrorCode::TicketExpired),
            LinkError::Throttled(wait) => Self::retry(ErrorCode::Throttled, wait),
            LinkError::Overloaded => {
                Self::retry(ErrorCode::Overloaded, std::time::Duration::from_secs(2))
            }
            LinkError::Account(error) => error.into(),
            LinkError::Store(error) => error.into(),
        }
    }
}

async fn forgot(
    app: App,
    context: Context<Anonymous>,
    request: ForgotRequest,
) -> Result<Reply<Empty>, ApiError> {
    let client = &context.client;
    app.links
        .request(&request.email, &client.address_key, &client.origin)?;
    Ok(Reply::new(Empty {}))
}

async fn reset(
    app: App,
    context: Context<Anonymous>,
    request: ResetRequest,
) -> Result<Reply<Empty>, ApiError> {
    let client = &context.client;
    let device = app
        .links
        .reset(&request, &client.address_key, &client.origin)
        .await?;
    let device = cookies::build(&app.cookie_names.device, device, Some(DEVICE_LIFE));
    Ok(Reply::with_cookies(Empty {}, vec![device]))
}
