//! What runs beside the requests for as long as the program does, and ends with it.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::services::Services;

/// How often mails are looked for that another instance queued, or whose next try has come.
const POLL: Duration = Duration::from_secs(5);

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
