//! The one use case: count what goes, and let it go.

use std::collections::BTreeMap;

use concierge_core::{audit::EventName, time::Timestamp};
use serde::Serialize;
use serde_json::json;

use crate::{
    account, alert,
    audit::{self, Event, Origin},
    keys::{
        Keeper, KeeperError,
        data_keys::{self, DataKeyError},
    },
    mail,
    platform::{keyring::Ring, rng::Rng},
    recovery, session, sign_in,
    store::{Db, StoreError, Tx, feed::Change},
    totp,
};

/// Why a lost key was not replaced.
#[derive(Debug, thiserror::Error)]
pub enum LostKeyError {
    /// The keys at hand open every data key.
    #[error(
        "nothing is lost: the sealing keys at hand open every data key, so nothing was changed; to get rid of a key use `concierge key rotate` or `concierge key revoke`"
    )]
    NothingLost,
    /// Another sealing key is active by now: what it would wrap nobody could open.
    #[error(
        "the sealing keys were changed meanwhile, so nothing was changed; give the same command again"
    )]
    Changed,
    /// The data keys, or the database, failed.
    #[error(transparent)]
    DataKey(#[from] DataKeyError),
    /// Somebody else changes the keys right now.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The sealing keys that are not at hand.
    pub lost: Vec<String>,
    /// The key that wraps the new data keys.
    pub active: String,
    /// Sessions that end.
    pub sessions: u64,
    /// Second factors whose seed is gone.
    pub second_factors: u64,
    /// Browsers that are strangers from now on.
    pub devices: u64,
    /// Links in mails and invitations, and sign-ins between two steps.
    pub links: u64,
    /// Mails that nobody can read, by letter.
    pub mails: BTreeMap<String, u64>,
    /// Channels of alerts, by name: nobody knows where they led.
    pub channels: Vec<String>,
}

/// What would go. Nothing is changed: the same is done as by [`replace`], and rolled back.
pub async fn rehearse(
    db: &Db,
    sealing: &Ring,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<Loss, LostKeyError> {
    let mut tx = db.begin().await?;
    perform(&mut tx, sealing, now, rng).await
}

/// Lets what a lost sealing key sealed go, and makes new data keys, wrapped by the active key. Nobody else changes the
/// keys meanwhile: a rotation would wrap what goes.
pub async fn replace(
    db: &Db,
    keeper: &Keeper,
    sealing: &Ring,
    reason: &str,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<Loss, LostKeyError> {
    let lease = keeper.lease().await?;
    let replaced = async {
        // Read again with the turn in hand: somebody was asked in between, and took their time.
        if !keeper.is_still_active(sealing).await? {
            return Err(LostKeyError::Changed);
        }
        let mut tx = db.begin().await?;
        keeper.hold_in(&mut tx, &lease).await?;
        replace_alone(tx, sealing, reason, now, rng).await
    };
    let replaced = replaced.await;
    keeper.give_back(&lease).await;
    replaced
}

async fn replace_alone(
    mut tx: Tx,
    sealing: &Ring,
    reason: &str,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<Loss, LostKeyError> {
    let loss = perform(&mut tx, sealing, now, rng).await?;
    let origin = Origin::default();
    let details = json!({ "reason": reason, "loss": loss });
    let event = Event::anonymous(EventName::KeyLostReplaced, &origin).with(details);
    audit::record(&mut tx, &event, now, rng).await?;
    tx.announce(&[Change::Everything], now).await?;
    tx.commit().await?;
    Ok(loss)
}

async fn perform(
    tx: &mut Tx,
    sealing: &Ring,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<Loss, LostKeyError> {
    let replaced = data_keys::replace_lost(tx, sealing, now, rng).await?;
    let (lost, keys) = replaced.ok_or(LostKeyError::NothingLost)?;
    // A session's key may have survived. Still all end: whoever has the lost key and an old copy of the database holds
    // their keys, too.
    let sessions = session::mark_every_session_ended(tx, now).await?;
    let mut links = session::delete_every_ticket(tx).await?;
    links += account::delete_open_account_links(tx).await?;
    links += recovery::delete_open_links(tx).await?;
    let devices = session::delete_every_device(tx).await?;
    // Counted by a digest that is another from now on.
    sign_in::delete_counts(tx, now).await?;
    recovery::delete_unreadable_copies(tx, &keys.totp).await?;
    audit::chain_anew(tx, &keys.audit, now).await?;
    Ok(Loss {
        second_factors: totp::delete_unreadable_seeds(tx, &keys.totp).await?,
        mails: mail::delete_unreadable_mails(tx, &keys.mail).await?,
        channels: alert::delete_unreadable_channels(tx, &keys.alert).await?,
        active: sealing.active().id.clone(),
        lost,
        sessions,
        devices,
        links,
    })
}
