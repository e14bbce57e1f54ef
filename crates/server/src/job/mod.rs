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
