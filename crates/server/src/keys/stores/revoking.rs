//! The store of the keys for who revokes one with the server down.

use std::sync::Arc;

use concierge_core::time::Timestamp;

use super::{
    super::emergency::Target,
    BRIEF, Fault, ask,
    start::{Named, attach, take},
};
use crate::config::{Reading, StoreAnswer};

/// Asks the store for the keyring in which a key is to be revoked. That must be possible whatever became of the store,
/// of our access to it or of what it holds, and revoking only refuses. So where the store does not tell of the key, a
/// copy of any age does, and where one does the store is not waited for.
pub async fn attach_to_revoke(reading: &mut Reading, kid: &str, now: Timestamp) {
    let named = Named::of(reading);
    let copy = match reading.keys().store.kind.is_remote() {
        true => named.copy_of_any_age(),
        false => None,
    };
    let Some((text, at)) = copy else {
        return attach(reading, now).await;
    };
    let copy = |why: &str| {
        let given = named.gave(text.expose(), Some(at));
        Arc::new(StoreAnswer::Copy(given, why.to_owned()))
    };
    let knows = |reading: &Reading| Target::find(reading, kid, now).is_some();
    reading.keys_mut().store.answer = copy("");
    if !knows(reading) {
        return attach(reading, now).await;
    }
    let fetched = tokio::time::timeout(BRIEF, ask(reading)).await;
    let why = match &fetched {
        Err(_) => format!("no answer within {} s", BRIEF.as_secs()),
        Ok(Err(fault)) => fault.to_string(),
        Ok(Ok(_)) => format!("it has no key {kid}"),
    };
    take(reading, fetched.unwrap_or(Err(Fault::Timeout)), now);
    if !knows(reading) {
        reading.keys_mut().store.answer = copy(&why);
    }
}
