//! Handlers of getting back in: recovery codes, and links that set a new password.

use axum::Router;
use concierge_core::{
    account::api::TokenRequest,
    api::{Anonymous, Empty, Fresh},
    problem::ErrorCode,
    recovery::api::{
        ForgotPassword, ForgotRequest, GetRecoveryCodes, KeepRecoveryCodes, MakeRecoveryCodes,
        NotMe, RecoveryCodes, ResetPassword, ResetRequest,
    },
};

use super::{LinkError, RecoveryError};
use crate::http::{
    App,
    error::ApiError,
    mount::{Context, Reply, mount},
};

/// Two seconds: a busy pool empties fast.
const BUSY: std::time::Duration = std::time::Duration::from_secs(2);

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    let router = mount::<MakeRecoveryCodes, _, _>(router, make);
    let router = mount::<GetRecoveryCodes, _, _>(router, show);
    let router = mount::<KeepRecoveryCodes, _, _>(router, kept);
    let router = mount::<ForgotPassword, _, _>(router, forgot);
    let router = mount::<ResetPassword, _, _>(router, reset);
    mount::<NotMe, _, _>(router, not_me)
}

impl From<RecoveryError> for ApiError {
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::NotFound => Self::new(ErrorCode::NotFound),
            RecoveryError::BadCode => Self::new(ErrorCode::BadCode),
            RecoveryError::Throttled(wait) => Self::retry(ErrorCode::Throttled, wait),
            RecoveryError::Overloaded => Self::retry(ErrorCode::Overloaded, BUSY),
            RecoveryError::Store(error) => error.into(),
        }
    }
}

impl From<LinkError> for ApiError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::TicketExpired => Self::new(ErrorCode::TicketExpired),
            LinkError::Throttled(wait) => Self::retry(ErrorCode::Throttled, wait),
            LinkError::Overloaded => Self::retry(ErrorCode::Overloaded, BUSY),
            LinkError::Account(error) => error.into(),
            LinkError::Store(error) => error.into(),
        }
    }
}

async fn make(
    app: App,
    context: Context<Fresh>,
    _: Empty,
) -> Result<Reply<RecoveryCodes>, ApiError> {
    let (account, origin) = (context.actor.account, &context.client.origin);
    let recovery_codes = app.recovery.make(account, origin).await?;
    Ok(Reply::new(RecoveryCodes { recovery_codes }))
}

async fn show(
    app: App,
    context: Context<Fresh>,
    _: Empty,
) -> Result<Reply<RecoveryCodes>, ApiError> {
    let recovery_codes = app.recovery.show(context.actor.account).await?;
    Ok(Reply::new(RecoveryCodes { recovery_codes }))
}

async fn kept(app: App, context: Context<Fresh>, _: Empty) -> Result<Reply<Empty>, ApiError> {
    app.recovery.kept(context.actor.account).await?;
    Ok(Reply::new(Empty {}))
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
    let device = app.cookie_names.known_device(device);
    Ok(Reply::with_cookies(Empty {}, vec![device]))
}

async fn not_me(
    app: App,
    context: Context<Anonymous>,
    request: TokenRequest,
) -> Result<Reply<Empty>, ApiError> {
    let client = &context.client;
    app.links
        .not_me(&request.token, &client.address_key, &client.origin)
        .await?;
    Ok(Reply::new(Empty {}))
}
