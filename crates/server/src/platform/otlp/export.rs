//! Sends what waits, and is not troubled by a receiver that does not answer.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use concierge_core::{sensitive::Sensitive, time::Timestamp};
use reqwest::{
    Client,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use url::Url;

use super::{
    answer::{Pace, Sent},
    records::{Answered, Happened, Queue, Records},
    wire::{Baseline, Sender},
};
use crate::platform::{clock::Clock, metrics::Family, rng::Rng, shutdown::Shutdown};

/// How often records are sent.
const EVERY: Duration = Duration::from_secs(1);
/// How often metrics are.
const METRICS_EVERY: Duration = Duration::from_secs(30);
/// How long a receiver may take for one message.
const PATIENCE: Duration = Duration::from_secs(10);
/// Records of one message.
const BATCH: usize = 512;

/// Where to send, and with what.
#[derive(Debug)]
pub struct Receiver {
    /// The address below which `v1/traces`, `v1/metrics` and `v1/logs` are.
    pub endpoint: Url,
    /// Headers of every message; an API key, most likely.
    pub headers: Vec<(String, Sensitive)>,
    /// Whether counters tell what was added since the last time.
    pub is_delta: bool,
}

#[derive(Debug, Clone, Copy)]
enum Signal {
    Traces,
    Logs,
    Metrics,
}

impl Signal {
    const fn path(self) -> &'static str {
        match self {
            Self::Traces => "v1/traces",
            Self::Logs => "v1/logs",
            Self::Metrics => "v1/metrics",
        }
    }
}

/// How a receiver stands to a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Takes,
    Picks,
    Away,
    Refuses,
}

/// Sends records and metrics to a receiver.
pub struct Exporter {
    client: Client,
    endpoint: Url,
    sender: Sender,
    records: Arc<Records>,
    clock: Arc<dyn Clock>,
    standing: Mutex<[Standing; 3]>,
}

impl Exporter {
    /// An exporter; the text says why there can't be one.
    pub fn new(
        receiver: &Receiver,
        records: Arc<Records>,
        environment: &'static str,
        clock: Arc<dyn Clock>,
        rng: &dyn Rng,
    ) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in &receiver.headers {
            let name = HeaderName::try_from(name).map_err(|_| "a header has no name")?;
            let value = HeaderValue::try_from(value.expose());
            let mut value = value.map_err(|_| format!("the header {name} has no fit value"))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        // A redirect would take the key to a place that nobody named.
        let client = Client::builder()
            .default_headers(headers)
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .build();
        Ok(Self {
            client: client.map_err(|error| error.to_string())?,
            endpoint: receiver.endpoint.clone(),
            sender: Sender {
                run: rng.bytes(),
                environment,
                started: nanos(clock.now()),
                is_delta: receiver.is_delta,
            },
            records,
            clock,
            standing: Mutex::new([Standing::Takes; 3]),
        })
    }

    /// Sends until told to end, and then what is left. Each signal keeps its own pace: a receiver that does not take one
    /// of them delays no other.
    pub async fn run<F: Future<Output = Vec<Family>>>(
        self,
        families: impl Fn() -> F,
        end: Shutdown,
    ) {
        let records = &*self.records;
        tokio::join!(
            self.send_requests(&records.answered, &end),
            self.send_events([&records.happened, &records.refused], &end),
            self.send_metrics(families, &end),
        );
        self.tell_lost();
    }

    async fn send_requests(&self, queue: &Queue<Answered>, end: &Shutdown) {
        let mut pace = Pace::of(EVERY);
        loop {
            let is_last = pace.turn(end).await;
            let sent = self.drain(Signal::Traces, queue, Sender::traces).await;
            if is_last {
                break;
            }
            pace.after(&sent);
        }
    }

    async fn send_events(&self, queues: [&Queue<Happened>; 2], end: &Shutdown) {
        let mut pace = Pace::of(EVERY);
        loop {
            let is_last = pace.turn(end).await;
            let sent = self.send_all_events(queues).await;
            if is_last {
                break;
            }
            pace.after(&sent);
        }
    }

    /// Sends what was recorded, and after that what was refused, a batch at a time: what anybody can cause without end
    /// delays what was recorded by one message at most.
    async fn send_all_events(&self, [happened, refused]: [&Queue<Happened>; 2]) -> Sent {
        loop {
            let sent = self.drain(Signal::Logs, happened, Sender::logs).await;
            // One that is away is not asked for the second queue's sake.
            if matches!(sent, Sent::NotNow(..)) {
                return sent;
            }
            let (sent, more) = self.send_batch(Signal::Logs, refused, Sender::logs).await;
            if !more {
                return sent;
            }
        }
    }

    async fn send_metrics<F: Future<Output = Vec<Family>>>(
        &self,
        families: impl Fn() -> F,
        end: &Shutdown,
    ) {
        // The first ones at once: whoever has just named a receiver is waiting for them.
        let mut pace = Pace::of(METRICS_EVERY).beginning_after(EVERY);
        let mut base = Baseline::default();
        loop {
            let is_last = pace.turn(end).await;
            let now = nanos(self.clock.now());
            let (message, next) = self.sender.metrics(&families().await, now, &base);
            let sent = self.post(Signal::Metrics, message).await;
            if matches!(sent, Sent::Taken | Sent::Partly(_)) {
                base = next;
            }
            self.tell(Signal::Metrics, &sent);
            if is_last {
                break;
            }
            pace.after(&sent);
            // Not before: a receiver that is away was told of.
            if !self.standing().contains(&Standing::Away) {
                self.tell_lost();
            }
        }
    }

    /// Sends all there is, the oldest first; what became of the last message.
    async fn drain<T>(
        &self,
        signal: Signal,
        queue: &Queue<T>,
        encode: fn(&Sender, &[T]) -> Vec<u8>,
    ) -> Sent {
        loop {
            let (sent, more) = self.send_batch(signal, queue, encode).await;
            if !more {
                return sent;
            }
        }
    }

    /// Sends the oldest; what became of them, and whether there may be more to send now.
    async fn send_batch<T>(
        &self,
        signal: Signal,
        queue: &Queue<T>,
        encode: fn(&Sender, &[T]) -> Vec<u8>,
    ) -> (Sent, bool) {
        let batch = queue.take(BATCH);
        if batch.is_empty() {
            return (Sent::Taken, false);
        }
        let is_full = batch.len() == BATCH;
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let sent = self.post(signal, encode(&self.sender, &batch)).await;
        self.tell(signal, &sent);
        match &sent {
            Sent::Taken => {}
            Sent::Partly(rejected) => queue.lose(count.min(*rejected)),
            Sent::NotNow(..) => queue.put_back(batch),
            // What is refused once is refused again.
            Sent::Refused(_) => queue.lose(count),
        }
        let goes_on = !matches!(sent, Sent::NotNow(..) | Sent::Refused(_));
        (sent, is_full && goes_on)
    }

    async fn post(&self, signal: Signal, message: Vec<u8>) -> Sent {
        let mut url = self.endpoint.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", signal.path()));
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(message);
        Sent::of(request.send().await).await
    }

    /// One line when the receiver goes away and one when it is back, whichever signals noticed and however often it was
    /// tried meanwhile. What it refuses is told for each signal: there is something to mend.
    fn tell(&self, signal: Signal, sent: &Sent) {
        let path = signal.path();
        let now = match sent {
            Sent::Taken => Standing::Takes,
            Sent::Partly(_) => Standing::Picks,
            Sent::NotNow(..) => Standing::Away,
            Sent::Refused(_) => Standing::Refuses,
        };
        let mut standing = self.standing();
        let before = std::mem::replace(&mut standing[signal as usize], now);
        let aways = standing.iter().filter(|one| **one == Standing::Away);
        let aways = aways.count();
        drop(standing);
        match sent {
            Sent::NotNow(reason, _) if before != Standing::Away && aways == 1 => {
                tracing::warn!(
                    reason,
                    "the OTLP receiver does not take {path}; it is tried again, and what finds no place meanwhile is lost"
                );
            }
            Sent::Refused(reason) if before != Standing::Refuses => {
                tracing::warn!(
                    reason,
                    "the OTLP receiver refuses {path}: see CONCIERGE_OTLP_ENDPOINT and CONCIERGE_OTLP_HEADERS"
                );
            }
            Sent::Partly(rejected) if before != Standing::Picks => {
                tracing::warn!(
                    rejected,
                    "the OTLP receiver takes {path} only in part; its own log says why"
                );
            }
            Sent::Taken if before == Standing::Away && aways == 0 => {
                tracing::info!("the OTLP receiver is back");
            }
            Sent::Taken | Sent::Partly(_) | Sent::NotNow(..) | Sent::Refused(_) => {}
        }
    }

    /// What was lost is told twice a minute at most, however much it is.
    fn tell_lost(&self) {
        let lost = self.records.take_lost();
        if lost > 0 {
            tracing::warn!(
                lost,
                "requests and events did not get to the OTLP receiver: they found no place until it took them, or it refused them"
            );
        }
    }

    fn standing(&self) -> MutexGuard<'_, [Standing; 3]> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or_default() * 1_000_000
}
