//! Handlers of the events: a page for a reader, all of them as a file.

use std::io;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
    routing::get,
};
use concierge_core::{
    account::AccountId,
    api::{Admin, SignedIn},
    audit::{
        EventName, Severity,
        api::{EventPage, EventQuery, EventView, ExportFormat, ListEvents, OWN},
    },
    locale::Locale,
    problem::ErrorCode,
    session::{SessionId, device::Device},
    time::Timestamp,
};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::Deserialize;

use super::{ListError, Wanted, copy, page, pages, record_copy};
use crate::http::{
    App,
    auth::{self, Admit, Caller},
    body,
    client::Client,
    error::{self, ApiError},
    mount::{Context, Reply, mount},
};

/// The actor behind a session.
type Actor = <SignedIn as Admit>::Actor;

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    mount::<ListEvents, _, _>(router, list).route("/api/events/export", get(export))
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Cursor => Self::new(ErrorCode::BadRequest),
            ListError::Store(error) => error.into(),
        }
    }
}

/// The query of an export. It has no cursor: it is everything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    format: ExportFormat,
    event: Option<String>,
    severity: Option<Severity>,
    account: Option<String>,
    since: Option<Timestamp>,
}

async fn list(
    app: App,
    context: Context<SignedIn>,
    query: EventQuery,
) -> Result<Reply<EventPage>, ApiError> {
    let wanted = wanted(&app, context.actor, &query).await?;
    let mut page = page(&app.db, &wanted, query.cursor.as_deref()).await?;
    for event in &mut page.events {
        in_words(event, context.client.locale);
    }
    Ok(Reply::new(page))
}

/// Says for people what the stable words say for programs.
fn in_words(event: &mut EventView, locale: Locale) {
    let title = EventName::from_text(&event.event).map(|name| name.title(locale));
    event.title = title.unwrap_or(&event.event).to_owned();
    let device = Device::of(&event.user_agent);
    event.browser = device.browser.to_owned();
    event.system = device.system.to_owned();
}

async fn export(State(app): State<App>, request: Request) -> Response {
    let client = Client::shared(request.extensions());
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    match begin_export(&app, &parts.headers, query, &client).await {
        Ok(response) => response,
        Err(refusal) => error::respond(refusal, &client, app.shows_causes()),
    }
}

/// The event of the export is committed before the first byte leaves. A database that fails on the way breaks the
/// answer off, so that nobody takes half a file for the whole; so does the end of the session, or of the right to read.
async fn begin_export(
    app: &App,
    headers: &HeaderMap,
    query: &str,
    client: &Client,
) -> Result<Response, ApiError> {
    let caller = auth::identify(headers, client, app).await?;
    let actor = SignedIn::admit(caller, app).await?;
    let query: ExportQuery = body::decode_query(query)?;
    let (format, reader, session) = (query.format, actor.account, actor.session);
    let query = EventQuery {
        cursor: None,
        event: query.event,
        severity: query.severity,
        account: query.account,
        since: query.since,
    };
    let wanted = wanted(app, actor, &query).await?;
    let now = app.clock.now();
    record_copy(
        &app.db,
        (Some(reader), &client.origin),
        &wanted,
        format,
        (now, &*app.rng),
    )
    .await?;
    let begun = (App::clone(app), wanted.clone(), query);
    let rows = pages(app.db.clone(), wanted).map_err(io::Error::other);
    let rows = rows.and_then(move |events| {
        let (app, before, query) = begun.clone();
        async move {
            may_go_on(&app, session, &before, &query).await?;
            Ok(copy::lines(&events, format))
        }
    });
    let head = futures_util::stream::iter([Ok(copy::head(format))]);
    let bytes = head.chain(rows).map_ok(Bytes::from).inspect_err(|error| {
        tracing::warn!(%error, "a copy of the events broke off");
    });
    Ok(file(Body::from_stream(bytes), format))
}

/// Whether the reader may read the same still.
async fn may_go_on(
    app: &App,
    session: SessionId,
    before: &Wanted,
    query: &EventQuery,
) -> io::Result<()> {
    let actor = app.sessions.standing(session).await;
    let actor = actor.map_err(io::Error::other)?;
    match wanted(app, actor, query).await {
        Ok(now) if now == *before => Ok(()),
        _ => Err(io::Error::other("the reader lost the right to read them")),
    }
}

fn file(body: Body, format: ExportFormat) -> Response {
    let mut response = Response::new(body);
    let (media_type, attachment) = match format {
        ExportFormat::Jsonl => (
            "application/x-ndjson",
            "attachment; filename=\"events.jsonl\"",
        ),
        ExportFormat::Csv => (
            "text/csv; charset=utf-8; header=present",
            "attachment; filename=\"events.csv\"",
        ),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static(attachment),
    );
    response
}

async fn wanted(app: &App, actor: Actor, query: &EventQuery) -> Result<Wanted, ApiError> {
    let bad = || ApiError::new(ErrorCode::BadRequest);
    let name = match query.event.as_deref() {
        Some(text) => Some(EventName::from_text(text).ok_or_else(bad)?),
        None => None,
    };
    let own = actor.account;
    let account = match query.account.as_deref() {
        Some(OWN) => Some(own),
        Some(text) => {
            let id: AccountId = text.parse().map_err(|_| bad())?;
            if id != own {
                Admin::admit(Caller::SignedIn(actor), app).await?;
            }
            Some(id)
        }
        None => match Admin::admit(Caller::SignedIn(actor), app).await {
            Ok(_) => None,
            Err(refusal) if refusal.code == ErrorCode::Forbidden => Some(own),
            Err(refusal) => return Err(refusal),
        },
    };
    Ok(Wanted {
        own: account == Some(own),
        account,
        name,
        severity: query.severity,
        since: query.since,
    })
}
