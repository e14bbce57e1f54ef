//! Keys in a store: their life there, and what happens while the store does not answer.

#[cfg(feature = "vault")]
mod client;
#[cfg(feature = "vault")]
mod command;
#[cfg(feature = "vault")]
mod emergency;
#[cfg(feature = "vault")]
mod life;
#[cfg(feature = "vault")]
mod outage;
#[cfg(feature = "vault")]
mod vault;

use std::sync::Arc;

use concierge_core::time::Timestamp;
use concierge_server::{
    boot,
    config::{Config, DatabaseUrl, Given, Source, StoreAnswer, StoreKind},
    keys::Supply,
    platform::shutdown::Shutdown,
    store::sql,
};

on_each_engine! {
    async fn a_start_on_the_last_good_copy_is_an_event(db) {
        let mut config = Config::for_test(db.folder.path().to_owned());
        config.database_url = DatabaseUrl::parse(&db.url).expect("a URL");
        let source = Source::Store {
            store: "Vault",
            name: "secret/concierge/test".to_owned(),
            copy_of: Some(Timestamp::from_millis(1_795_219_200_000)),
        };
        config.keys.store.kind = StoreKind::Vault;
        let fault = "it is sealed".to_owned();
        config.keys.store.answer = Arc::new(StoreAnswer::Copy(Given::new("", source), fault));
        let (_, shutdown) = Shutdown::manual();
        let folder = config.data.clone();
        let supply = Supply::new(move || Config::reading_for_test(&folder));
        let services = boot::assemble(config, supply, shutdown).await.expect("it opens");
        services.report_copy().await.expect("told");
        let events = sql("SELECT details FROM event WHERE name = 'key_store_down'");
        let events = events.fetch_all(&services.db).await.expect("events");
        assert_eq!(events.len(), 1);
        let details = events[0].text("details").expect("text");
        assert!(details.contains("it is sealed") && details.contains("secret/concierge/test"));
        services.db.close().await;
    }
}
