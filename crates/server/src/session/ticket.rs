//! Tickets: sessions in waiting. The password was right and a step is still to be done.
//!
//! A ticket opens its one step and nothing else, once, for five minutes and five tries. Whatever ends the sessions of
//! an account kills its tickets in the same transaction, so that no second step outlives a lock (invariant I4).

use std::time::Duration;

use concierge_core::{
    account::AccountId, sensitive::Sensitive, session::Transport, sign_in::api::Step,
};

use super::{service::Sessions, ticket_store as store};
use crate::{
    platform::seal,
    store::{StoreError, Tx},
};

/// How long a ticket opens its step.
pub const TICKET_LIFE: Duration = Duration::from_secs(5 * 60);
/// How many codes may be tried with it.
const TRIES: i64 = 5;

/// What a new ticket needs to know.
#[derive(Debug)]
pub struct NewTicket<'a> {
    /// The account.
    pub account: AccountId,
    /// The step it opens.
    pub step: Step,
    /// How the tokens of its session will travel; the ticket travels so, too.
    pub transport: Transport,
    /// Whether its session will live for days.
    pub remember: bool,
    /// The device cookie that came along: then it must come along again.
    pub device: Option<&'a str>,
}

/// A ticket that still opens its step.
#[derive(Debug)]
pub struct Ticket {
    /// What is kept of it; no secret.
    pub digest: String,
    /// The account.
    pub account: AccountId,
    /// The step it opens.
    pub step: Step,
    /// How the tokens of its session will travel.
    pub transport: Transport,
    /// Whether its session will live for days.
    pub remember: bool,
    pub(super) device_digest: Option<String>,
}

/// A ticket as it came: a browser's cookie and a client's body are two doors, as with refresh tokens.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// The ticket.
    pub token: &'a str,
    /// By which door.
    pub transport: Transport,
    /// The device cookie that came along.
    pub device: Option<&'a str>,
}

impl Sessions {
    /// Makes a ticket inside the transaction of a sign-in.
    pub async fn issue_ticket(
        &self,
        tx: &mut Tx,
        new: &NewTicket<'_>,
    ) -> Result<Sensitive, StoreError> {
        let now = self.clock.now();
        let token = self.rng.token();
        store::insert(
            tx,
            &digest_of(token.expose()),
            new,
            now,
            now.plus(TICKET_LIFE),
        )
        .await?;
        Ok(token)
    }

    /// The ticket, if it still opens its step and came by its own door, from its own device.
    pub async fn ticket(&self, presented: &Presented<'_>) -> Result<Option<Ticket>, StoreError> {
        let digest = digest_of(presented.token);
        let found = store::find_by_digest(&self.db, &digest, TRIES, self.clock.now()).await?;
        Ok(found.filter(|ticket| {
            let is_own_device = ticket.device_digest.is_none()
                || ticket.device_digest == presented.device.map(digest_of);
            ticket.transport == presented.transport && is_own_device
        }))
    }

    /// Counts a try before the code is looked at; `false` when none is left.
    pub async fn try_ticket(&self, ticket: &Ticket) -> Result<bool, StoreError> {
        store::mark_tried(&self.db, &ticket.digest, TRIES, self.clock.now()).await
    }

    /// Uses a ticket up inside the transaction of what it opened; `false` when somebody else did, or it was killed.
    pub async fn use_ticket(&self, tx: &mut Tx, ticket: &Ticket) -> Result<bool, StoreError> {
        store::mark_used(tx, &ticket.digest, self.clock.now()).await
    }

    /// Kills the tickets of an account.
    pub async fn kill_tickets(&self, tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
        store::delete_of_account(tx, account).await
    }

    /// Deletes tickets that have run out.
    pub async fn purge_tickets(&self) -> Result<u64, StoreError> {
        store::delete_expired(&self.db, self.clock.now()).await
    }
}

/// No key: of 256 random bits a digest gives nothing away.
pub(super) fn digest_of(token: &str) -> String {
    hex::encode(seal::sha256(token.as_bytes()))
}
