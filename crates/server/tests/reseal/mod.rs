//! The versions of data keys: new ones reach a running server, and what old ones sealed moves on to them.

mod moving;
mod versions;

use concierge_core::time::Timestamp;
use concierge_server::{
    keys::data_keys::{self, DataKeys, DataPurpose},
    platform::{
        keyring::{Key, KeyState, Ring, Scheme},
        rng::OsRng,
    },
    store::Db,
};
use zeroize::Zeroizing;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A sealing key; who has its name in common with another is still another.
pub(crate) fn key(id: &str, secret: &str) -> Key {
    Key {
        id: id.to_owned(),
        secret: Zeroizing::new(secret.as_bytes().to_vec()),
        scheme: Scheme::Hs256,
        state: KeyState::Active,
    }
}

/// A ring of one key.
pub(crate) fn ring(id: &str, secret: &str) -> Ring {
    Ring::new(key(id, secret), vec![])
}

async fn load(db: &Db, sealing: &Ring) -> DataKeys {
    let loaded = data_keys::load(db, sealing, NOW, &OsRng).await;
    loaded.expect("the data keys open")
}

/// New versions of all that get them when a sealing key is revoked.
pub(crate) async fn renew(db: &Db, sealing: &Ring) {
    let mut tx = db.begin().await.expect("a transaction");
    let active = sealing.active();
    let renewed = data_keys::renew(&mut tx, &DataPurpose::RENEWED, active, NOW, &OsRng);
    renewed.await.expect("renewed");
    tx.commit().await.expect("committed");
}
