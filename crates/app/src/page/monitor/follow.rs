//! Follows the host over the socket: comes back by itself when the connection is lost, and never without a person.
//!
//! A socket ends with its access token, which only input renews: so a page that nobody looks at stops by itself, says
//! so, and goes on at the first sign of somebody.

use std::time::Duration;

use concierge_core::{
    alert::api::AlertView,
    api::Whole,
    monitor::{
        api::{GetHistory, History, HistoryQuery},
        live::{Asked, Over, PATH, Told},
    },
};
use leptos::prelude::*;
use send_wrapper::SendWrapper;

use super::past::Past;
use crate::{
    client::{
        Client, exchange, plain,
        refresh::Keeper,
        socket::{Heard, Socket},
        wire,
    },
    reaction::{effect, spawn},
};

/// The first wait after a lost connection, in milliseconds; it doubles with each failure.
const FIRST_WAIT: f64 = 1000.0;
/// The longest.
const LONGEST_WAIT: f64 = 30_000.0;
/// A sample comes each second: after so many milliseconds without a word the connection is dead, whatever it looks like.
const SILENCE: f64 = 10_000.0;
/// How often it is looked whether something was heard.
const LISTENING: Duration = Duration::from_secs(2);

/// How the page stands with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// For the first time.
    Opening,
    /// Samples come in.
    Open,
    /// Lost; it is tried again.
    Waiting,
    /// Nobody was here for a while.
    Asleep,
    /// The account may not look any more.
    Over,
    /// The server speaks otherwise than this page.
    Outdated,
}

/// What the page shows of the host, live.
#[derive(Clone, Copy)]
pub(super) struct Host {
    past: StoredValue<Past>,
    /// Told when what is shown is to be drawn anew.
    drawn: RwSignal<()>,
    is_paused: RwSignal<bool>,
    /// The alerts that last, also while the page is paused; none where nobody can say. Nobody shall take old calm for
    /// calm.
    alerts: RwSignal<Option<Vec<AlertView>>>,
    line: RwSignal<Line>,
    /// Only a browser has one, and a browser has one thread.
    socket: StoredValue<Option<SendWrapper<Socket>>>,
    /// Connections in a row that brought no sample.
    failures: StoredValue<i32>,
    /// Whether there is a connection, or one about to open.
    is_connected: StoredValue<bool>,
    /// When the server last said something, or the connection was begun, in milliseconds since 1970.
    heard_at: StoredValue<f64>,
    /// How often the session was renewed.
    renewals: StoredValue<u32>,
}

impl Host {
    /// Shows this, and follows from there on once the page lives in a browser.
    pub(super) fn new(past: Past, client: Client, keeper: Keeper) -> Self {
        let alerts = past.history.alerts.clone();
        let host = Self {
            past: StoredValue::new(past),
            drawn: RwSignal::new(()),
            is_paused: RwSignal::new(false),
            alerts: RwSignal::new(Some(alerts)),
            line: RwSignal::new(Line::Opening),
            socket: StoredValue::new(None),
            failures: StoredValue::new(0),
            is_connected: StoredValue::new(false),
            heard_at: StoredValue::new(0.0),
            renewals: StoredValue::new(0),
        };
        let again = client.clone();
        effect(move || {
            keeper.renewals();
            host.renewed(&again);
        });
        let hears = client.clone();
        effect(move || {
            let client = hears.clone();
            let listening = set_interval_with_handle(move || host.listen(&client), LISTENING);
            on_cleanup(move || {
                if let Ok(listening) = listening {
                    listening.clear();
                }
            });
        });
        effect(move || host.open(&client));
        host
    }

    /// Reads what is shown; read again whenever it changes.
    pub(super) fn with<T>(self, read: impl FnOnce(&Past) -> T) -> T {
        self.drawn.track();
        self.past.with_value(read)
    }

    /// The alerts that last, as far as that is known, tracked.
    pub(super) fn alerts(self) -> Option<Vec<AlertView>> {
        self.alerts.get()
    }

    /// How the page stands with the server, tracked.
    pub(super) fn line(self) -> Line {
        self.line.get()
    }

    /// Whether what comes in is held back, tracked.
    pub(super) fn is_paused(self) -> bool {
        self.is_paused.get()
    }

    /// Holds back what comes in, or shows it.
    pub(super) fn toggle(self) {
        self.is_paused.update(|paused| *paused = !*paused);
        self.draw();
    }

    /// Goes on at a person's word: renews the session where that is due, and holds nothing back.
    pub(super) fn wake(self, client: &Client) {
        self.is_paused.set(false);
        self.catch_up(client, client.clone(), Line::Over);
    }

    /// Begins anew with the past, asked for through `asks`. Where the session does not carry that, the page stands at
    /// `refused`.
    fn catch_up(self, client: &Client, asks: Client, refused: Line) {
        if self.line.try_get_untracked() == Some(Line::Asleep) {
            // Once is enough: the renewal that this may bring would wake it, too.
            self.stand(Line::Opening);
        }
        let client = client.clone();
        let renewals = self.renewals.try_get_value();
        spawn(async move {
            let Some(range) = self.past.try_with_value(|past| past.history.range) else {
                return;
            };
            let query = HistoryQuery { range, since: None };
            match exchange(&asks, wire::<GetHistory>(&Whole, &query)).await {
                Ok(text) => match serde_json::from_str::<History>(&text) {
                    Ok(history) => self.begin(history, &client),
                    Err(_) => self.stand(Line::Outdated),
                },
                Err(problem) if problem.status == 403 => self.stand(Line::Over),
                // What was refused is the session of before, unless it was renewed meanwhile.
                Err(problem)
                    if problem.status == 401 && self.renewals.try_get_value() == renewals =>
                {
                    self.stand(refused);
                }
                Err(_) => self.wait(&client),
            }
        });
    }

    fn begin(self, history: History, client: &Client) {
        self.set_alerts(Some(history.alerts.clone()));
        if self.past.try_set_value(Past::new(history)).is_none() {
            self.draw_unless_paused();
            self.open(client);
        }
    }

    /// Notices a connection that is dead and does not know: a network that went away says nothing.
    fn listen(self, client: &Client) {
        let heard_at = self.heard_at.try_get_value().unwrap_or_default();
        let is_silent = js_sys::Date::now() - heard_at > SILENCE;
        let is_outdated = self.line.try_get_untracked() == Some(Line::Outdated);
        if is_silent && !is_outdated && self.is_connected.try_get_value() == Some(true) {
            self.is_connected.try_set_value(false);
            drop(self.socket.try_set_value(None));
            self.wait(client);
        }
    }

    fn open(self, client: &Client) {
        let last = self.past.try_with_value(|past| past.history.last).flatten();
        let path = match last {
            Some(last) => format!("{PATH}?since={last}"),
            None => PATH.to_owned(),
        };
        let client = client.clone();
        let socket = Socket::open(&path, move |heard| match heard {
            Heard::Text(text) => self.hear(&text),
            Heard::Closed(code) => self.closed(code, &client),
        });
        self.heard_at.try_set_value(js_sys::Date::now());
        self.is_connected.try_set_value(socket.is_some());
        // A page that is gone keeps no socket.
        drop(self.socket.try_set_value(socket.map(SendWrapper::new)));
    }

    fn hear(self, text: &str) {
        self.heard_at.try_set_value(js_sys::Date::now());
        let Ok(told) = serde_json::from_str::<Told>(text) else {
            self.stand(Line::Outdated);
            return;
        };
        match &told {
            Told::Hello { .. } if told == Told::hello() => {
                self.stand(Line::Open);
                // The session may have been renewed while the connection was made.
                self.say_renewed();
                return;
            }
            Told::Hello { .. } => {
                self.stand(Line::Outdated);
                return;
            }
            // The times of the points show a sample that is missing; and of events the last ones are shown, whatever
            // happened before them.
            Told::Gap => return,
            Told::Sample { .. } => drop(self.failures.try_set_value(0)),
            Told::Alerts { a } => return self.set_alerts(Some(a.clone())),
            Told::Event { .. } => {}
        }
        self.past.try_update_value(|past| match told {
            Told::Sample { v } => past.add(&v),
            Told::Event { e } => past.add_event(e),
            Told::Hello { .. } | Told::Alerts { .. } | Told::Gap => {}
        });
        self.draw_unless_paused();
    }

    fn set_alerts(self, alerts: Option<Vec<AlertView>>) {
        // Set where they change: what is told is announced.
        if self.alerts.try_with_untracked(|known| *known != alerts) == Some(true) {
            self.alerts.try_set(alerts);
        }
    }

    fn closed(self, code: u16, client: &Client) {
        let Some(line) = self.line.try_get_untracked() else {
            return;
        };
        self.is_connected.try_set_value(false);
        if line == Line::Outdated {
            return;
        }
        if code == Over::Expired.code() {
            self.stand(Line::Asleep);
        } else if code == Over::Ended.code() {
            // The answer to this says what became of the session, and who has none is led away.
            self.catch_up(client, client.clone(), Line::Over);
        } else {
            self.wait(client);
        }
    }

    /// Tries again after a while: longer after each failure, and not with everybody else at once.
    fn wait(self, client: &Client) {
        self.stand(Line::Waiting);
        let failures = self.failures.try_get_value().unwrap_or_default();
        self.failures.try_set_value(failures + 1);
        let wait = (FIRST_WAIT * f64::from(1 << failures.min(5))).min(LONGEST_WAIT);
        let wait = wait * (0.5 + js_sys::Math::random() / 2.0);
        let client = client.clone();
        set_timeout(
            move || match failures {
                // The session was fine a moment ago: on from the last sample.
                0 => self.open(&client),
                // Nobody asked for this: it must not renew a session that a person has left.
                _ => self.catch_up(&client, plain(), Line::Asleep),
            },
            Duration::from_millis(wait as u64),
        );
    }

    /// The session lasts longer: the socket may, too, and one that slept wakes up.
    fn renewed(self, client: &Client) {
        self.renewals.try_update_value(|renewals| *renewals += 1);
        match self.line.try_get_untracked() {
            Some(Line::Open) => self.say_renewed(),
            Some(Line::Asleep) => self.catch_up(client, client.clone(), Line::Over),
            _ => {}
        }
    }

    fn say_renewed(self) {
        let renew = serde_json::to_string(&Asked::Renew {}).unwrap_or_default();
        self.socket.try_with_value(|socket| {
            if let Some(socket) = socket {
                socket.say(&renew);
            }
        });
    }

    fn stand(self, line: Line) {
        // Set where it changes: what is told is announced.
        if self
            .line
            .try_get_untracked()
            .is_some_and(|known| known != line)
        {
            self.line.try_set(line);
        }
        let is_calm = self
            .alerts
            .try_with_untracked(|known| known.as_ref().is_some_and(Vec::is_empty));
        if is_calm == Some(true) && !matches!(line, Line::Opening | Line::Open) {
            self.set_alerts(None);
        }
    }

    fn draw_unless_paused(self) {
        if self.is_paused.try_get_untracked() == Some(false) {
            self.draw();
        }
    }

    fn draw(self) {
        self.drawn.try_set(());
    }
}
