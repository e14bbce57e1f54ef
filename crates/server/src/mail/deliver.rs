//! Takes what waits and sends it, again and again until it has left or three days are over.
//!
//! Invariants: of several instances one sends a mail; whoever dies between sending and deleting sends it twice at
//! most, and none is lost; no line and no column says whom a mail was for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use concierge_core::{id::Id, time::Timestamp};
use lettre::message::Mailbox;

use super::{
    Mail, MailKind, Outbox,
    letter::{self, House},
    smtp::Smtp,
    store::{self, Waiting},
    transport::{Batch, Failure, Folder, Left, Outgoing, Transport},
};
use crate::{
    config::Config,
    platform::shutdown::Shutdown,
    store::{On, StoreError, Tx},
};

const HOUR: Duration = Duration::from_secs(3_600);
/// The waits after the first tries; from then on an hour. The first is longer than a try may take.
const RETRIES: [Duration; 3] = [
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
];
/// No mail waits longer.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 3_600);
/// A server that failed is left alone for this long, however many mails wait: a wrong password that is tried
/// at every mail gets the account locked.
const PAUSE: Duration = Duration::from_secs(30);

/// Sends mails.
pub struct Courier {
    outbox: Arc<Outbox>,
    house: House,
    from: Mailbox,
    transport: Transport,
    /// No pass before this time, in milliseconds since 1970.
    resumes_at: AtomicI64,
}

/// A mail that is given up. It is still in its row: whoever records the loss deletes it in the same transaction.
#[derive(Debug)]
pub struct Lost {
    id: Id<MailKind>,
    /// Which letter it was.
    pub letter: String,
    /// The class of the last failure.
    pub failure: String,
}

impl Courier {
    /// The courier of a configuration.
    pub fn new(outbox: Arc<Outbox>, config: &Config) -> Self {
        let host = config.public_url.name();
        let transport = match &config.mail.smtp_url {
            Some(url) => {
                Transport::Smtp(Box::new(Smtp::new(url.clone(), host, config.mail.patience)))
            }
            None => Transport::Folder(Folder {
                path: config.data.join("outbox"),
                keeps_no_links: config.environment.is_production(),
            }),
        };
        Self {
            outbox,
            house: House {
                public_url: config.public_url.clone(),
                contact: config.contact.clone(),
            },
            from: config.mail.from.clone(),
            transport,
            resumes_at: AtomicI64::new(0),
        }
    }

    /// Sends what is due, until nothing is, the server fails or the end begins. Answers what is given up.
    pub async fn deliver(&self, shutdown: &Shutdown) -> Result<Vec<Lost>, StoreError> {
        let mut lost = Vec::new();
        let mut batch = self.transport.batch(&self.from);
        let mut outcome = Ok(true);
        while let Ok(true) = outcome {
            outcome = self.deliver_some(&mut batch, &mut lost, shutdown).await;
        }
        batch.end().await;
        outcome.map(|_| lost)
    }

    /// Sends a mail at once, past the outbox, for whoever wants to see whether it leaves. Answers where it is, or why it
    /// did not.
    pub async fn send_now(&self, mail: &Mail) -> Result<Left, String> {
        let now = self.outbox.clock.now();
        let outgoing = Outgoing {
            id: self.outbox.rng.id(now),
            created_at: now,
            to: &mail.to,
            letter: &mail.letter,
            rendered: letter::render(mail, &self.house),
        };
        let mut batch = self.transport.batch(&self.from);
        let sent = batch.send(outgoing).await;
        batch.end().await;
        sent.map_err(Failure::text)
    }

    /// Sends some; answers whether there may be more to do.
    async fn deliver_some(
        &self,
        batch: &mut Batch<'_>,
        lost: &mut Vec<Lost>,
        shutdown: &Shutdown,
    ) -> Result<bool, StoreError> {
        let now = self.outbox.clock.now();
        if now.as_millis() < self.resumes_at.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let due = store::list_due(&self.outbox.db, now).await?;
        let may_be_more = !due.is_empty();
        for waiting in due {
            if shutdown.has_begun() {
                return Ok(false);
            }
            let next_try_at = self.outbox.clock.now().plus(wait_after(waiting.tries));
            if !store::mark_claimed(&self.outbox.db, &waiting, next_try_at).await? {
                continue;
            }
            let mail = self.outbox.open(waiting.id, &waiting.sealed);
            let Err(failure) = self.send(batch, &waiting, mail.as_ref()).await else {
                store::delete_by_id(On::Write(&self.outbox.db), waiting.id).await?;
                continue;
            };
            if failure.is_final() || next_try_at >= gives_up_at(&waiting, mail.as_ref()) {
                lost.push(Lost::of(waiting, failure));
            } else {
                self.keep(&waiting, failure).await?;
            }
            if failure.is_of_the_server() {
                let resumes_at = self.outbox.clock.now().plus(PAUSE);
                self.resumes_at
                    .store(resumes_at.as_millis(), Ordering::Relaxed);
                return Ok(false);
            }
        }
        Ok(may_be_more)
    }

    async fn send(
        &self,
        batch: &mut Batch<'_>,
        waiting: &Waiting,
        mail: Option<&Mail>,
    ) -> Result<(), Failure> {
        // Sealed with a key that is gone, or a letter that only a newer instance knows: that one may send it.
        let mail = mail.ok_or(Failure::Unreadable)?;
        let life = mail.letter.life();
        if life.is_some_and(|life| waiting.created_at.plus(life) <= self.outbox.clock.now()) {
            return Err(Failure::Expired);
        }
        let outgoing = Outgoing {
            id: waiting.id,
            created_at: waiting.created_at,
            to: &mail.to,
            letter: &mail.letter,
            rendered: letter::render(mail, &self.house),
        };
        batch.send(outgoing).await.map(|_| ())
    }

    async fn keep(&self, waiting: &Waiting, failure: Failure) -> Result<(), StoreError> {
        let (letter, tries, failure) = (&waiting.letter, waiting.tries + 1, failure.text());
        tracing::warn!(
            letter,
            tries,
            failure,
            "a mail could not be sent; it is tried again"
        );
        store::mark_failed(&self.outbox.db, waiting.id, &failure).await
    }
}

impl Lost {
    fn of(waiting: Waiting, failure: Failure) -> Self {
        let (letter, failure) = (waiting.letter, failure.text());
        tracing::warn!(letter, failure, "a mail could not be sent and is given up");
        Self {
            id: waiting.id,
            letter,
            failure,
        }
    }
}

impl Outbox {
    /// Deletes a mail that is given up, in the transaction that records it. Answers whether it was still there.
    pub async fn remove(&self, tx: &mut Tx, lost: &Lost) -> Result<bool, StoreError> {
        store::delete_by_id(tx, lost.id).await
    }
}

/// The wait after a try that fails, by how many there were before.
fn wait_after(tries: i64) -> Duration {
    let passed = usize::try_from(tries).unwrap_or(usize::MAX);
    RETRIES.get(passed).copied().unwrap_or(HOUR)
}

/// When trying ends: after three days, or with the letter's link if that ends sooner.
fn gives_up_at(waiting: &Waiting, mail: Option<&Mail>) -> Timestamp {
    let life = mail.and_then(|mail| mail.letter.life());
    let span = life.map_or(GIVEN_UP_AFTER, |life| life.min(GIVEN_UP_AFTER));
    waiting.created_at.plus(span)
}
