//! A store that fails while a house serves, and the copy that stands in for it at a start.

use concierge_core::{keys::RingName, sensitive::Sensitive};
use concierge_server::{
    audit::Origin,
    config::{Reading, StoreAnswer},
    keys::{self, KeyringContents, Purpose, stores},
    platform::rng::OsRng,
};

use super::vault::{House, supply};
use crate::{
    key_desk::{new_keys, nobody},
    support::{app::TestApp, database::Database},
};

/// What a start beside this one would be given.
async fn started(house: &House, db: &Database, is_strict: bool) -> Reading {
    let mut reading = house.vault.reading(db.folder.path(), is_strict);
    let now = house.app.services.clock.now();
    stores::attach(&mut reading, now).await;
    reading
}

fn has_copy(db: &Database) -> bool {
    db.folder.path().join("keyring.last-good").exists()
}

async fn works(app: &TestApp) {
    let mut browser = app.browser();
    assert_ne!(browser.get("/api/profile").await.status, 500);
}

on_each_engine! {
    async fn a_store_that_fails_while_serving_is_told_once_and_changes_nothing(db) {
        let house = House::open(db).await;
        let mut browser = house.app.signed_in().await;
        for (status, says) in [(503, "Vault is sealed"), (403, "permission denied"), (429, "quota"), (500, "the key is hunter2")] {
            house.vault.fail(status, says);
            house.app.services.ask_key_store(false).await;
            house.app.services.ask_key_store(true).await;
            assert_eq!(browser.refresh().await.status, 200);
        }
        assert_eq!(house.app.events("key_store_down").await, 1, "an outage is one event");
        house.vault.mend();
        house.app.services.ask_key_store(false).await;
        assert_eq!(house.app.services.key_watch.fault(), None);
        house.vault.fail(503, "Vault is sealed");
        house.app.services.ask_key_store(false).await;
        assert_eq!(house.app.events("key_store_down").await, 2);
        works(&house.app).await;
    }

    async fn what_somebody_puts_into_the_store_is_taken_in_if_it_is_fit(db) {
        let house = House::open(db).await;
        let (mut contents, mine) = (house.vault.contents(), house.vault.active(RingName::Signing));
        house.vault.put("[signing]\nactive = 'nobody'\nkeys = []\n".to_owned());
        house.app.services.ask_key_store(false).await;
        assert_eq!(house.app.events("key_store_down").await, 1, "it holds no keyring");
        house.vault.put(new_keys(house.app.services.clock.now()).to_string());
        house.app.services.ask_key_store(false).await;
        assert_eq!(house.app.events("key_reload_failed").await, 1, "it holds another house's");
        let mut browser = house.app.signed_in().await;
        assert_eq!(crate::key_desk::kid(&browser.cookie("__Host-at")), mine);
        let theirs = new_keys(house.app.services.clock.now());
        contents.set(Purpose::Signing, theirs.ring(Purpose::Signing).cloned().expect("a ring"));
        house.vault.put(contents.to_string());
        house.app.services.ask_key_store(false).await;
        assert_eq!(house.app.events("key_reloaded").await, 1);
        assert_eq!(browser.refresh().await.status, 200);
        assert_eq!(crate::key_desk::kid(&browser.cookie("__Host-at")), house.vault.active(RingName::Signing));
    }

    async fn a_reading_asks_nobody(db) {
        let house = House::open(db).await;
        let before = house.vault.count_reads();
        for _ in 0..9 {
            house.app.services.look_at_keys().await;
            let _ = house.keeper().supply().read();
        }
        assert_eq!(house.vault.count_reads(), before);
    }

    async fn the_copy_is_as_new_as_the_last_rotation_and_stands_in_at_a_start(db) {
        let house = House::open(db).await;
        let origin = Origin::default();
        let rotated = house.rotate(Purpose::Signing, &[&house.app], nobody(&origin)).await;
        house.vault.fail(503, "Vault is sealed");
        let reading = started(&house, db, false).await;
        let StoreAnswer::Copy(copy, fault) = &*reading.keys().store.answer else {
            panic!("{:?}", reading.keys().store.answer);
        };
        assert!(fault.contains("sealed"), "{fault}");
        let contents = KeyringContents::parse(copy.text.expose()).expect("whole");
        assert_eq!(contents.ring(Purpose::Signing).expect("a ring").active, rotated);
        let strict = started(&house, db, true).await;
        let answer = &*strict.keys().store.answer;
        assert!(matches!(answer, StoreAnswer::Failed(_)), "{answer:?}");
        assert!(keys::read(&strict, house.app.services.clock.now()).is_err());
    }

    async fn what_no_start_would_take_is_kept_as_no_copy(db) {
        let house = House::open(db).await;
        let mine = house.vault.active(RingName::Signing);
        let good = house.vault.contents();
        let mut weak = good.clone();
        let mut ring = good.ring(Purpose::Signing).cloned().expect("a ring");
        ring.keys[0].value = Sensitive::new("0123456789abcdef".repeat(4));
        weak.set(Purpose::Signing, ring);
        house.vault.put(weak.to_string());
        started(&house, db, false).await;
        house.app.services.ask_key_store(false).await;
        house.vault.fail(503, "Vault is sealed");
        let reading = started(&house, db, false).await;
        let copy = KeyringContents::parse(reading.keys().store.text().expect("a copy").expose()).expect("whole");
        assert_eq!(copy, good, "the copy is the last that was good");
        assert_eq!(copy.ring(Purpose::Signing).expect("a ring").active, mine);
    }

    async fn a_strict_start_keeps_no_copy(db) {
        let house = House::open(db).await;
        for name in ["keyring.last-good", "keyring.last-good.key"] {
            std::fs::remove_file(db.folder.path().join(name)).expect("there");
        }
        let now = house.app.services.clock.now();
        for is_strict in [true, false] {
            let reading = started(&house, db, is_strict).await;
            assert!(keys::read(&reading, now).is_ok());
            let supply = supply(db, &house.vault, is_strict);
            supply.begin_with(&reading.keys().store.answer, now, &OsRng);
            supply.renew(now, &OsRng).await.expect("it answers");
            assert_eq!(has_copy(db), !is_strict);
        }
    }
}
