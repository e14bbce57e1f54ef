//! What anybody can cause without end takes nothing from what was recorded: neither its place nor its time.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use axum::http::StatusCode;
use concierge_server::platform::otlp::Records;

use super::{log_events, receiver::Receiver, send};

#[tokio::test]
async fn a_flood_of_refusals_takes_no_place_from_what_was_recorded() {
    let records = Arc::new(Records::default());
    let refusals = std::iter::repeat_n("unknown_path", 3000);
    log_events(&records, refusals.chain([""]));
    let receiver = Receiver::start().await;
    send(&records, &receiver).await;
    let logs = receiver.logs();
    let recorded = logs
        .iter()
        .filter(|log| log.event_name == "authn_token_reuse");
    assert_eq!(recorded.count(), 1);
    assert!(logs.len() > 2000, "{}", logs.len());
}

/// What waits, and how many messages with events came.
static FLOODED: OnceLock<(Arc<Records>, AtomicUsize)> = OnceLock::new();

/// Takes everything, and has as many refusals again with each message; something is recorded with the fourth.
fn flood(path: &str) -> (StatusCode, Vec<u8>) {
    if let Some((records, came)) = FLOODED.get().filter(|_| path == "/v1/logs") {
        let number = came.fetch_add(1, Ordering::SeqCst);
        let refusals = if number < 40 { 512 } else { 0 };
        let refusals = std::iter::repeat_n("unknown_path", refusals);
        log_events(records, refusals.chain((number == 3).then_some("")));
    }
    (StatusCode::OK, Vec::new())
}

#[tokio::test]
async fn a_flood_without_end_delays_what_was_recorded_by_one_message() {
    let records = Arc::new(Records::default());
    let flooded = FLOODED.set((Arc::clone(&records), AtomicUsize::new(0)));
    assert!(flooded.is_ok());
    log_events(&records, std::iter::repeat_n("unknown_path", 512));
    let receiver = Receiver::saying(flood).await;
    send(&records, &receiver).await;
    let logs = receiver.logs();
    let recorded = logs
        .iter()
        .position(|log| log.event_name == "authn_token_reuse");
    assert_eq!(recorded, Some(4 * 512));
}
