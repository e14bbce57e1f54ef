//! The end of the program as a value: SIGTERM or SIGINT, told to everybody who waits.

use std::time::Duration;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout_at},
};

/// Tells when the program is to end. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Listens for SIGTERM and SIGINT.
    pub fn on_signals() -> std::io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            // Nobody left to tell is fine: then the program is ending already.
            let _ = sender.send(true);
        });
        Ok(Self(receiver))
    }

    /// A shutdown that its holder triggers, for tests and tools.
    pub fn manual() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Whether the end has begun.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when the end begins.
    pub async fn begun(&self) {
        let mut receiver = self.0.clone();
        // A dropped sender means nobody can end us any more; wait for ever rather than stop.
        if receiver.wait_for(|ending| *ending).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for jobs that end by themselves. Those that take longer are over, too, when this returns: none of them does
/// anything any more.
pub async fn end_within(patience: Duration, jobs: [JoinHandle<()>; 2]) {
    let end = Instant::now() + patience;
    for mut job in jobs {
        if timeout_at(end, &mut job).await.is_err() {
            job.abort();
            // It ends cancelled, unless it was just done.
            let _ = job.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_job_that_takes_too_long_is_over_when_the_wait_is() {
        let held = Arc::new(());
        let mine = Arc::clone(&held);
        let endless = tokio::spawn(async move {
            let _mine = mine;
            std::future::pending().await
        });
        end_within(Duration::ZERO, [tokio::spawn(async {}), endless]).await;
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
