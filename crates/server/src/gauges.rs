//! What `/metrics` and OTLP tell: the counters, and what only is at the moment somebody looks.
//!
//! Whatever costs more than a glance (counting sessions, reading when keys are due) is looked up at most once in
//! half a minute, however often somebody asks. What can't be found out is left out: a gap is honest, a zero is not.

use std::time::Duration;

use concierge_core::time::Timestamp;
use tokio::sync::Mutex;

use crate::{
    alert,
    keys::{Purpose, Supply, due::due_of},
    platform::metrics::Family,
    services::Services,
    session::REASONS,
};

/// How old the dear ones may get.
const KEPT: Duration = Duration::from_secs(30);
/// Reasons to refuse a token that no session knows of.
const BEFORE_THE_SESSION: [&str; 2] = ["bearer_malformed", "token_expired"];

/// What was looked up last, and when.
#[derive(Debug, Default)]
pub struct Gauges(Mutex<Option<(Timestamp, Dear)>>);

#[derive(Debug, Clone)]
struct Dear {
    sessions: Option<f64>,
    /// Seconds for which the oldest event has been waiting for its link.
    waiting: Option<f64>,
    alerts: Vec<(&'static str, f64)>,
    /// Seconds for which the oldest message of an alert has been waiting.
    untold: Option<f64>,
    due: Vec<(&'static str, f64)>,
}

impl Services {
    /// Everything that is told of this process.
    pub async fn metric_families(&self) -> Vec<Family> {
        let mut families = self.metrics.families();
        families.push(self.rejected());
        families.push(self.reported());
        families.extend(self.argon2());
        families.extend(self.connections());
        families.push(self.viewers());
        families.extend(self.dear_ones().await);
        families.extend(self.about());
        families
    }

    fn rejected(&self) -> Family {
        let mut family = Family::counter(
            "concierge_token_rejected_total",
            "Tokens that opened no session, by reason.",
        );
        let counts = self.refusals.counts();
        for reason in REASONS.iter().chain(&BEFORE_THE_SESSION) {
            let count = counts.get(reason).copied().unwrap_or_default();
            family.push(&[("reason", reason)], number(count));
        }
        family
    }

    fn reported(&self) -> Family {
        let mut family = Family::counter(
            "concierge_browser_reports_total",
            "Reports of browsers about pages: broken content policies and failures.",
        );
        for (kind, count) in self.browser_reports.counts() {
            family.push(&[("kind", kind.as_str())], number(count));
        }
        family
    }

    fn argon2(&self) -> [Family; 4] {
        let load = self.hasher.load();
        let gauge = |name, help, value: usize| {
            Family::gauge(name, help).with(number(u64::try_from(value).unwrap_or(u64::MAX)))
        };
        [
            gauge(
                "concierge_argon2_waiting",
                "Sign-ins that wait for their password to be hashed.",
                load.waiting,
            ),
            gauge(
                "concierge_argon2_waiting_limit",
                "How many may wait; more are told to come back.",
                load.waiting_most,
            ),
            gauge(
                "concierge_argon2_slots_in_use",
                "Sign-ins that hold a slot of the hashing threads.",
                load.busy,
            ),
            gauge(
                "concierge_argon2_slots",
                "How many slots there are.",
                load.busy_most,
            ),
        ]
    }

    fn connections(&self) -> [Family; 2] {
        let mut open = Family::gauge(
            "concierge_database_connections",
            "Open connections to the database by pool and state.",
        );
        let mut most = Family::gauge(
            "concierge_database_connections_limit",
            "How many connections a pool may open.",
        );
        for pool in self.db.connections() {
            let name = pool.pool;
            open.push(&[("pool", name), ("state", "used")], pool.used.into());
            open.push(&[("pool", name), ("state", "idle")], pool.idle.into());
            most.push(&[("pool", name)], pool.most.into());
        }
        [open, most]
    }

    fn viewers(&self) -> Family {
        let watching = *self.monitor.viewers().borrow();
        let watching = u64::try_from(watching).unwrap_or(u64::MAX);
        let family = Family::gauge("concierge_monitor_viewers", "Open sockets of /monitor.");
        family.with(number(watching))
    }

    async fn dear_ones(&self) -> [Family; 5] {
        // Also while it is looked up: who asks meanwhile waits for the same answer.
        let mut kept = self.gauges.0.lock().await;
        let now = self.clock.now();
        let dear = match &*kept {
            Some((at, dear)) if now.since(*at) < KEPT && now >= *at => dear.clone(),
            _ => {
                let dear = self.look_up(now).await;
                *kept = Some((now, dear.clone()));
                dear
            }
        };
        drop(kept);
        let sessions = Family::gauge(
            "concierge_sessions",
            "Sessions that live, in the whole house.",
        );
        let mut due = Family::gauge(
            "concierge_key_rotation_due_timestamp_seconds",
            "When the active key of a ring is due to be rotated.",
        );
        for (ring, at) in dear.due {
            due.push(&[("ring", ring)], at);
        }
        let waiting = Family::gauge(
            "concierge_audit_oldest_waiting_seconds",
            "For how long the oldest security event has been waiting for its link in the audit chain, in the whole house.",
        );
        let mut alerts = Family::gauge(
            "concierge_alerts",
            "Alerts that were told and are not over, by severity, in the whole house.",
        );
        for (severity, count) in dear.alerts {
            alerts.push(&[("severity", severity)], count);
        }
        let untold = Family::gauge(
            "concierge_alert_oldest_message_seconds",
            "For how long the oldest message of an alert that should have left has not arrived, in the whole house.",
        );
        let known = |family: Family, value: Option<f64>| match value {
            Some(value) => family.with(value),
            None => family,
        };
        [
            known(sessions, dear.sessions),
            known(waiting, dear.waiting),
            alerts,
            known(untold, dear.untold),
            due,
        ]
    }

    async fn look_up(&self, now: Timestamp) -> Dear {
        let sessions = self.sessions.count_live().await;
        if let Err(error) = &sessions {
            tracing::warn!(%error, "the sessions can't be counted; the metric has a gap");
        }
        let waiting = self.chain.waiting_since().await;
        if let Err(error) = &waiting {
            tracing::warn!(%error, "the audit chain can't be looked at; the metric has a gap");
        }
        let alerts = alert::standing(&self.db).await;
        if let Err(error) = &alerts {
            tracing::warn!(%error, "the alerts can't be counted; the metric has a gap");
        }
        let alerts = alerts.ok();
        // A time that is yet to come waits, too.
        let for_how_long =
            |since: Option<Timestamp>| since.map_or(0.0, |since| now.since(since).as_secs_f64());
        let supply = self.keeper.supply().clone();
        // It reads files, and opening one that has a passphrase takes a second of work: nothing for a thread that
        // answers requests.
        let due = tokio::task::spawn_blocking(move || due_of_all(&supply, now)).await;
        Dear {
            sessions: sessions.ok().map(number),
            waiting: waiting.ok().map(for_how_long),
            untold: alerts
                .as_ref()
                .map(|alerts| for_how_long(alerts.waiting_since)),
            alerts: alerts.map_or_else(Vec::new, |alerts| {
                let lasting = alerts.lasting.into_iter();
                lasting
                    .map(|(severity, count)| (severity.as_str(), number(count)))
                    .collect()
            }),
            due: due.unwrap_or_default(),
        }
    }

    fn about(&self) -> [Family; 2] {
        let mut build = Family::gauge("concierge_build_info", "What runs here; always 1.");
        let labels = [
            ("database", self.db.engine()),
            ("environment", self.config.environment.as_str()),
            ("version", env!("CARGO_PKG_VERSION")),
        ];
        build.push(&labels, 1.0);
        let started = Family::gauge(
            "process_start_time_seconds",
            "When the process started, since 1970.",
        );
        [build, started.with(seconds(self.started_at))]
    }
}

fn due_of_all(supply: &Supply, now: Timestamp) -> Vec<(&'static str, f64)> {
    let reading = supply.read_in_use();
    let due = Purpose::ALL.into_iter().filter_map(|purpose| {
        let due = due_of(&reading, purpose, now)?;
        Some((purpose.as_str(), seconds(due.at)))
    });
    due.collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "both formats carry floating point numbers; counts are exact up to 2^53"
)]
fn number(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 are far below 2^53"
)]
fn seconds(at: Timestamp) -> f64 {
    at.as_millis() as f64 / 1000.0
}
