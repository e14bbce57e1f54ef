//! What admins do about channels: make, change, test and delete them.

use concierge_core::{
    account::Email,
    alert::{
        ChannelId, Way,
        api::{ChannelChange, ChannelSaved, ChannelView, NewChannel, Tested},
    },
    audit::EventName,
    locale::Locale,
    sensitive::Sensitive,
};
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use super::{
    AlertError, Alerts,
    channel_store::{self, ChannelRow},
    deliver::mail,
    delivery_store::{self, New, Outcome},
    message::Message,
    receiver::{Destination, Reply, new_secret},
    service::{By, invalid, line},
};
use crate::{
    mail::Left,
    store::{On, StoreError, Tx},
};

/// What a test of a mail channel says where nothing can send mails.
const NO_SERVER: &str = "there is no mail server (CONCIERGE_SMTP_URL), so nobody gets this: it lies in the outbox folder";

impl Alerts {
    /// Makes a channel; the secret of a webhook is answered here and never again.
    pub async fn make_channel(
        &self,
        new: &NewChannel,
        locale: Locale,
        by: By<'_>,
    ) -> Result<ChannelSaved, AlertError> {
        let name = line("name", &new.name)?;
        let destination = self.destination(new.way, &new.to)?;
        let now = self.clock.now();
        let id: ChannelId = self.rng.id(now);
        let row = ChannelRow {
            id,
            name,
            way: new.way,
            locale: new.locale.unwrap_or(locale),
            sealed: self.sealed(id, &destination),
            enabled: true,
            gone_at: None,
        };
        let mut tx = self.db.begin().await?;
        channel_store::insert(&mut tx, &row, now).await?;
        self.note_channel(&mut tx, id, "made", by).await?;
        tx.commit().await?;
        Ok(ChannelSaved {
            channel: self.channel_view(&row),
            secret: destination.secret,
        })
    }

    /// Renames a channel, switches it on or off, or leads it elsewhere; a new secret is answered here and never again.
    pub async fn change_channel(
        &self,
        id: ChannelId,
        change: &ChannelChange,
        by: By<'_>,
    ) -> Result<ChannelSaved, AlertError> {
        let mut tx = self.db.begin().await?;
        let row = channel_store::find_by_id(&mut tx, id).await?;
        let row = row.ok_or(AlertError::NotFound)?;
        let name = match &change.name {
            Some(name) => line("name", name)?,
            None => row.name.clone(),
        };
        let destination = change.to.as_ref();
        let destination = destination.map(|to| self.destination(row.way, to));
        let destination = destination.transpose()?;
        let enabled = change.enabled.unwrap_or(row.enabled);
        let mut row = ChannelRow {
            name,
            enabled,
            // Who switches it on vouches for its receiver; of another one nothing is known yet.
            gone_at: row.gone_at.filter(|_| !enabled && destination.is_none()),
            ..row
        };
        channel_store::mark_changed(&mut tx, &row).await?;
        if let Some(destination) = &destination {
            row.sealed = self.sealed(id, destination);
            channel_store::mark_led_elsewhere(&mut tx, &row).await?;
        }
        let deed = match destination {
            Some(_) => "led_elsewhere",
            None => "changed",
        };
        self.note_channel(&mut tx, id, deed, by).await?;
        tx.commit().await?;
        Ok(ChannelSaved {
            channel: self.channel_view(&row),
            secret: destination.and_then(|destination| destination.secret),
        })
    }

    /// Deletes a channel with its messages.
    pub async fn delete_channel(&self, id: ChannelId, by: By<'_>) -> Result<(), AlertError> {
        let mut tx = self.db.begin().await?;
        if channel_store::delete_by_id(&mut tx, id).await?.is_none() {
            return Err(AlertError::NotFound);
        }
        delivery_store::delete_by_channel(&mut tx, id).await?;
        self.note_channel(&mut tx, id, "deleted", by).await?;
        Ok(tx.commit().await?)
    }

    /// Sends a test at once, and answers what the receiver says. It stands in the log, too, and is not tried again.
    pub async fn test_channel(&self, id: ChannelId, by: By<'_>) -> Result<Tested, AlertError> {
        let now = self.clock.now();
        let row = channel_store::find_by_id(&self.db, id).await?;
        let row = row.ok_or(AlertError::NotFound)?;
        self.tests
            .count(&id.to_string(), now)
            .map_err(AlertError::Throttled)?;
        let message = Message::Test { at: now };
        let new = New {
            id: self.rng.id(now),
            channel: id,
            kind: message.kind(),
            body: &message.to_text(),
            // Never taken up by whoever sends what is due, also when this is cut short.
            next_try_at: None,
        };
        let mut tx = self.db.begin().await?;
        delivery_store::insert(&mut tx, &new, now).await?;
        self.note_channel(&mut tx, id, "tested", by).await?;
        tx.commit().await?;
        let (delivered, reply) = self.try_channel(&row, &new, &message).await;
        let outcome = Outcome {
            state: if delivered { "delivered" } else { "failed" },
            code: reply.code,
            answer: &reply.text,
            next_try_at: None,
        };
        let on = On::Write(&self.db);
        delivery_store::mark_answered(on, new.id, &outcome, self.clock.now()).await?;
        if reply.is_gone() {
            self.switch_off(id).await?;
        }
        Ok(Tested {
            delivered,
            code: reply.code,
            answer: reply.text,
        })
    }

    async fn try_channel(
        &self,
        row: &ChannelRow,
        new: &New<'_>,
        message: &Message,
    ) -> (bool, Reply) {
        let Some(destination) = self.open(row) else {
            return (
                false,
                Reply::failed("the channel does not open: its key is gone"),
            );
        };
        if row.way != Way::Mail {
            let reply = self.post(row, &destination, new.id, message).await;
            return (reply.is_success(), reply);
        }
        let letter = mail(&destination, message, row.locale);
        match self.courier.send_now(&letter).await {
            Ok(Left::ToServer(said)) => (true, Reply::failed(said)),
            Ok(Left::ToFolder) => (false, Reply::failed(NO_SERVER)),
            Err(failure) => (false, Reply::failed(failure)),
        }
    }

    /// Where a channel leads, when the address is one that its way can take; with a new secret, if it is a webhook.
    fn destination(&self, way: Way, to: &Sensitive) -> Result<Destination, AlertError> {
        let to = to.expose().trim();
        let judged = match way {
            Way::Mail => to.parse::<Email>().map(|_| ()),
            Way::Webhook | Way::Slack | Way::Teams => self.receiver.address(to).map(|_| ()),
        };
        judged.map_err(|code| invalid("to", code))?;
        Ok(Destination {
            to: Sensitive::new(to),
            secret: (way == Way::Webhook).then(|| new_secret(&*self.rng)),
        })
    }

    fn sealed(&self, id: ChannelId, destination: &Destination) -> Vec<u8> {
        let plain = Zeroizing::new(serde_json::to_vec(destination).unwrap_or_default());
        let associated = channel_store::associated(&id.to_string());
        self.seal.seal(&*self.rng, &associated, &plain)
    }

    pub(super) fn channel_view(&self, row: &ChannelRow) -> ChannelView {
        let destination = self.open(row);
        let to = destination.map(|destination| shown(row.way, destination.to.expose()));
        ChannelView {
            id: row.id,
            name: row.name.clone(),
            way: row.way,
            to: to.unwrap_or_default(),
            locale: row.locale,
            enabled: row.enabled,
            is_gone: row.gone_at.is_some(),
        }
    }

    async fn note_channel(
        &self,
        tx: &mut Tx,
        id: ChannelId,
        deed: &str,
        by: By<'_>,
    ) -> Result<(), StoreError> {
        let details = json!({ "channel": id, "deed": deed });
        self.note(tx, EventName::AlertChannelChanged, details, by)
            .await
    }
}

/// What is shown of where a channel leads: the rest of a web address opens its door.
fn shown(way: Way, to: &str) -> String {
    match way {
        Way::Mail => to.to_owned(),
        Way::Webhook | Way::Slack | Way::Teams => Url::parse(to)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default(),
    }
}
