//! Handlers of a session: renew and end. And how a session's tokens become cookies.

use std::time::Duration;

use axum::Router;
use concierge_core::{
    api::{Anonymous, Empty, Fresh, SignedIn},
    problem::ErrorCode,
    sensitive::Sensitive,
    session::{
        SessionId, Transport,
        api::{
            EndOtherSessions, EndSession, Ended, ListSessions, Logout, LogoutRequest, Refresh,
            RefreshAnswer, RefreshRequest, Renewed, SessionList, TokenType, Tokens,
        },
    },
};
use cookie::Cookie;

use super::{Grant, Presented, SessionError, TICKET_LIFE, counted};
use crate::{
    http::{
        App, auth,
        client::Client,
        cookies::{self, CookieNames},
        error::ApiError,
        mount::{Context, Reply, mount},
    },
    platform::metrics::RefreshResult,
};

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    let router = mount::<Refresh, _, _>(router, refresh);
    let router = mount::<ListSessions, _, _>(router, list);
    let router = mount::<EndSession, _, _>(router, end);
    let router = mount::<EndOtherSessions, _, _>(router, end_others);
    mount::<Logout, _, _>(router, logout)
}

/// The two cookies of a session; the access token's alone when the browser holds the other.
pub fn set_cookies(names: &CookieNames, grant: &Grant) -> Vec<Cookie<'static>> {
    let build = |name: &str, token: &str| cookies::build(name, token.to_owned(), grant.keep_for);
    let mut set = vec![build(&names.access, &grant.access_token)];
    if !grant.is_held {
        set.push(build(&names.refresh, &grant.refresh_token));
    }
    set
}

/// The ticket that came along, in the body or as a cookie, with the device it may be bound to.
pub fn presented<'a>(client: &'a Client, in_body: Option<&'a Sensitive>) -> Option<Presented<'a>> {
    let (token, transport) = match (in_body, &client.cookies.ticket) {
        (Some(token), _) => (token.expose(), Transport::Bearer),
        (None, Some(token)) => (token.as_str(), Transport::Cookie),
        (None, None) => return None,
    };
    Some(Presented {
        token,
        transport,
        device: client.cookies.device.as_deref(),
    })
}

/// The cookie of a ticket, for as long as it opens its step.
pub fn ticket_cookie(names: &CookieNames, ticket: &Sensitive) -> Cookie<'static> {
    cookies::build(&names.ticket, ticket.expose().to_owned(), Some(TICKET_LIFE))
}

/// Takes the cookie of a used ticket away.
pub fn no_ticket_cookie(names: &CookieNames) -> Cookie<'static> {
    cookies::build(&names.ticket, String::new(), Some(Duration::ZERO))
}

/// The tokens for a bearer client.
pub fn tokens(grant: &Grant) -> Tokens {
    Tokens {
        access_token: Sensitive::new(grant.access_token.as_str()),
        refresh_token: Sensitive::new(grant.refresh_token.as_str()),
        token_type: TokenType::Bearer,
        expires_in: grant.expires_in.as_secs(),
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Unauthenticated(_) => Self {
                had_token: true,
                ..Self::new(ErrorCode::Unauthenticated)
            },
            SessionError::TokenExpired => Self {
                had_token: true,
                ..Self::new(ErrorCode::TokenExpired)
            },
            SessionError::Throttled(wait) => Self::retry(ErrorCode::Throttled, wait),
            SessionError::Store(error) => error.into(),
            SessionError::Token(_) => Self::new(ErrorCode::Internal).because(error),
        }
    }
}

/// A browser's cookie and a client's body are two doors: a token stolen from one does not open the other.
async fn refresh(
    app: App,
    context: Context<Anonymous>,
    request: RefreshRequest,
) -> Result<Reply<RefreshAnswer>, ApiError> {
    let client = &context.client;
    app.count_refresh(&client.address_key)?;
    let (token, transport) = match (&request.refresh_token, &client.cookies.refresh) {
        (Some(token), _) => (token.expose(), Transport::Bearer),
        (None, Some(cookie)) => (cookie.as_str(), Transport::Cookie),
        (None, None) => {
            app.metrics.refresh(RefreshResult::Refused);
            return Err(ApiError::new(ErrorCode::Unauthenticated));
        }
    };
    let renewed = app.sessions.refresh(token, transport, &client.origin).await;
    app.metrics.refresh(counted(&renewed));
    let grant = renewed.inspect_err(|error| auth::note(error, client, &app))?;
    Ok(match transport {
        Transport::Bearer => Reply::new(RefreshAnswer::Bearer(tokens(&grant))),
        Transport::Cookie => {
            let renewed = Renewed {
                expires_at: grant.actor.expires_at,
                expires_in: grant.expires_in.as_secs(),
            };
            Reply::with_cookies(
                RefreshAnswer::Cookies(renewed),
                set_cookies(&app.cookie_names, &grant),
            )
        }
    })
}

/// Always succeeds. The cookies expire by name; the device stays known.
async fn logout(
    app: App,
    context: Context<Anonymous>,
    request: LogoutRequest,
) -> Result<Reply<Empty>, ApiError> {
    let Client {
        cookies, origin, ..
    } = &*context.client;
    let bearer = auth::bearer(&context.headers).unwrap_or(None);
    let (access, refresh) = match bearer {
        Some(token) => (Some(token), None),
        None => (cookies.access.as_deref(), cookies.refresh.as_deref()),
    };
    app.sessions
        .sign_out(access, refresh, request.scope, origin)
        .await?;
    Ok(Reply {
        clears_storage: true,
        ..Reply::with_cookies(Empty {}, app.cookie_names.expired())
    })
}

async fn list(
    app: App,
    context: Context<SignedIn>,
    _: Empty,
) -> Result<Reply<SessionList>, ApiError> {
    let actor = &context.actor;
    let sessions = app.sessions.list(actor.account, Some(actor.session));
    let sessions = sessions.await?;
    Ok(Reply::new(SessionList { sessions }))
}

/// Ending the session that asks is a sign-out, and its cookies go with it.
async fn end(
    app: App,
    context: Context<Fresh, SessionId>,
    _: Empty,
) -> Result<Reply<Empty>, ApiError> {
    let (actor, session) = (&context.actor, context.target);
    let ended = app
        .sessions
        .end_own(actor, session, &context.client.origin)
        .await?;
    if !ended {
        return Err(ApiError::new(ErrorCode::NotFound));
    }
    Ok(if session == actor.session {
        Reply::with_cookies(Empty {}, app.cookie_names.expired())
    } else {
        Reply::new(Empty {})
    })
}

async fn end_others(app: App, context: Context<Fresh>, _: Empty) -> Result<Reply<Ended>, ApiError> {
    let ended = app
        .sessions
        .end_others(&context.actor, &context.client.origin);
    Ok(Reply::new(Ended {
        ended: ended.await?,
    }))
}
