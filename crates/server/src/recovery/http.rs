//! Handlers of recovery codes: make, show, kept.

use axum::Router;
use concierge_core::{
    api::{Empty, Fresh},
    problem::ErrorCode,
    recovery::api::{GetRecoveryCodes, KeepRecoveryCodes, MakeRecoveryCodes, RecoveryCodes},
};

use super::RecoveryError;
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
    mount::<KeepRecoveryCodes, _, _>(router, kept)
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
