//! The handler of the password step.

use axum::Router;
use concierge_core::{
    api::Anonymous,
    problem::ErrorCode,
    session::Transport,
    sign_in::api::{Login, LoginAnswer, LoginRequest, SignedInAnswer, SignedInStatus},
};

use super::{Attempt, SignInError, SignedIn};
use crate::{
    http::{
        App, cookies,
        error::ApiError,
        mount::{Context, Reply, mount},
    },
    session::http as session,
};

/// Two seconds: a busy pool empties fast.
const BUSY: std::time::Duration = std::time::Duration::from_secs(2);

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    mount::<Login, _, _>(router, login)
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::BadCredentials => Self::new(ErrorCode::BadCredentials),
            SignInError::Throttled(wait) => Self::retry(ErrorCode::Throttled, wait),
            SignInError::Overloaded => Self::retry(ErrorCode::Overloaded, BUSY),
            SignInError::BearerFromBrowser => Self::new(ErrorCode::Forbidden),
            SignInError::Store(error) => error.into(),
            SignInError::Session(error) => error.into(),
        }
    }
}

async fn login(
    app: App,
    context: Context<Anonymous>,
    request: LoginRequest,
) -> Result<Reply<LoginAnswer>, ApiError> {
    let client = &context.client;
    // A script in a page could otherwise ask for tokens that it can carry away.
    let from_browser = context
        .headers
        .keys()
        .any(|name| name.as_str().starts_with("sec-fetch-"));
    if request.transport == Transport::Bearer && from_browser {
        return Err(SignInError::BearerFromBrowser.into());
    }
    let attempt = Attempt {
        email: &request.email,
        password: &request.password,
        remember: request.remember,
        transport: request.transport,
        device: client.cookies.device.as_deref(),
        address_key: &client.address_key,
        origin: &client.origin,
    };
    let SignedIn {
        grant,
        account,
        device,
    } = app.sign_in.sign_in(&attempt).await?;
    if grant.transport == Transport::Bearer {
        return Ok(Reply::new(LoginAnswer::Bearer(session::tokens(&grant))));
    }
    let mut set = session::set_cookies(&app.cookie_names, &grant);
    set.push(cookies::build(
        &app.cookie_names.device,
        device,
        Some(cookies::DEVICE_LIFE),
    ));
    let answer = SignedInAnswer {
        status: SignedInStatus::SignedIn,
        account,
        expires_at: grant.actor.expires_at,
        expires_in: grant.expires_in.as_secs(),
        recovery_codes_left: None,
    };
    Ok(Reply::with_cookies(LoginAnswer::Cookies(answer), set))
}
