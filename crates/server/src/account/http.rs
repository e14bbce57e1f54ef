//! Handlers of accounts: register, first admin, profile, and who is signed in.

use axum::Router;
use concierge_core::{
    account::{
        AccountView, Role,
        api::{
            AccountAnswer, AccountExport, AddressConfirmation, ChangeEmail, ChangePassword,
            ChangeProfile, CloseAccount, ConfirmEmail, EmailChange, ExportAccount, GetProfile,
            Passphrase, PasswordChange, ProfileChange, Register, RegisterRequest, Registered,
            Setup, SetupRequest, SuggestPassphrase,
        },
    },
    api::{Anonymous, Empty, Fresh, SignedIn},
    link::SIGN_UP_MAILED,
    problem::ErrorCode,
    sensitive::Sensitive,
    session::api::{GetSession, SessionAnswer},
    sign_in::api::Step,
};

use super::{AccountError, Begun, Confirmation, NewAccount, Request, Started};
use crate::{
    http::{
        App,
        auth::Caller,
        cookies::CookieNames,
        error::{ApiError, whole_seconds},
        mount::{Context, Reply, mount},
    },
    session::http as session,
};

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    let router = mount::<Register, _, _>(router, register);
    let router = mount::<Setup, _, _>(router, set_up);
    let router = mount::<GetProfile, _, _>(router, profile);
    let router = mount::<ChangeProfile, _, _>(router, change_profile);
    let router = mount::<ChangePassword, _, _>(router, change_password);
    let router = mount::<ChangeEmail, _, _>(router, change_email);
    let router = mount::<ConfirmEmail, _, _>(router, confirm_email);
    let router = mount::<ExportAccount, _, _>(router, export);
    let router = mount::<CloseAccount, _, _>(router, close);
    let router = mount::<SuggestPassphrase, _, _>(router, suggest_passphrase);
    mount::<GetSession, _, _>(router, look)
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Invalid(fields) => Self::fields(fields),
            AccountError::EmailTaken => Self::new(ErrorCode::EmailTaken),
            AccountError::RegistrationClosed => Self::new(ErrorCode::RegistrationClosed),
            AccountError::BadCredentials => Self::new(ErrorCode::BadCredentials),
            AccountError::TicketExpired => Self::new(ErrorCode::TicketExpired),
            AccountError::Throttled(wait) => Self::retry(ErrorCode::Throttled, wait),
            AccountError::Overloaded => {
                Self::retry(ErrorCode::Overloaded, std::time::Duration::from_secs(2))
            }
            // A live session whose account is gone: it can only be signed out.
            AccountError::NotFound => Self::new(ErrorCode::Unauthenticated),
            AccountError::Conflict => Self::new(ErrorCode::Conflict),
            AccountError::Forbidden => Self::new(ErrorCode::Forbidden),
            AccountError::Store(error) => error.into(),
            AccountError::Session(error) => error.into(),
        }
    }
}

async fn register(
    app: App,
    context: Context<Anonymous>,
    request: RegisterRequest,
) -> Result<Reply<Registered>, ApiError> {
    let client = &context.client;
    let new = NewAccount {
        email: &request.email,
        password: &request.password,
        name: request.name.as_deref().unwrap_or_default(),
        locale: request.locale.unwrap_or(client.locale),
        role: Role::Member,
    };
    let request = Request {
        new,
        invite: given(request.invite.as_ref()),
        device: client.cookies.device.as_deref(),
        key: &client.address_key,
        origin: &client.origin,
    };
    Ok(match app.accounts.register(&request).await? {
        Begun::Account(account, begun) => started(&app, *account, &begun),
        Begun::Letter(device) => mailed(&app, device),
    })
}

/// A form sends a field also where nothing was typed into it.
fn given(typed: Option<&Sensitive>) -> Option<&Sensitive> {
    typed.filter(|text| !text.expose().trim().is_empty())
}

/// The same whether the address has an account or not. The device cookie lets this browser confirm by a press.
fn mailed(app: &App, device: String) -> Reply<Registered> {
    let cookie = app.cookie_names.known_device(device);
    let nothing = Registered {
        account: None,
        status: None,
    };
    Reply {
        status: Some(202),
        step: Some(SIGN_UP_MAILED),
        ..Reply::with_cookies(nothing, vec![cookie])
    }
}

/// A new account with its session, or with the step it has to do first.
fn started(app: &App, account: AccountView, begun: &Started) -> Reply<Registered> {
    let (status, cookies) = match begun {
        Started::Session(grant, device) => {
            let mut set = session::set_cookies(&app.cookie_names, grant);
            set.push(app.cookie_names.known_device(device.clone()));
            (None, set)
        }
        Started::Ticket(ticket) => (
            Some(Step::EnrolSecondFactor),
            vec![session::ticket_cookie(&app.cookie_names, ticket)],
        ),
    };
    let account = Some(account);
    Reply {
        step: status.map(|_| "/sign-in/second-factor"),
        ..Reply::with_cookies(Registered { account, status }, cookies)
    }
}

async fn set_up(
    app: App,
    context: Context<Anonymous>,
    request: SetupRequest,
) -> Result<Reply<Registered>, ApiError> {
    let client = &context.client;
    let new = NewAccount {
        email: &request.email,
        password: &request.password,
        name: request.name.as_deref().unwrap_or_default(),
        locale: client.locale,
        role: Role::Admin,
    };
    let (account, begun) = app
        .accounts
        .set_up(
            &request.token,
            &new,
            client.cookies.device.as_deref(),
            &client.address_key,
            &client.origin,
        )
        .await?;
    Ok(started(&app, account, &begun))
}

async fn profile(
    app: App,
    context: Context<SignedIn>,
    _: Empty,
) -> Result<Reply<AccountAnswer>, ApiError> {
    let account = app.accounts.view(context.actor.account).await?;
    Ok(Reply::new(AccountAnswer {
        account: (*account).clone(),
    }))
}

async fn change_profile(
    app: App,
    context: Context<SignedIn>,
    change: ProfileChange,
) -> Result<Reply<AccountAnswer>, ApiError> {
    let account = app
        .accounts
        .change(context.actor.account, &change, &context.client.origin)
        .await?;
    // The pages follow the account's language at once, also after the next sign-in on this browser.
    let cookies = change
        .locale
        .map(|locale| CookieNames::preference(&app.cookie_names.locale, locale.tag()));
    Ok(Reply::with_cookies(
        AccountAnswer { account },
        cookies.into_iter().collect(),
    ))
}

async fn change_password(
    app: App,
    context: Context<Fresh>,
    change: PasswordChange,
) -> Result<Reply<Empty>, ApiError> {
    app.accounts
        .change_password(&context.actor, &change, &context.client.origin)
        .await?;
    Ok(Reply::new(Empty {}))
}

async fn change_email(
    app: App,
    context: Context<Fresh>,
    change: EmailChange,
) -> Result<Reply<Empty>, ApiError> {
    // In production without a mail server the link would be written nowhere: better said than waited for.
    if !app.delivers_links() {
        return Err(ApiError::new(ErrorCode::Unavailable));
    }
    let client = &context.client;
    app.accounts
        .change_email(
            &context.actor,
            &change.email,
            &client.address_key,
            &client.origin,
        )
        .await?;
    Ok(Reply::new(Empty {}))
}

async fn confirm_email(
    app: App,
    context: Context<Anonymous>,
    request: AddressConfirmation,
) -> Result<Reply<Empty>, ApiError> {
    let client = &context.client;
    let given = Confirmation {
        token: &request.token,
        password: given(request.password.as_ref()),
        device: client.cookies.device.as_deref(),
        account: context.actor.actor().map(|actor| actor.account),
    };
    app.accounts
        .confirm(&given, &client.address_key, &client.origin)
        .await?;
    Ok(Reply::new(Empty {}))
}

async fn export(
    app: App,
    context: Context<Fresh>,
    _: Empty,
) -> Result<Reply<AccountExport>, ApiError> {
    let copy = app
        .accounts
        .export(&context.actor, &context.client.origin)
        .await?;
    Ok(Reply::new(copy))
}

/// The cookies go with the account; those of a browser that is signed in elsewhere are dead by now.
async fn close(app: App, context: Context<Fresh>, _: Empty) -> Result<Reply<Empty>, ApiError> {
    let account = context.actor.account;
    app.accounts
        .close(account, None, &context.client.origin)
        .await?;
    Ok(Reply {
        clears_storage: true,
        ..Reply::with_cookies(Empty {}, app.cookie_names.expired())
    })
}

async fn suggest_passphrase(
    app: App,
    context: Context<Anonymous>,
    _: Empty,
) -> Result<Reply<Passphrase>, ApiError> {
    let passphrase = app
        .accounts
        .suggest_passphrase(&context.client.address_key)?;
    Ok(Reply::new(Passphrase { passphrase }))
}

/// Never an error for a visitor.
async fn look(
    app: App,
    context: Context<Anonymous>,
    _: Empty,
) -> Result<Reply<SessionAnswer>, ApiError> {
    let Caller::SignedIn(actor) = &context.actor else {
        let cookies = &context.client.cookies;
        let renewable = match &cookies.refresh {
            Some(token) => app.sessions.is_renewable(token).await?,
            None => false,
        };
        // A session that can be renewed has not ended; else whoever holds its token may know why it has.
        let ended = if renewable {
            None
        } else {
            let (access, refresh) = (cookies.access.as_deref(), cookies.refresh.as_deref());
            app.sessions.why_ended(access, refresh).await?
        };
        return Ok(Reply::new(SessionAnswer {
            ended,
            renewable: renewable.then_some(true),
            ..SessionAnswer::default()
        }));
    };
    let account = app.accounts.view(actor.account).await?;
    let now = app.clock.now();
    Ok(Reply::new(SessionAnswer {
        signed_in: true,
        account: Some((*account).clone()),
        expires_at: Some(actor.expires_at),
        expires_in: Some(actor.expires_at.since(now).as_secs()),
        idle_in: Some(whole_seconds(actor.idle_expires_at.since(now))),
        fresh_until: (now < actor.fresh_until).then_some(actor.fresh_until),
        ..SessionAnswer::default()
    }))
}
