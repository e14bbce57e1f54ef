//! What runs beside the requests for as long as the program does, and ends with it.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::{resealing::Unreadable, services::Services};

/// How often mails are looked for that another instance queued, or whose next try has come.
const POLL: Duration = Duration::from_secs(5);
/// How often older versions of data keys are looked for.
const HOUR: Duration = Duration::from_secs(3600);

/// Sends mails as soon as they are queued. Ends between two mails once the end begins: what waits is in the
/// database, and leaves after the next start.
pub async fn send_mails(services: Arc<Services>) {
    let mut poll = interval(POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !services.shutdown.has_begun() {
        tokio::select! {
            () = services.shutdown.begun() => break,
            () = services.outbox.queued() => {}
            _ = poll.tick() => {}
        }
        if let Err(error) = services.deliver_mails().await {
            tracing::warn!(%error, "mails could not be looked for; they are in a few seconds");
        }
    }
}

/// Holds the rules of the alerts against what happened, and sends the messages that come of it as soon as they are
/// queued. The two do not wait for each other: a receiver may hang. Ends between two rounds once the end begins.
pub async fn alerts(services: Arc<Services>) {
    tokio::join!(watch_alerts(&services), send_alerts(&services));
    if let Err(error) = services.alerts.give_turn_back().await {
        tracing::warn!(%error, "the turn to look at alerts could not be given back; it ends by itself");
    }
}

async fn watch_alerts(services: &Services) {
    let mut poll = interval(POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !services.shutdown.has_begun() {
        tokio::select! {
            () = services.shutdown.begun() => break,
            _ = poll.tick() => {}
        }
        if let Err(error) = services.alerts.evaluate().await {
            tracing::warn!(%error, "the rules of the alerts could not be looked at; they are in a few seconds");
        }
    }
}

async fn send_alerts(services: &Services) {
    let mut poll = interval(POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !services.shutdown.has_begun() {
        tokio::select! {
            () = services.shutdown.begun() => break,
            () = services.alerts.queued() => {}
            _ = poll.tick() => {}
        }
        if let Err(error) = services.alerts.deliver(&services.shutdown).await {
            tracing::warn!(%error, "the messages of alerts could not be looked for; they are in a few seconds");
        }
    }
}

/// Moves what older versions of the data keys sealed to the newest: at the start, where a kill may have left some, as
/// soon as a new version has come, and every hour. It may be aborted anywhere.
pub async fn reseal(services: Arc<Services>) {
    let mut hour = interval(HOUR);
    hour.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reported = Unreadable::new();
    loop {
        tokio::select! {
            () = services.keys.renewed() => {}
            _ = hour.tick() => {}
        }
        match services.reseal().await {
            Ok(unreadable) if unreadable == reported => {}
            Ok(unreadable) => {
                for (table, rows) in &unreadable {
                    tracing::warn!(table, rows, "no version of the data key opens these rows");
                }
                reported = unreadable;
            }
            Err(error) => {
                tracing::warn!(%error, "re-sealing failed; it goes on within an hour");
            }
        }
    }
}
