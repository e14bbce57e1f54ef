//! Who calls: an access token turned into an actor, and each endpoint's access level turned into a condition.

use axum::http::{HeaderMap, header};
use concierge_core::{
    account::Role,
    api::{Access, Admin, Anonymous, Fresh, FreshAdmin, FreshOrTicket, SignedIn},
    audit::EventName,
    problem::ErrorCode,
};

use super::{App, client::Client, error::ApiError};
use crate::session::{Actor, SessionError};

/// The outcome of looking at a request's tokens.
#[derive(Debug, Clone)]
pub enum Caller {
    /// No token came.
    Visitor,
    /// A live session.
    SignedIn(Actor),
    /// A token came and was refused.
    Refused {
        /// `token_expired` or `unauthenticated`.
        code: ErrorCode,
    },
}

impl Caller {
    /// The actor, when signed in.
    pub fn actor(&self) -> Option<&Actor> {
        match self {
            Self::SignedIn(actor) => Some(actor),
            Self::Visitor | Self::Refused { .. } => None,
        }
    }
}

/// Looks at the bearer header or, when there is none, at the cookie. A database that is lost is an error:
/// nobody is let in, and nobody is told to be signed out.
pub async fn identify(headers: &HeaderMap, client: &Client, app: &App) -> Result<Caller, ApiError> {
    let token = match bearer(headers) {
        Ok(Some(token)) => token,
        Ok(None) => match client.cookies.access.as_deref() {
            Some(token) => token,
            None => return Ok(Caller::Visitor),
        },
        // Where anybody may call, a header that is not for us is no reason to refuse; a proxy's own password
        // comes with every request, so it is no event either.
        Err(_) => {
            app.refusals.count("bearer_malformed");
            return Ok(Caller::Refused {
                code: ErrorCode::Unauthenticated,
            });
        }
    };
    match app.sessions.authenticate(token).await {
        Ok(actor) => {
            let (key, origin) = (&client.address_key, &client.origin);
            app.alerts
                .saw(actor.session, actor.account, key, origin)
                .await;
            Ok(Caller::SignedIn(actor))
        }
        Err(error @ (SessionError::TokenExpired | SessionError::Unauthenticated(_))) => {
            note(&error, client, app);
            Ok(Caller::Refused {
                code: ApiError::from(error).code,
            })
        }
        Err(SessionError::Store(error)) => Err(error.into()),
        Err(error @ (SessionError::Token(_) | SessionError::Throttled(_))) => {
            Err(ApiError::new(ErrorCode::Internal).because(error))
        }
    }
}

/// Notes a token that opened no session.
pub fn note(error: &SessionError, client: &Client, app: &App) {
    match error {
        // What every browser shows that comes back after a while.
        SessionError::TokenExpired => app.refusals.count("token_expired"),
        SessionError::Unauthenticated(reason @ "no_live_session") => {
            app.refused(EventName::SessionUseAfterExpire, reason, client);
        }
        SessionError::Unauthenticated(reason) => app.refused(EventName::AuthzFail, reason, client),
        SessionError::Throttled(_) | SessionError::Store(_) | SessionError::Token(_) => {}
    }
}

/// The token of the `Authorization` header (RFC 6750 section 2.1).
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let refused = || ApiError {
        had_token: true,
        ..ApiError::new(ErrorCode::Unauthenticated)
    };
    if values.next().is_some() {
        return Err(refused());
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(refused)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(Some(token))
    } else {
        Err(refused())
    }
}

/// An access level as a condition on the caller.
pub trait Admit: Access {
    /// What a handler of this level gets.
    type Actor: Send;
    /// Lets the caller in, or says why not.
    fn admit(
        caller: Caller,
        app: &App,
    ) -> impl Future<Output = Result<Self::Actor, ApiError>> + Send;
}

impl Admit for Anonymous {
    type Actor = Caller;
    async fn admit(caller: Caller, _: &App) -> Result<Caller, ApiError> {
        Ok(caller)
    }
}

impl Admit for SignedIn {
    type Actor = Actor;
    async fn admit(caller: Caller, _: &App) -> Result<Actor, ApiError> {
        signed_in(caller)
    }
}

impl Admit for Fresh {
    type Actor = Actor;
    async fn admit(caller: Caller, app: &App) -> Result<Actor, ApiError> {
        fresh(signed_in(caller)?, app)
    }
}

impl Admit for FreshOrTicket {
    /// Nobody: the handler asks for the ticket.
    type Actor = Option<Actor>;
    async fn admit(caller: Caller, app: &App) -> Result<Option<Actor>, ApiError> {
        match caller {
            Caller::SignedIn(actor) => fresh(actor, app).map(Some),
            Caller::Visitor | Caller::Refused { .. } => Ok(None),
        }
    }
}

impl Admit for Admin {
    type Actor = Actor;
    async fn admit(caller: Caller, app: &App) -> Result<Actor, ApiError> {
        admin(signed_in(caller)?, app).await
    }
}

impl Admit for FreshAdmin {
    type Actor = Actor;
    async fn admit(caller: Caller, app: &App) -> Result<Actor, ApiError> {
        // Rights first: who has none is not asked for a password.
        fresh(admin(signed_in(caller)?, app).await?, app)
    }
}

fn signed_in(caller: Caller) -> Result<Actor, ApiError> {
    match caller {
        Caller::SignedIn(actor) => Ok(actor),
        Caller::Visitor => Err(ApiError::new(ErrorCode::Unauthenticated)),
        Caller::Refused { code } => Err(ApiError {
            had_token: true,
            ..ApiError::new(code)
        }),
    }
}

fn fresh(actor: Actor, app: &App) -> Result<Actor, ApiError> {
    if app.clock.now() < actor.fresh_until {
        Ok(actor)
    } else {
        Err(ApiError::new(ErrorCode::FreshSignInRequired))
    }
}

/// The role is the account's right now, never the token's: a demotion counts at once.
async fn admin(actor: Actor, app: &App) -> Result<Actor, ApiError> {
    let account = app.accounts.view(actor.account).await?;
    if account.role != Role::Admin {
        return Err(ApiError::new(ErrorCode::Forbidden));
    }
    if app.config.second_factor.demands(Role::Admin) && !actor.has_second_factor {
        return Err(ApiError::new(ErrorCode::SecondFactorRequired));
    }
    Ok(actor)
}
