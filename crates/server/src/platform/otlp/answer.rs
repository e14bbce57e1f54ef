//! What a receiver says to a message, and when it is sent the next one.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use reqwest::{
    Response, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

use crate::platform::shutdown::Shutdown;

/// The least often a receiver that is away is asked.
const SELDOM: Duration = Duration::from_secs(60);
/// The longest that a receiver may ask to be left alone.
const LONGEST_ASKED: Duration = Duration::from_secs(600);
/// So much of an answer is read; an honest one has a line of text at most.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Taken,
    /// But for so many of what was in it.
    Partly(u64),
    /// Later, perhaps; after how long, when the receiver says so.
    NotNow(String, Option<Duration>),
    /// The receiver understood, and does not want it.
    Refused(String),
}

impl Sent {
    /// By what the receiver answers, if it does.
    pub(super) async fn of(answer: reqwest::Result<Response>) -> Self {
        match answer {
            Ok(answer) if answer.status().is_success() => match rejected(answer).await {
                0 => Self::Taken,
                count => Self::Partly(count),
            },
            Ok(answer) => match answer.status() {
                // What the protocol says may be sent again.
                status @ (StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT) => {
                    Self::NotNow(status.to_string(), retry_after(answer.headers()))
                }
                status => Self::Refused(status.to_string()),
            },
            Err(error) => Self::NotNow(reason(&error), None),
        }
    }
}

/// When a signal is sent next.
pub(super) struct Pace {
    every: Duration,
    wait: Duration,
}

impl Pace {
    /// One that is sent so often, as long as the receiver takes it.
    pub(super) fn of(every: Duration) -> Self {
        Self { every, wait: every }
    }

    /// The same with another first turn.
    pub(super) fn beginning_after(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Waits for the next turn; whether it is the last one.
    pub(super) async fn turn(&self, end: &Shutdown) -> bool {
        tokio::select! {
            () = tokio::time::sleep(self.wait) => false,
            () = end.begun() => true,
        }
    }

    /// A receiver that is away is asked less and less often, and not before it said.
    pub(super) fn after(&mut self, sent: &Sent) {
        self.wait = match sent {
            Sent::NotNow(_, None) => (self.wait * 2).min(SELDOM),
            Sent::NotNow(_, Some(asked)) => (self.wait * 2).min(SELDOM).max(*asked),
            Sent::Taken | Sent::Partly(_) | Sent::Refused(_) => self.every,
        };
    }
}

/// How many of the things that were sent the receiver says it did not take. Its three kinds of answer have one shape.
async fn rejected(mut answer: Response) -> u64 {
    let mut body = Vec::new();
    while body.len() < LONGEST_ANSWER
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    let answer = ExportTraceServiceResponse::decode(&*body).unwrap_or_default();
    let rejected = answer.partial_success.map(|partly| partly.rejected_spans);
    rejected.map_or(0, |count| u64::try_from(count).unwrap_or_default())
}

/// How long the receiver asks to be left alone; a date, which hardly any sends, is not understood.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_ASKED))
}

/// Without the address, which is the operator's own, and never with a header.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "it takes too long".to_owned()
    } else if error.is_connect() {
        "it can't be reached".to_owned()
    } else {
        "the connection broke off".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn not_now(asked: Option<Duration>) -> Sent {
        Sent::NotNow(String::new(), asked)
    }

    #[test]
    fn a_receiver_that_is_away_is_asked_less_and_less_often_until_it_is_back() {
        let mut pace = Pace::of(SECOND);
        let waits = [(); 7].map(|()| {
            pace.after(&not_now(None));
            pace.wait.as_secs()
        });
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60]);
        pace.after(&Sent::Taken);
        assert_eq!(pace.wait, SECOND);
    }

    #[test]
    fn a_receiver_that_says_when_is_not_asked_before() {
        let asked = |text: &str| {
            let value = text.parse().expect("a value");
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]))
        };
        let mut pace = Pace::of(SECOND);
        pace.after(&not_now(asked("90")));
        assert_eq!(pace.wait, SECOND * 90);
        assert_eq!(asked("999999"), Some(LONGEST_ASKED));
        assert_eq!(asked("Sun, 22 Nov 2026 02:00:00 GMT"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
