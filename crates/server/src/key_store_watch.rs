//! Asks the store of the keys again while serving: when called for, and once a minute.
//!
//! A store that fails changes nothing: the keys of before stay in use, one line and one event say so, and it is asked
//! again soon. What the database calls revoked is refused without waiting for any store.

use std::{sync::Arc, time::Duration};

use concierge_core::audit::EventName;
use serde_json::json;

use crate::{config::StoreAnswer, keys::stores::Fault, services::Services, store::StoreError};

/// How often the store is asked when nothing calls for it.
const USUAL: Duration = Duration::from_secs(60);
/// When it is asked again after it failed, or said nothing new where something new was announced.
const SOON: Duration = Duration::from_secs(10);

/// Asks until the end begins.
pub async fn watch(services: Arc<Services>) {
    if !services.keeper.supply().is_remote() {
        return;
    }
    let mut wait = match services.key_watch.fault() {
        Some(_) => SOON,
        None => USUAL,
    };
    while !services.shutdown.has_begun() {
        let is_called = tokio::select! {
            () = services.shutdown.begun() => break,
            () = services.key_watch.called_for_store() => true,
            () = tokio::time::sleep(wait) => false,
        };
        wait = services.ask_key_store(is_called).await;
    }
}

impl Services {
    /// Asks the store once, and takes in what is new. Where it was called for there is a reload in any case: what is
    /// known may have to be judged anew. Answers when to ask again.
    pub async fn ask_key_store(&self, is_called: bool) -> Duration {
        let supply = self.keeper.supply();
        let before = supply.answer();
        let fault = match supply.fetch(self.clock.now(), &*self.rng).await {
            Ok(Some(_)) => None,
            Ok(None) => Some(Fault::NotFound("the keyring".to_owned())),
            Err(fault) => Some(fault),
        };
        let is_news = !Arc::ptr_eq(&before, &supply.answer());
        self.tell_of_store(fault.as_ref()).await;
        if is_called {
            self.reload_keys("key store").await;
        } else {
            self.look_at_keys().await;
        }
        match fault {
            // It wants fewer questions.
            Some(Fault::Busy) => USUAL,
            Some(_) => SOON,
            None if is_called && !is_news => SOON,
            None => USUAL,
        }
    }

    /// One line and one event when it begins to fail; one line when it fails otherwise, or is back.
    async fn tell_of_store(&self, fault: Option<&Fault>) {
        let source = self.keeper.supply().name();
        let before = self.key_watch.fault();
        let fault = fault.map(ToString::to_string);
        if before.as_deref() == fault.as_ref() {
            return;
        }
        self.key_watch.set_fault(fault.clone());
        let Some(fault) = fault else {
            tracing::info!("{source} answers again");
            return;
        };
        tracing::error!(
            "{source}: {fault}; the keys that are known stay in use, and it is asked again"
        );
        if before.is_none() {
            let host = &self.key_watch.instance.host;
            let details = json!({ "source": source, "result": fault, "host": host });
            let recorded = self.record_about_keys(EventName::KeyStoreDown, details);
            if let Err(error) = recorded.await {
                tracing::warn!(%error, "an event about the key store could not be written down");
            }
        }
    }

    /// Says it loudly when the keys are the last good copy of a store that does not answer.
    pub async fn report_copy(&self) -> Result<(), StoreError> {
        let answer = self.keeper.supply().answer();
        let StoreAnswer::Copy(copy, fault) = &*answer else {
            return Ok(());
        };
        let source = copy.source.to_string();
        tracing::error!(%source, %fault, "the key store does not answer: the keys are its last good copy");
        let details =
            json!({ "source": source, "result": fault, "host": self.key_watch.instance.host });
        self.record_about_keys(EventName::KeyStoreDown, details)
            .await
    }
}
