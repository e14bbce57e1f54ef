//! Handlers of the front door: the password, the steps after it, and proving again who one is.

use axum::Router;
use concierge_core::{
    api::{Anonymous, Empty, FreshOrTicket, SignedIn as Level},
    problem::ErrorCode,
    sensitive::Sensitive,
    session::Transport,
    sign_in::api::{
        CodeRequest, FreshAnswer, FreshRequest, GetStep, Login, LoginAnswer, LoginRecovery,
        LoginRequest, LoginTotp, NextStep, ProveFresh, SignedInAnswer, SignedInStatus, Step,
        StepAnswer,
    },
    totp::api::{ConfirmRequest, ConfirmTotp, Confirmed},
};

use super::{Attempt, METHODS, Outcome, Second, SignInError, SignedIn};
use crate::{
    http::{
        App,
        client::Client,
        error::ApiError,
        mount::{Context, Reply, mount},
    },
    platform::metrics::{LoginMethod, LoginResult},
    session::http as session,
};

/// Two seconds: a busy pool empties fast.
const BUSY: std::time::Duration = std::time::Duration::from_secs(2);

/// Where a browser does what comes before its session.
const STEP_PAGE: &str = "/sign-in/second-factor";

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    let router = mount::<Login, _, _>(router, login);
    let router = mount::<GetStep, _, _>(router, step);
    let router = mount::<LoginTotp, _, _>(router, totp);
    let router = mount::<LoginRecovery, _, _>(router, recovery);
    let router = mount::<ConfirmTotp, _, _>(router, confirm);
    mount::<ProveFresh, _, _>(router, fresh)
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::BadCredentials => Self::new(ErrorCode::BadCredentials),
            SignInError::Throttled(wait) => Self::retry(ErrorCode::Throttled, wait),
            SignInError::Overloaded => Self::retry(ErrorCode::Overloaded, BUSY),
            SignInError::BadCode => Self::new(ErrorCode::BadCode),
            SignInError::TicketExpired => Self::new(ErrorCode::TicketExpired),
            SignInError::Totp(error) => error.into(),
            SignInError::Recovery(error) => error.into(),
            SignInError::BearerFromBrowser => Self::new(ErrorCode::Forbidden),
            SignInError::Store(error) => error.into(),
            SignInError::Session(error) => error.into(),
        }
    }
}

/// What came of a step, as it is counted.
trait Counted {
    fn result(&self) -> LoginResult {
        LoginResult::SignedIn
    }
}

impl Counted for SignedIn {}
impl Counted for (SignedIn, Vec<Sensitive>) {}
impl Counted for Outcome {
    fn result(&self) -> LoginResult {
        match self {
            Self::SignedIn(_) => LoginResult::SignedIn,
            Self::Next { .. } => LoginResult::NextStep,
        }
    }
}

/// Counts a step of a sign-in. By the answer's code, so that the numbers tell no more than the answer does: a locked
/// account counts as a wrong password.
fn counted<T: Counted>(
    app: &App,
    method: LoginMethod,
    outcome: Result<T, SignInError>,
) -> Result<T, ApiError> {
    let outcome = outcome.map_err(ApiError::from);
    let result = match &outcome {
        Ok(outcome) => outcome.result(),
        Err(error) => match error.code {
            ErrorCode::Throttled => LoginResult::Throttled,
            ErrorCode::Overloaded => LoginResult::Overloaded,
            ErrorCode::TicketExpired => LoginResult::Expired,
            ErrorCode::Internal | ErrorCode::Unavailable => LoginResult::Failed,
            _ => LoginResult::Refused,
        },
    };
    app.metrics.login(method, result);
    outcome
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
    let outcome = app.sign_in.sign_in(&attempt).await;
    Ok(match counted(&app, LoginMethod::Password, outcome)? {
        Outcome::SignedIn(signed_in) => answer(&app, *signed_in),
        Outcome::Next { step, ticket } => next(&app, step, ticket, request.transport),
    })
}

/// A step that comes first: the ticket travels as the tokens will.
fn next(app: &App, step: Step, ticket: Sensitive, transport: Transport) -> Reply<LoginAnswer> {
    let cookies = match transport {
        Transport::Cookie => vec![session::ticket_cookie(&app.cookie_names, &ticket)],
        Transport::Bearer => Vec::new(),
    };
    let next = NextStep {
        status: step,
        methods: match step {
            Step::SecondFactor => METHODS.to_vec(),
            Step::EnrolSecondFactor => Vec::new(),
        },
        ticket: (transport == Transport::Bearer).then_some(ticket),
    };
    Reply {
        step: Some(STEP_PAGE),
        ..Reply::with_cookies(LoginAnswer::Next(next), cookies)
    }
}

fn answer(app: &App, signed_in: SignedIn) -> Reply<LoginAnswer> {
    let grant = &signed_in.grant;
    if grant.transport == Transport::Bearer {
        return Reply::new(LoginAnswer::Bearer(session::tokens(grant)));
    }
    let set = cookies_of(app, &signed_in);
    let answer = SignedInAnswer {
        status: SignedInStatus::SignedIn,
        expires_at: grant.actor.expires_at,
        expires_in: grant.expires_in.as_secs(),
        account: signed_in.account,
        recovery_codes_left: signed_in.recovery_codes_left,
    };
    Reply::with_cookies(LoginAnswer::Cookies(answer), set)
}

/// The cookies of a complete sign-in; a ticket has done its work.
fn cookies_of(app: &App, signed_in: &SignedIn) -> Vec<cookie::Cookie<'static>> {
    let names = &app.cookie_names;
    let mut set = session::set_cookies(names, &signed_in.grant);
    set.push(names.known_device(signed_in.device.clone()));
    // Only a ticket's step passes a factor.
    if signed_in.grant.actor.has_second_factor {
        set.push(session::no_ticket_cookie(names));
    }
    set
}

fn second<'a>(
    client: &'a Client,
    code: &'a Sensitive,
    ticket: Option<&'a Sensitive>,
) -> Second<'a> {
    Second {
        code,
        presented: session::presented(client, ticket),
        address_key: &client.address_key,
        origin: &client.origin,
    }
}

/// Never an error for a visitor.
async fn step(
    app: App,
    context: Context<Anonymous>,
    _: Empty,
) -> Result<Reply<StepAnswer>, ApiError> {
    let presented = session::presented(&context.client, None);
    Ok(Reply::new(app.sign_in.step(presented).await?))
}

async fn totp(
    app: App,
    context: Context<Anonymous>,
    request: CodeRequest,
) -> Result<Reply<LoginAnswer>, ApiError> {
    let second = second(&context.client, &request.code, request.ticket.as_ref());
    let passed = app.sign_in.pass_totp(&second).await;
    let signed_in = counted(&app, LoginMethod::Totp, passed)?;
    Ok(answer(&app, signed_in))
}

async fn recovery(
    app: App,
    context: Context<Anonymous>,
    request: CodeRequest,
) -> Result<Reply<LoginAnswer>, ApiError> {
    let second = second(&context.client, &request.code, request.ticket.as_ref());
    let passed = app.sign_in.pass_recovery(&second).await;
    let signed_in = counted(&app, LoginMethod::Recovery, passed)?;
    Ok(answer(&app, signed_in))
}

/// Whoever is signed in confirms; whoever has a ticket confirms and is signed in by it.
async fn confirm(
    app: App,
    context: Context<FreshOrTicket>,
    request: ConfirmRequest,
) -> Result<Reply<Confirmed>, ApiError> {
    let client = &context.client;
    if let Some(actor) = &context.actor {
        let account = app.accounts.view(actor.account).await?;
        let confirmed = app
            .totp
            .confirm_signed_in(actor, &account, &request.code, &client.origin)
            .await?;
        return Ok(Reply::new(Confirmed {
            recovery_codes: confirmed,
            tokens: None,
        }));
    }
    let second = second(client, &request.code, request.ticket.as_ref());
    let passed = app.sign_in.pass_enrolment(&second).await;
    let (signed_in, recovery_codes) = counted(&app, LoginMethod::Enrolment, passed)?;
    let grant = &signed_in.grant;
    let is_bearer = grant.transport == Transport::Bearer;
    let confirmed = Confirmed {
        recovery_codes,
        tokens: is_bearer.then(|| session::tokens(grant)),
    };
    let set = if is_bearer {
        Vec::new()
    } else {
        cookies_of(&app, &signed_in)
    };
    Ok(Reply::with_cookies(confirmed, set))
}

async fn fresh(
    app: App,
    context: Context<Level>,
    request: FreshRequest,
) -> Result<Reply<FreshAnswer>, ApiError> {
    let fresh_until = app
        .sign_in
        .prove_fresh(
            &context.actor,
            &request.password,
            request.code.as_ref(),
            &context.client.origin,
        )
        .await?;
    Ok(Reply::new(FreshAnswer { fresh_until }))
}
