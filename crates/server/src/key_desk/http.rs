//! Handlers of the key desk.

use std::{sync::Arc, time::Duration};

use axum::Router;
use concierge_core::{
    api::{Admin, Empty, FreshAdmin},
    keys::{
        RingName,
        api::{
            GetKeys, KeyDesk, RevokeKey, RevokeKeyNow, Revoked, RotateKey, RotateRing, Rotated,
            UndoRotation,
        },
    },
    problem::{ErrorCode, FieldCode, FieldError},
};

use super::error::KeyDeskError;
use crate::{
    http::{
        App,
        error::ApiError,
        mount::{Context, Reply, mount},
    },
    keys::{By, KeeperError, Rotation},
};

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    let router = mount::<GetKeys, _, _>(router, look);
    let router = mount::<RotateRing, _, _>(router, rotate);
    let router = mount::<UndoRotation, _, _>(router, undo);
    mount::<RevokeKeyNow, _, _>(router, revoke)
}

impl From<KeyDeskError> for ApiError {
    fn from(error: KeyDeskError) -> Self {
        match error {
            KeyDeskError::NoSuchKey(_) | KeyDeskError::NoSuchIncident => {
                Self::new(ErrorCode::NotFound)
            }
            KeyDeskError::Reason => {
                Self::fields(vec![FieldError::new("reason", FieldCode::Required)])
            }
            KeyDeskError::Keeper(error) => error.into(),
            KeyDeskError::SealingElsewhere | KeyDeskError::Unfit(_) => {
                Self::new(ErrorCode::Conflict).telling(error)
            }
            KeyDeskError::Store(error) => error.into(),
            KeyDeskError::DataKey(error) => Self::new(ErrorCode::Internal).because(error),
        }
    }
}

impl From<KeeperError> for ApiError {
    fn from(error: KeeperError) -> Self {
        match error {
            KeeperError::Store(error) => error.into(),
            KeeperError::DataKey(_) | KeeperError::Probe(_) => {
                Self::new(ErrorCode::Internal).because(error)
            }
            // What stands in the way is something an admin can do something about.
            other => Self::new(ErrorCode::Conflict).telling(other),
        }
    }
}

async fn look(app: App, _: Context<Admin>, _: Empty) -> Result<Reply<KeyDesk>, ApiError> {
    Ok(Reply::new(app.key_desk().view().await?))
}

async fn rotate(
    app: App,
    context: Context<FreshAdmin, RingName>,
    request: RotateKey,
) -> Result<Reply<Rotated>, ApiError> {
    let grace = request.grace.map(Duration::from_secs);
    let rotated = to_its_end(app, context, async move |app, context| {
        let by = By {
            actor: Some(context.actor.account),
            origin: &context.client.origin,
        };
        let rotation = Rotation {
            grace,
            ..Rotation::of(context.target.into())
        };
        app.keeper.rotate(rotation, by, &|_| {}).await
    });
    Ok(Reply::new(rotated.await??))
}

async fn undo(
    app: App,
    context: Context<FreshAdmin, RingName>,
    _: Empty,
) -> Result<Reply<Rotated>, ApiError> {
    let undone = to_its_end(app, context, async move |app, context| {
        let by = By {
            actor: Some(context.actor.account),
            origin: &context.client.origin,
        };
        app.keeper.undo(context.target.into(), None, by).await
    });
    Ok(Reply::new(undone.await??))
}

/// The session that asks ends with all others.
async fn revoke(
    app: App,
    context: Context<FreshAdmin, String>,
    request: RevokeKey,
) -> Result<Reply<Revoked>, ApiError> {
    let names = app.cookie_names.expired();
    let revoked = to_its_end(app, context, async move |app, context| {
        let by = By {
            actor: Some(context.actor.account),
            origin: &context.client.origin,
        };
        let desk = app.key_desk();
        let revoked = desk
            .revoke(&context.target, &request.reason, None, by)
            .await;
        // Also when it failed half-way: what the keyring says by now counts.
        app.reload_keys("revoke").await;
        revoked
    });
    Ok(Reply::with_cookies(revoked.await??, names))
}

/// Goes on to the end when whoever asked hangs up: keys are not left half changed for a closed window.
async fn to_its_end<T, C, F>(
    app: App,
    context: C,
    work: impl FnOnce(App, C) -> F,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let done = tokio::spawn(work(Arc::clone(&app), context)).await;
    done.map_err(|error| ApiError::new(ErrorCode::Internal).because(error))
}
