//! Sends what waits, again and again until it has arrived, the receiver is gone or the schedule ends.
//!
//! Of several instances one sends a message. Whoever dies between sending and writing down sends it a second time,
//! under the same id.

use std::time::Duration;

use concierge_core::{
    alert::{ChannelId, MessageId, Way, retry},
    audit::EventName,
    locale::Locale,
};
use futures_util::future::join_all;
use serde_json::json;

use super::{
    Alerts,
    channel_store::{self, ChannelRow},
    delivery_store::{self as store, Outcome, Waiting},
    message::{Message, What},
    receiver::{Destination, Reply},
    words,
};
use crate::{
    audit::{self, Event, Origin},
    mail::{Letter, Mail, Tiding},
    platform::shutdown::Shutdown,
    store::{On, StoreError},
};

/// Longer than a try may take.
const CLAIM: Duration = Duration::from_secs(60);

impl Alerts {
    /// Sends what is due, until nothing is or the end begins. Receivers do not wait for each other.
    pub async fn deliver(&self, shutdown: &Shutdown) -> Result<(), StoreError> {
        while !shutdown.has_begun() {
            let due = store::list_due(&self.db, self.clock.now()).await?;
            if due.is_empty() {
                return Ok(());
            }
            let sent = join_all(due.iter().map(|waiting| self.send_waiting(waiting))).await;
            sent.into_iter().collect::<Result<Vec<()>, StoreError>>()?;
        }
        Ok(())
    }

    async fn send_waiting(&self, waiting: &Waiting) -> Result<(), StoreError> {
        let channel = channel_store::find_by_id(&self.db, waiting.channel).await?;
        let Some(channel) = channel.filter(|channel| channel.enabled) else {
            return self.give_up(waiting, "the channel is off").await;
        };
        if channel.way == Way::Mail {
            return self.hand_to_mail(waiting, &channel).await;
        }
        let until = self.clock.now().plus(CLAIM);
        let claimed = store::mark_claimed(On::Write(&self.db), waiting, until).await?;
        let Some(body) = claimed else {
            return Ok(());
        };
        let (reply, message) = match self.read(&channel, &body) {
            Ok((destination, message)) => {
                let post = self.post(&channel, &destination, waiting.id, &message);
                (post.await, Some(message))
            }
            Err(unread) => (unread, None),
        };
        self.answered(waiting, &channel, &reply, message.as_ref())
            .await
    }

    /// What is sent, and where to. What this process can't read is a failed try and no end: another may have renewed
    /// the key, which is heard of soon, or be a newer program.
    fn read(&self, channel: &ChannelRow, body: &str) -> Result<(Destination, Message), Reply> {
        let Some(destination) = self.open(channel) else {
            return Err(Reply::failed("the channel does not open yet"));
        };
        match serde_json::from_str(body) {
            Ok(message) => Ok((destination, message)),
            Err(_) => Err(Reply::failed("the message is of another version")),
        }
    }

    /// One request to a receiver.
    pub(super) async fn post(
        &self,
        channel: &ChannelRow,
        destination: &Destination,
        id: MessageId,
        message: &Message,
    ) -> Reply {
        let body = message.body(channel.way, channel.locale, &self.page);
        let now = self.clock.now();
        self.receiver
            .post(channel.way, destination, id, body, now)
            .await
    }

    /// Writes down what a receiver answered, and when it is asked again.
    async fn answered(
        &self,
        waiting: &Waiting,
        channel: &ChannelRow,
        reply: &Reply,
        message: Option<&Message>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let tries = u32::try_from(waiting.tries + 1).unwrap_or(u32::MAX);
        let chance = u16::from_le_bytes(self.rng.bytes());
        let wait = retry::wait(tries, chance);
        let wait = wait.map(|wait| wait.max(reply.retry_after.unwrap_or_default()));
        let (state, next_try_at) = match (reply.is_success(), reply.is_gone(), wait) {
            (true, ..) => ("delivered", None),
            (false, true, _) | (false, false, None) => ("failed", None),
            (false, false, Some(wait)) => ("waiting", Some(now.plus(wait))),
        };
        let outcome = Outcome {
            state,
            code: reply.code,
            answer: &reply.text,
            next_try_at,
        };
        let mut tx = self.db.begin().await?;
        store::mark_answered(&mut tx, waiting.id, &outcome, now).await?;
        // One that is gone has an event of its own. And what tells of what was given up would raise itself for ever.
        let name = EventName::AlertGivenUp;
        let tells_of_that = message.is_some_and(|message| message.is_about(name.as_str()));
        if state == "failed" && !reply.is_gone() && !tells_of_that {
            let origin = Origin::default();
            let event = Event::anonymous(name, &origin);
            let event = event.with(json!({ "channel": channel.id, "message": waiting.id }));
            audit::record(&mut tx, &event, now, &*self.rng).await?;
        }
        tx.commit().await?;
        if !reply.is_success() {
            let (message, channel, code) = (waiting.id, channel.id, reply.code.unwrap_or(0));
            tracing::warn!(%message, %channel, code, state, tries, "an alert did not arrive");
        }
        if reply.is_gone() {
            self.switch_off(channel.id).await?;
        }
        Ok(())
    }

    /// A receiver that says 410 wants nothing any more.
    pub(super) async fn switch_off(&self, channel: ChannelId) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if channel_store::mark_gone(&mut tx, channel, now).await? {
            let origin = Origin::default();
            let event = Event::anonymous(EventName::AlertChannelGone, &origin);
            let event = event.with(json!({ "channel": channel }));
            audit::record(&mut tx, &event, now, &*self.rng).await?;
            tracing::warn!(%channel, "the receiver of alerts is gone (410), so its channel is switched off");
        }
        tx.commit().await
    }

    /// A mail has an outbox of its own: it moves there in one transaction, so it is never in both or in none. Whether it
    /// arrives is known there.
    async fn hand_to_mail(
        &self,
        waiting: &Waiting,
        channel: &ChannelRow,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let claimed = store::mark_claimed(&mut tx, waiting, now.plus(CLAIM)).await?;
        let Some(body) = claimed else {
            return Ok(());
        };
        let (destination, message) = match self.read(channel, &body) {
            Ok(read) => read,
            Err(unread) => {
                tx.commit().await?;
                return self.answered(waiting, channel, &unread, None).await;
            }
        };
        self.outbox
            .queue(&mut tx, &mail(&destination, &message, channel.locale))
            .await?;
        let outcome = Outcome {
            state: "handed_over",
            code: None,
            answer: "queued as a mail",
            next_try_at: None,
        };
        store::mark_answered(&mut tx, waiting.id, &outcome, now).await?;
        tx.commit().await
    }

    async fn give_up(&self, waiting: &Waiting, why: &str) -> Result<(), StoreError> {
        let outcome = Outcome {
            state: "failed",
            code: None,
            answer: why,
            next_try_at: None,
        };
        store::mark_answered(On::Write(&self.db), waiting.id, &outcome, self.clock.now()).await
    }

    /// Where a channel leads. `None` when it does not open: sealed with a key that is gone.
    pub(super) fn open(&self, channel: &ChannelRow) -> Option<Destination> {
        let associated = channel_store::associated(&channel.id.to_string());
        let plain = self.seal.open(&associated, &channel.sealed).ok()?;
        let plain = zeroize::Zeroizing::new(plain);
        serde_json::from_slice(&plain).ok()
    }
}

/// A message as a mail.
pub(super) fn mail(destination: &Destination, message: &Message, locale: Locale) -> Mail {
    let tiding = match (message, message.only()) {
        (Message::Test { .. }, _) => Tiding::Test,
        (_, None) => Tiding::Several,
        (_, Some(fact)) if fact.what == What::Resolved => Tiding::Over,
        (_, Some(_)) => Tiding::Fired,
    };
    Mail {
        to: destination.to.expose().to_owned(),
        name: String::new(),
        locale,
        letter: Letter::Alert {
            tiding,
            text: words::text(message, locale),
        },
    }
}
