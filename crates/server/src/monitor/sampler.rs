//! Measures for as long as the program runs: each second while somebody watches, else every ten.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::watch::Receiver,
    task::spawn_blocking,
    time::{Instant, sleep, sleep_until},
};

use super::{Monitor, Probe};

/// Between samples while somebody watches.
const WATCHED: Duration = Duration::from_secs(1);
/// Between samples while nobody does.
const ALONE: Duration = Duration::from_secs(10);

/// Measures, and looks for news, until it is aborted. `data` names the volume whose space counts.
pub async fn watch(monitor: Arc<Monitor>, data: PathBuf) {
    // Beside each other: a database that hangs keeps no sample back, and with it no viewer's end.
    tokio::join!(measure(&monitor, data), look(&monitor));
}

async fn look(monitor: &Monitor) {
    let mut viewers = monitor.viewers();
    loop {
        // The senders live as long as the monitor.
        drop(viewers.wait_for(|viewers| *viewers > 0).await);
        sleep(WATCHED).await;
        if let Err(error) = monitor.look_for_news().await {
            tracing::warn!(%error, "news for viewers could not be looked for; it is in a second");
        }
    }
}

async fn measure(monitor: &Monitor, data: PathBuf) {
    let mut probe = start(&data).await;
    let mut viewers = monitor.viewers();
    let mut last = Instant::now();
    loop {
        let lag = pause(&mut viewers, last).await;
        last = Instant::now();
        let Some(mut measuring) = probe.take() else {
            probe = start(&data).await;
            continue;
        };
        let measured = spawn_blocking(move || {
            let values = measuring.read();
            let allowance = measuring.allowance();
            (measuring, values, allowance)
        });
        match measured.await {
            Ok((measured, values, allowance)) => {
                probe = Some(measured);
                monitor.allow(allowance);
                monitor.record(values, lag);
            }
            Err(error) => {
                tracing::warn!(%error, "the host could not be measured; it is tried again")
            }
        }
    }
}

async fn start(data: &Path) -> Option<Probe> {
    let data = data.to_owned();
    // It reads each disk and network once, which blocks.
    let started = spawn_blocking(move || Probe::start(&data)).await;
    started
        .inspect_err(|error| tracing::warn!(%error, "the host can't be measured"))
        .ok()
}

/// Waits until a sample is due. How late that was noticed is how late the event loop is; none where it was a viewer who
/// came.
async fn pause(viewers: &mut Receiver<usize>, last: Instant) -> Option<Duration> {
    let soon = last + WATCHED;
    if *viewers.borrow() == 0 {
        let late = last + ALONE;
        tokio::select! {
            () = sleep_until(late) => return Some(late.elapsed()),
            _ = viewers.wait_for(|viewers| *viewers > 0) => {}
        }
        sleep_until(soon).await;
        return None;
    }
    sleep_until(soon).await;
    Some(soon.elapsed())
}

#[cfg(test)]
mod tests {
    use tokio::{sync::watch, time::sleep};

    use super::*;

    /// How long after the last sample the next one is due, and the lag that goes with it, where so many watch and one
    /// more comes after a while.
    async fn next(viewers: usize, one_more: Option<Duration>) -> (Duration, Option<Duration>) {
        let (sender, mut receiver) = watch::channel(viewers);
        let last = Instant::now();
        let coming = async {
            match one_more {
                Some(after) => {
                    sleep(after).await;
                    sender.send_modify(|viewers| *viewers += 1);
                }
                None => std::future::pending().await,
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            lag = pause(&mut receiver, last) => (last.elapsed(), lag),
            () = coming => (last.elapsed(), None),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_second_while_somebody_watches_else_every_ten() {
        let in_time = Some(Duration::ZERO);
        assert_eq!(next(0, None).await, (ALONE, in_time));
        assert_eq!(next(1, None).await, (WATCHED, in_time));
        assert_eq!(next(7, None).await, (WATCHED, in_time));
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_waits_for_no_sample_of_nobody() {
        let (early, late) = (WATCHED / 4, WATCHED * 4);
        // Never two within a second; and the wait for a viewer says nothing about the event loop.
        assert_eq!(next(0, Some(early)).await, (WATCHED, None));
        assert_eq!(next(0, Some(late)).await, (late, None));
    }
}
