//! Handlers of the second factor: how it stands, set up, remove. A confirmation, which can sign in, is at the front door
//! (`sign_in`).

use axum::Router;
use concierge_core::{
    account::AccountId,
    api::{Empty, Fresh, FreshOrTicket, SignedIn},
    problem::ErrorCode,
    sensitive::Sensitive,
    sign_in::api::Step,
    totp::api::{Enrol, EnrolRequest, Enrolment, GetEnrolment, GetTotp, RemoveTotp, TotpState},
};

use super::TotpError;
use crate::{
    http::{
        App,
        error::ApiError,
        mount::{Context, Reply, mount},
    },
    session::http as session,
};

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    let router = mount::<GetTotp, _, _>(router, state);
    let router = mount::<GetEnrolment, _, _>(router, enrolment);
    let router = mount::<Enrol, _, _>(router, enrol);
    mount::<RemoveTotp, _, _>(router, remove)
}

impl From<TotpError> for ApiError {
    fn from(error: TotpError) -> Self {
        match error {
            TotpError::BadCode => Self::new(ErrorCode::BadCode),
            TotpError::Throttled(wait) => Self::retry(ErrorCode::Throttled, wait),
            TotpError::NotFound => Self::new(ErrorCode::NotFound),
            TotpError::Conflict => Self::new(ErrorCode::Conflict),
            TotpError::Over => Self::new(ErrorCode::Unauthenticated),
            TotpError::Store(error) => error.into(),
            TotpError::Recovery(error) => error.into(),
        }
    }
}

async fn state(
    app: App,
    context: Context<SignedIn>,
    _: Empty,
) -> Result<Reply<TotpState>, ApiError> {
    let account = app.accounts.view(context.actor.account).await?;
    Ok(Reply::new(app.totp.state(&account).await?))
}

async fn enrolment(
    app: App,
    context: Context<FreshOrTicket>,
    _: Empty,
) -> Result<Reply<Enrolment>, ApiError> {
    let (id, maker) = enroller(&app, &context, None).await?;
    let account = app.accounts.view(id).await?;
    Ok(Reply::new(app.totp.enrolment(&account, &maker).await?))
}

async fn enrol(
    app: App,
    context: Context<FreshOrTicket>,
    request: EnrolRequest,
) -> Result<Reply<Enrolment>, ApiError> {
    let (id, maker) = enroller(&app, &context, request.ticket.as_ref()).await?;
    let account = app.accounts.view(id).await?;
    Ok(Reply::new(app.totp.enrol(&account, &maker).await?))
}

async fn remove(app: App, context: Context<Fresh>, _: Empty) -> Result<Reply<Empty>, ApiError> {
    let account = app.accounts.view(context.actor.account).await?;
    let origin = &context.client.origin;
    app.totp.remove_own(&account, origin).await?;
    Ok(Reply::new(Empty {}))
}

/// Whose factor is set up, and in which session or with which ticket: the actor's, or that of the ticket, which must be
/// one for this.
async fn enroller(
    app: &App,
    context: &Context<FreshOrTicket>,
    in_body: Option<&Sensitive>,
) -> Result<(AccountId, String), ApiError> {
    if let Some(actor) = &context.actor {
        return Ok((actor.account, actor.session.to_string()));
    }
    let expired = || ApiError::new(ErrorCode::TicketExpired);
    let presented = session::presented(&context.client, in_body).ok_or_else(expired)?;
    let ticket = app.sessions.ticket(&presented).await?;
    let ticket = ticket.filter(|ticket| ticket.step == Step::EnrolSecondFactor);
    let ticket = ticket.ok_or_else(expired)?;
    Ok((ticket.account, ticket.digest))
}
