//! What runs beside the requests of a server: begun together, and ended in the order in which it needs each other.

use std::{path::PathBuf, sync::Arc, time::Duration};

use concierge_core::audit::EventName;
use serde_json::json;
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{
    audit::{self, Event, Origin},
    config::Config,
    event_chain, job, key_store_watch, key_watch,
    keys::{self, instance, recheck::Recheck},
    platform::{otlp::Records, shutdown::end_within},
    services::Services,
    store::{StoreError, feed},
    telling::Telling,
};

/// How long the end takes at most. It is much shorter unless the database hangs.
const LONGEST_END: Duration = Duration::from_secs(30);
/// How long the end waits for a mail that is just being sent.
const LAST_MAIL: Duration = Duration::from_secs(5);
/// How long the end waits for the audit chain.
const LAST_LINKS: Duration = Duration::from_secs(5);
/// How long it waits for the connections to the database.
const LAST_CLOSE: Duration = Duration::from_secs(5);

/// The jobs of a server that is open.
pub struct Running {
    /// Those that can be cut short anywhere.
    cut: [JoinHandle<()>; 5],
    keys: JoinHandle<()>,
    mails: JoinHandle<()>,
    alerts: JoinHandle<()>,
    chain: JoinHandle<()>,
    telling: Telling,
}

impl Running {
    /// Begins; the feed is heard from a position on.
    pub fn start(services: &Arc<Services>, position: i64, records: Option<Arc<Records>>) -> Self {
        let cut = [
            tokio::spawn(watch(Arc::clone(services), position)),
            tokio::spawn(keep_house(Arc::clone(services))),
            tokio::spawn(job::reseal(Arc::clone(services))),
            tokio::spawn(key_store_watch::watch(Arc::clone(services))),
            tokio::spawn(Arc::clone(services).measure()),
        ];
        Self {
            cut,
            keys: tokio::spawn(key_watch::watch(Arc::clone(services))),
            mails: tokio::spawn(job::send_mails(Arc::clone(services))),
            alerts: tokio::spawn(job::alerts(Arc::clone(services))),
            chain: tokio::spawn(event_chain::keep(Arc::clone(services))),
            telling: Telling::start(services, records),
        }
    }

    /// Ends once there are no more requests. Nobody has to kill the program because the database hangs: the end is
    /// then cut short, and what waits in the database waits for the next start.
    pub async fn end(self, services: &Services) {
        let Self {
            cut,
            keys,
            mails,
            alerts,
            chain,
            telling,
        } = self;
        let in_order = async {
            for job in cut {
                job.abort();
                // It ends cancelled, unless it was just done.
                let _ = job.await;
            }
            // It ends by itself, with a good-bye to the processes beside this one.
            let _ = keys.await;
            services.links.settle().await;
            // The mail that is on its way arrives, unless the server takes too long: then it is sent again later.
            end_within(LAST_MAIL, [mails, alerts]).await;
            record_refusals(services).await;
            record_end(services).await;
            // Nothing records events any more.
            chain.abort();
            let _ = chain.await;
            let _ = timeout(LAST_LINKS, event_chain::finish(services)).await;
            // Another process need not wait for the end of the turn.
            services.chain.give_turn_back().await;
        };
        let is_done = timeout(LONGEST_END, in_order).await.is_ok();
        // Needs no database, and has its own limit.
        telling.end().await;
        if !is_done || timeout(LAST_CLOSE, services.db.close()).await.is_err() {
            tracing::error!("the end took too long and was cut short: does the database answer?");
        }
    }
}

/// Notes that the house is open. Whoever reads the trail knows from when to when it was.
pub async fn record_start(services: &Services) -> Result<(), StoreError> {
    record(services, EventName::SysStartup).await
}

async fn record_end(services: &Services) {
    if let Err(error) = record(services, EventName::SysShutdown).await {
        tracing::warn!(%error, "that this process ends could not be written down");
    }
}

async fn record(services: &Services, name: EventName) -> Result<(), StoreError> {
    let mut tx = services.db.begin().await?;
    let origin = Origin::default();
    let event = Event::anonymous(name, &origin);
    let event = event.with(json!({ "version": env!("CARGO_PKG_VERSION") }));
    audit::record(&mut tx, &event, services.clock.now(), &*services.rng).await?;
    tx.commit().await
}

/// Hears the feed four times a second, and does nothing else: news that is late is asked for request by request.
async fn watch(services: Arc<Services>, mut position: i64) {
    let mut poll = interval(feed::POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        poll.tick().await;
        match services.hear(position).await {
            Ok(heard) => position = heard,
            Err(error) => {
                tracing::error!(%error, "the feed is not heard; requests are checked against the database")
            }
        }
    }
}

/// Writes refusals down once a minute, and tidies once an hour.
async fn keep_house(services: Arc<Services>) {
    let mut minute = interval(Duration::from_secs(60));
    minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tidied_at = services.clock.now();
    let mut recheck = Recheck::start(key_files(&services.config));
    // Whoever restarts it every night has due keys, too.
    keep_keys(&services).await;
    loop {
        minute.tick().await;
        record_refusals(&services).await;
        if let Err(error) = services.key_desk().look_for_abuse().await {
            tracing::warn!(%error, "refused tokens could not be looked through; they are in a minute");
        }
        if services.clock.now().since(tidied_at) > Duration::from_secs(3600) {
            tidied_at = services.clock.now();
            tidy(&services).await;
            let recorded = recheck.record(&services.db, tidied_at, &*services.rng);
            if let Err(error) = recorded.await {
                tracing::warn!(%error, "what became of the key files could not be written down; it is tried again in an hour");
            }
            keep_keys(&services).await;
        }
    }
}

fn key_files(config: &Config) -> impl Iterator<Item = PathBuf> {
    let files = keys::files(&config.keys, config.environment, &config.data).into_iter();
    files.map(|file| file.path)
}

async fn keep_keys(services: &Services) {
    if let Err(error) = services.keep_keys().await {
        tracing::warn!(%error, "the keys could not be looked after; it is tried again in an hour");
    }
}

async fn record_refusals(services: &Services) {
    if let Err(error) = services.record_refusals().await {
        tracing::warn!(%error, "refusals could not be written down; they are kept and tried again in a minute");
    }
}

async fn tidy(services: &Services) {
    let day_ago = services.clock.now().minus(Duration::from_secs(24 * 3600));
    let tidied = async {
        Ok::<_, StoreError>(
            services.db.delete_changes_before(day_ago).await?
                + services.sign_in.purge().await?
                + services.recovery.purge().await?
                + services.links.purge().await?
                + services.accounts.purge().await?
                + services.sessions.purge().await?
                + services.purge_reports().await?
                + services.alerts.purge().await?
                + instance::delete_gone(&services.db, services.clock.now()).await?,
        )
    };
    match tidied.await {
        Ok(rows) => tracing::debug!(rows, "tidied up"),
        Err(error) => tracing::warn!(%error, "tidying up failed; it is tried again in an hour"),
    }
}
