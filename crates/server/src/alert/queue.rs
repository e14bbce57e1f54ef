//! From something to tell to messages that wait, one for each channel; in a flood and for quiet hours one digest for
//! many. What is held for quiet hours delays nothing else.

use std::time::Duration;

use concierge_core::{
    alert::{ChannelId, Quiet},
    time::Timestamp,
};

use super::{
    Alerts,
    channel_store::{self, ChannelRow},
    delivery_store::{self as store, New},
    message::{Fact, Message},
};
use crate::store::{StoreError, Tx};

/// What is a flood is counted over this, and a digest waits for so long for what else comes.
const SPAN: Duration = Duration::from_secs(5 * 60);
/// So many messages within the span go out one by one.
const SINGLE: i64 = 5;

impl Alerts {
    /// Writes the messages of a fact into the transaction that decides it. They leave after the commit, or at the end of
    /// the quiet hours.
    pub(super) async fn queue(
        &self,
        tx: &mut Tx,
        fact: &Fact,
        channels: &[ChannelId],
        quiet: Option<Quiet>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let held_until = quiet.map_or(now, |quiet| quiet.over_at(now));
        let mut open = channel_store::list_all(&mut *tx).await?;
        open.retain(|channel| channel.enabled);
        // A rule whose channels are all gone or off tells everybody: nobody would be worse.
        let is_named = |channel: &ChannelRow| channels.contains(&channel.id);
        if open.iter().any(is_named) {
            open.retain(is_named);
        }
        for channel in open {
            if held_until > now {
                self.hold(tx, channel.id, fact.clone(), held_until, now)
                    .await?;
            } else {
                self.queue_for(tx, channel.id, fact.clone(), now).await?;
            }
        }
        Ok(())
    }

    /// Keeps a fact for the end of the quiet hours: there is one digest for each channel and end.
    async fn hold(
        &self,
        tx: &mut Tx,
        channel: ChannelId,
        fact: Fact,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let just_before = until.minus(Duration::from_millis(1));
        if self.extend(tx, channel, &fact, just_before, until).await? {
            return Ok(());
        }
        self.insert(tx, channel, &digest_of(fact, now), until, now)
            .await
    }

    async fn queue_for(
        &self,
        tx: &mut Tx,
        channel: ChannelId,
        fact: Fact,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if store::count_since(tx, channel, now.minus(SPAN)).await? < SINGLE {
            let message = Message::One(Box::new(fact));
            return self.insert(tx, channel, &message, now, now).await;
        }
        // One that waits for the end of another rule's quiet hours would hold this fact back, too.
        let until = now.plus(SPAN);
        if self.extend(tx, channel, &fact, now, until).await? {
            return Ok(());
        }
        self.insert(tx, channel, &digest_of(fact, now), until, now)
            .await
    }

    /// Adds a fact to a digest that leaves in this span, if there is one.
    async fn extend(
        &self,
        tx: &mut Tx,
        channel: ChannelId,
        fact: &Fact,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let found = store::find_open_digest(tx, channel, after, until).await?;
        let Some((id, body)) = found else {
            return Ok(false);
        };
        let Ok(mut digest) = serde_json::from_str::<Message>(&body) else {
            return Ok(false);
        };
        digest.extend(fact.clone());
        store::mark_extended(tx, id, &digest.to_text()).await
    }

    async fn insert(
        &self,
        tx: &mut Tx,
        channel: ChannelId,
        message: &Message,
        leaves_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let new = New {
            id: self.rng.id(now),
            channel,
            kind: message.kind(),
            body: &message.to_text(),
            next_try_at: Some(leaves_at),
        };
        store::insert(tx, &new, now).await
    }
}

fn digest_of(fact: Fact, now: Timestamp) -> Message {
    Message::Digest {
        at: now,
        facts: vec![fact],
        more: 0,
    }
}
