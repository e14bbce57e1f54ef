//! Handlers of the monitor: the past by request, the present by socket.
//!
//! Everything that can refuse a socket does so before the upgrade, with a plain answer. After it two things run beside
//! each other: one talks, the other watches whether the viewer may still be talked to; so the end comes in time even to
//! somebody who takes nothing.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{
        FromRequestParts as _, Request, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, HeaderName, header},
    response::Response,
    routing::get,
};
use concierge_core::{
    api::Admin,
    audit::EventName,
    monitor::{
        api::{GetHistory, History, HistoryQuery},
        live::{Over, PATH, Told},
    },
    problem::ErrorCode,
    time::Timestamp,
};
use serde::Deserialize;
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time::{sleep, timeout},
};
use tower_http::compression::CompressionLayer;

use super::{
    seats::{Full, Seat},
    service::Joined,
    viewer::{Heard, Viewer},
};
use crate::{
    http::{
        App,
        auth::{self, Admit as _, Caller},
        body::{MAX_BODY, decode_query},
        client::Client,
        door,
        error::{self, ApiError},
        listen::Place,
        mount::{self, Context, Reply, mount},
    },
    session::{Actor, SessionError},
};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Who finds the house full may come back after this.
const FULL: Duration = Duration::from_secs(10);
/// How long a viewer may take to say good-bye.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long it may take to learn whether a viewer may stay: nothing fails open, and nothing hangs.
const ANSWER: Duration = Duration::from_secs(1);
/// Viewers are looked after this often where no sample does it before.
const TICK: Duration = Duration::from_secs(2);
/// What the protocol's library sets aside for each socket; its own choice is 256 KiB. A sample has 200 bytes.
const READ_BUFFER: usize = 2 * 1024;
const WRITE_BUFFER: usize = 1024;
const WRITE_LIMIT: usize = 16 * 1024;

/// The routes. The history is long and repeats itself, so it is compressed, like pages.
pub fn routes(router: Router<App>) -> Router<App> {
    let past = mount::<GetHistory, _, _>(Router::new(), history);
    router
        .merge(past.layer(CompressionLayer::new()))
        .route(PATH, get(live))
}

async fn history(
    app: App,
    _: Context<Admin>,
    query: HistoryQuery,
) -> Result<Reply<History>, ApiError> {
    Ok(Reply::new(app.monitor.history(&query).await?))
}

/// Where to go on from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LiveQuery {
    since: Option<i64>,
}

async fn live(State(app): State<App>, request: Request) -> Response {
    let client = Client::shared(request.extensions());
    let opened = open(&app, request, &client).await;
    opened.unwrap_or_else(|error| {
        mount::note(&app, error.code, "/api/monitor/live", &client);
        error::respond(error, &client, app.shows_causes())
    })
}

/// Opens a socket, or says why not.
async fn open(app: &App, request: Request, client: &Client) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    refuse_strangers(app, &parts.headers, client)?;
    let actor = admit(app, &parts.headers, client).await?;
    if app.shutdown.has_begun() {
        return Err(ApiError::retry(ErrorCode::Unavailable, FULL));
    }
    let query: LiveQuery = decode_query(parts.uri.query().unwrap_or_default())?;
    let place = parts.extensions.remove::<Place>();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, app).await;
    let upgrade = upgrade.map_err(|_| ApiError::new(ErrorCode::BadRequest))?;
    let seat = app.monitor.seat(actor.account, &client.address_key);
    let seat = seat.map_err(|full| match full {
        Full::Own => ApiError::retry(ErrorCode::Throttled, FULL),
        Full::House => ApiError::retry(ErrorCode::Overloaded, FULL),
    })?;
    let viewer = Viewer::new(&actor, app.clock.now());
    let since = query.since.map(Timestamp::from_millis);
    let app = Arc::clone(app);
    Ok(upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_LIMIT)
        .max_message_size(MAX_BODY)
        .max_frame_size(MAX_BODY)
        .on_upgrade(move |socket| serve(socket, app, viewer, since, (seat, place))))
}

/// Browsers let any page open a socket to anywhere, with our cookies, and ask nobody first: only the origin tells.
fn refuse_strangers(app: &App, headers: &HeaderMap, client: &Client) -> Result<(), ApiError> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let is_ours = match (origins.next(), origins.next()) {
        (Some(origin), None) => origin
            .to_str()
            .is_ok_and(|origin| door::is_our_origin(origin, &app.config)),
        _ => false,
    };
    let is_same = headers
        .get_all(FETCH_SITE)
        .iter()
        .all(|site| site == "same-origin");
    if is_ours && is_same {
        return Ok(());
    }
    app.refused(EventName::MaliciousCsrf, "cross_site_socket", client);
    Err(ApiError::new(ErrorCode::CsrfRefused))
}

/// The admin behind the access cookie. A token in a header or a query is none of a browser's.
async fn admit(app: &App, headers: &HeaderMap, client: &Client) -> Result<Actor, ApiError> {
    let caller = if headers.contains_key(header::AUTHORIZATION) {
        Caller::Visitor
    } else {
        auth::identify(headers, client, app).await?
    };
    Admin::admit(caller, app).await
}

/// Serves a viewer to the end. Seat and place are free once the connection is closed.
async fn serve(
    mut socket: WebSocket,
    app: App,
    viewer: Viewer,
    since: Option<Timestamp>,
    held: (Seat, Option<Place>),
) {
    let viewer = Mutex::new(viewer);
    // Before the first word: what ends from here on is noticed.
    let beats = app.monitor.beats();
    let over = tokio::select! {
        over = watch_over(&app, &viewer, beats) => Some(over),
        over = converse(&mut socket, &app, &viewer, since) => over,
    };
    if let Some(over) = over {
        close(socket, over).await;
    }
    drop(held);
}

/// Resolves when the viewer may no longer watch.
async fn watch_over(app: &App, viewer: &Mutex<Viewer>, mut beats: watch::Receiver<()>) -> Over {
    let ending = app.shutdown.begun();
    tokio::pin!(ending);
    loop {
        if let Err(over) = may_stay(app, viewer).await {
            return over;
        }
        tokio::select! {
            () = &mut ending => return Over::GoingAway,
            beat = beats.changed() => if beat.is_err() {
                return Over::GoingAway;
            },
            () = sleep(TICK) => {}
        }
    }
}

async fn may_stay(app: &App, viewer: &Mutex<Viewer>) -> Result<(), Over> {
    lock(viewer).check(app.clock.now())?;
    let session = lock(viewer).session;
    let admitted = async { still_admitted(app, app.sessions.standing(session).await).await };
    match timeout(ANSWER, admitted).await {
        Ok(admitted) => admitted.map(|_| ()),
        Err(_) => Err(Over::TryLater),
    }
}

/// What a look at the session says, the role included. Nothing fails open: without an answer nobody watches.
async fn still_admitted(app: &App, standing: Result<Actor, SessionError>) -> Result<Actor, Over> {
    let actor = match standing {
        Ok(actor) => actor,
        Err(SessionError::Store(_)) => return Err(Over::TryLater),
        Err(_) => return Err(Over::Ended),
    };
    let admitted = Admin::admit(Caller::SignedIn(actor), app).await;
    admitted.map_err(|error| match error.code {
        ErrorCode::Unavailable | ErrorCode::Internal => Over::TryLater,
        _ => Over::Ended,
    })
}

/// Talks until the viewer leaves (then there is nobody to say why to) or breaks a rule.
async fn converse(
    socket: &mut WebSocket,
    app: &App,
    viewer: &Mutex<Viewer>,
    since: Option<Timestamp>,
) -> Option<Over> {
    let mut joined = app.monitor.join();
    greet(socket, app, &joined, since).await.ok()?;
    loop {
        tokio::select! {
            received = socket.recv() => match hear(app, viewer, received?).await {
                Ok(()) => {}
                Err(over) => return over,
            },
            told = joined.frames.recv() => {
                let text = match told {
                    Ok(text) => text,
                    // The oldest are lost; what is still in the queue comes after this.
                    Err(RecvError::Lagged(_)) => Told::Gap.to_text().into(),
                    Err(RecvError::Closed) => return Some(Over::GoingAway),
                };
                say(socket, &text).await.ok()?;
            }
            () = sleep(TICK) => {}
        }
        if lock(viewer).pings(app.clock.now()) {
            let ping = Message::Ping(axum::body::Bytes::new());
            socket.send(ping).await.ok()?;
        }
    }
}

/// The first words, what was missed since the viewer was last here, and the last events.
async fn greet(
    socket: &mut WebSocket,
    app: &App,
    joined: &Joined,
    since: Option<Timestamp>,
) -> Result<(), axum::Error> {
    say(socket, &Told::hello().to_text()).await?;
    if let (Some(mut last), Some(newest)) = (since, joined.newest) {
        loop {
            // Also on the way: the ring moves on while a slow viewer takes what it missed.
            if !app.monitor.holds(last) {
                say(socket, &Told::Gap.to_text()).await?;
            }
            let missed = app.monitor.missed(last, newest);
            let Some(newest) = missed.last() else {
                break;
            };
            last = newest.at;
            for sample in missed {
                say(socket, &Told::Sample { v: sample }.to_text()).await?;
            }
        }
    }
    for event in &joined.events {
        say(socket, event).await?;
    }
    Ok(())
}

async fn say(socket: &mut WebSocket, text: &str) -> Result<(), axum::Error> {
    socket.send(Message::text(text)).await
}

/// Takes a message in; an error ends the conversation, with a reason where there is somebody to hear it.
async fn hear(
    app: &App,
    viewer: &Mutex<Viewer>,
    received: Result<Message, axum::Error>,
) -> Result<(), Option<Over>> {
    let message = received.map_err(reason)?;
    let heard = match &message {
        Message::Text(text) => Heard::Text(text.as_str()),
        Message::Ping(_) | Message::Pong(_) => Heard::Ping,
        Message::Binary(_) => Heard::Binary,
        // The library answers it; the next word is the last.
        Message::Close(_) => return Ok(()),
    };
    let renews = lock(viewer).hear(heard, app.clock.now())?;
    if renews {
        let session = lock(viewer).session;
        let renewed = app.sessions.renewed(session).await;
        let actor = still_admitted(app, renewed).await?;
        lock(viewer).renew(actor.expires_at);
    }
    Ok(())
}

/// Why a frame could not be read.
fn reason(error: axum::Error) -> Option<Over> {
    use tungstenite::Error as E;
    let error = error.into_inner();
    match error.downcast_ref::<E>() {
        Some(E::Capacity(_)) => Some(Over::TooLarge),
        Some(E::Protocol(_) | E::Utf8(_)) => Some(Over::Policy),
        // The connection is gone.
        _ => None,
    }
}

/// Says why, and gives the viewer a moment to take it: a connection that is just cut may lose what was sent last.
async fn close(mut socket: WebSocket, over: Over) {
    let frame = CloseFrame {
        code: over.code(),
        reason: "".into(),
    };
    let goodbye = async {
        socket.send(Message::Close(Some(frame))).await.ok()?;
        while socket.recv().await?.is_ok() {}
        Some(())
    };
    // Whoever does not take it is cut off.
    let _ = timeout(GOODBYE, goodbye).await;
}

fn lock(viewer: &Mutex<Viewer>) -> MutexGuard<'_, Viewer> {
    viewer.lock().unwrap_or_else(PoisonError::into_inner)
}
