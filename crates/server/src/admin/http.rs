//! Handlers of the admin desk.

use axum::Router;
use concierge_core::{
    account::AccountId,
    admin::InvitationId,
    admin::api::{
        AccountChange, AccountDetail, AccountPage, AccountQuery, ChangeAccount, DeleteAccount,
        GetAccount, GetMailBacklog, InvitationLink, InvitationList, Invite, ListAccounts,
        ListInvitations, LockAccount, MailBacklog, MakeResetLink, NewInvitation, OneTimeLink,
        RemoveSecondFactor, RevokeInvitation, SignOutAccount, UnlockAccount,
    },
    api::{Admin, Empty, FreshAdmin},
    link::{invitation_path, reset_path},
    problem::ErrorCode,
    sensitive::Sensitive,
    session::api::Ended,
};

use super::AdminError;
use crate::{
    account::{AccountError, Deed},
    http::{
        App,
        error::ApiError,
        mount::{Context, Reply, mount},
    },
};

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    let router = mount::<ListAccounts, _, _>(router, list);
    let router = mount::<GetAccount, _, _>(router, look);
    let router = mount::<ChangeAccount, _, _>(router, change);
    let router = mount::<LockAccount, _, _>(router, lock);
    let router = mount::<UnlockAccount, _, _>(router, unlock);
    let router = mount::<SignOutAccount, _, _>(router, sign_out);
    let router = mount::<MakeResetLink, _, _>(router, reset_link);
    let router = mount::<DeleteAccount, _, _>(router, close);
    let router = mount::<GetMailBacklog, _, _>(router, mail_backlog);
    let router = mount::<ListInvitations, _, _>(router, invitations);
    let router = mount::<Invite, _, _>(router, invite);
    let router = mount::<RevokeInvitation, _, _>(router, revoke_invitation);
    mount::<RemoveSecondFactor, _, _>(router, remove_second_factor)
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Cursor => Self::new(ErrorCode::BadRequest),
            // The account in the path, never the caller's own.
            AdminError::Account(AccountError::NotFound) => Self::new(ErrorCode::NotFound),
            AdminError::Account(error) => error.into(),
            AdminError::Store(error) => error.into(),
        }
    }
}

async fn list(
    app: App,
    _: Context<Admin>,
    query: AccountQuery,
) -> Result<Reply<AccountPage>, ApiError> {
    Ok(Reply::new(app.desk().list(&query).await?))
}

async fn look(
    app: App,
    context: Context<Admin, AccountId>,
    _: Empty,
) -> Result<Reply<AccountDetail>, ApiError> {
    Ok(Reply::new(app.desk().detail(context.target).await?))
}

async fn change(
    app: App,
    context: Context<FreshAdmin, AccountId>,
    change: AccountChange,
) -> Result<Reply<AccountDetail>, ApiError> {
    if let Some(role) = change.role {
        act(&app, &context, Deed::SetRole(role)).await?;
    }
    Ok(Reply::new(app.desk().detail(context.target).await?))
}

async fn lock(
    app: App,
    context: Context<FreshAdmin, AccountId>,
    _: Empty,
) -> Result<Reply<AccountDetail>, ApiError> {
    act(&app, &context, Deed::Lock).await?;
    Ok(Reply::new(app.desk().detail(context.target).await?))
}

async fn unlock(
    app: App,
    context: Context<FreshAdmin, AccountId>,
    _: Empty,
) -> Result<Reply<AccountDetail>, ApiError> {
    act(&app, &context, Deed::Unlock).await?;
    Ok(Reply::new(app.desk().detail(context.target).await?))
}

async fn sign_out(
    app: App,
    context: Context<FreshAdmin, AccountId>,
    _: Empty,
) -> Result<Reply<Ended>, ApiError> {
    let (_, ended) = act(&app, &context, Deed::SignOut).await?;
    Ok(Reply::new(Ended {
        ended: u32::try_from(ended).unwrap_or(u32::MAX),
    }))
}

/// The link stands in the answer and nowhere else.
async fn reset_link(
    app: App,
    context: Context<FreshAdmin, AccountId>,
    _: Empty,
) -> Result<Reply<OneTimeLink>, ApiError> {
    let (actor, origin) = (context.actor.account, &context.client.origin);
    let account = app.accounts.find(context.target).await;
    let account = account.map_err(AdminError::from)?;
    let (token, expires_at) = app.links.hand_out(&account, Some(actor), origin).await?;
    let link = app.config.public_url.join(&reset_path(&token));
    Ok(Reply::new(OneTimeLink {
        link: Sensitive::new(link),
        expires_at,
    }))
}

async fn remove_second_factor(
    app: App,
    context: Context<FreshAdmin, AccountId>,
    _: Empty,
) -> Result<Reply<Empty>, ApiError> {
    let actor = context.actor.account;
    // One's own needs no admin, and follows the rules of one's own.
    if actor == context.target {
        return Err(ApiError::new(ErrorCode::Conflict));
    }
    let account = app.accounts.find(context.target).await;
    let account = account.map_err(AdminError::from)?.view;
    let removed = app
        .totp
        .remove(&account, Some(actor), &context.client.origin);
    removed.await?;
    Ok(Reply::new(Empty {}))
}

async fn close(
    app: App,
    context: Context<FreshAdmin, AccountId>,
    _: Empty,
) -> Result<Reply<Empty>, ApiError> {
    let (actor, origin) = (context.actor.account, &context.client.origin);
    let closed = app
        .accounts
        .close(context.target, Some(actor), origin)
        .await;
    closed.map_err(AdminError::from)?;
    Ok(Reply::new(Empty {}))
}

async fn mail_backlog(
    app: App,
    _: Context<Admin>,
    _: Empty,
) -> Result<Reply<MailBacklog>, ApiError> {
    Ok(Reply::new(app.outbox.backlog().await?))
}

async fn invitations(
    app: App,
    _: Context<Admin>,
    _: Empty,
) -> Result<Reply<InvitationList>, ApiError> {
    let invitations = app.accounts.invitations().await?;
    Ok(Reply::new(InvitationList { invitations }))
}

/// The link stands in the answer and nowhere else.
async fn invite(
    app: App,
    context: Context<FreshAdmin>,
    new: NewInvitation,
) -> Result<Reply<InvitationLink>, ApiError> {
    let (actor, origin) = (context.actor.account, &context.client.origin);
    let (invitation, token) = app.accounts.invite(&new, Some(actor), origin).await?;
    let link = app.config.public_url.join(&invitation_path(&token));
    Ok(Reply::new(InvitationLink {
        invitation,
        link: Sensitive::new(link),
    }))
}

async fn revoke_invitation(
    app: App,
    context: Context<FreshAdmin, InvitationId>,
    _: Empty,
) -> Result<Reply<Empty>, ApiError> {
    let (actor, origin) = (context.actor.account, &context.client.origin);
    let revoked = app
        .accounts
        .revoke_invitation(context.target, Some(actor), origin)
        .await?;
    if !revoked {
        return Err(ApiError::new(ErrorCode::NotFound));
    }
    Ok(Reply::new(Empty {}))
}

async fn act(
    app: &App,
    context: &Context<FreshAdmin, AccountId>,
    deed: Deed,
) -> Result<(bool, usize), AdminError> {
    let (actor, origin) = (context.actor.account, &context.client.origin);
    app.desk()
        .act(context.target, deed, Some(actor), origin)
        .await
}
