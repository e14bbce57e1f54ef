//! A key is revoked whatever became of the store it lives in.

use std::time::{Duration, Instant};

use concierge_core::keys::RingName;
use concierge_server::{
    audit::Origin,
    config::{Reading, StoreAnswer},
    key_desk::{KeyDeskError, list_incidents},
    keys::{
        self, KeeperError, KeyringContents, Purpose, StoredState,
        epoch_store::{RevokedKey, insert_revoked},
        stores,
    },
    platform::{clock::Clock as _, rng::OsRng},
    store::sql,
};

use super::vault::{House, ring};
use crate::{
    key_desk::{new_keys, nobody},
    support::{ADA, PASSWORD, browser::Browser, database::Database},
};

/// A revoke waits for no store longer than this before the database refuses the key.
const SOON: Duration = Duration::from_secs(4);

/// Waits until a browser's session is over.
async fn ended(house: &House, browser: &mut Browser) {
    let mut look = tokio::time::interval(Duration::from_millis(20));
    loop {
        look.tick().await;
        house.app.hear().await;
        if browser.get("/api/profile").await.status == 401 {
            return;
        }
    }
}

/// What wraps the data keys.
async fn wrappers(house: &House) -> Vec<String> {
    let rows = sql("SELECT DISTINCT wrapped_by FROM data_key").fetch_all(house.app.db());
    let rows = rows.await.expect("rows");
    rows.iter()
        .map(|row| row.text("wrapped_by").expect("text"))
        .collect()
}

/// The settings of a revoke beside the server, on a Vault that refuses us, a day and an hour later.
async fn much_later(house: &House, db: &Database, kid: Option<&str>) -> Reading {
    let mut reading = house.vault.reading(db.folder.path(), false);
    let now = house.app.clock.now().plus(Duration::from_secs(25 * 3600));
    match kid {
        Some(kid) => stores::attach_to_revoke(&mut reading, kid, now).await,
        None => stores::attach(&mut reading, now).await,
    }
    reading
}

on_each_engine! {
    async fn the_database_refuses_a_signing_key_while_the_store_never_answers(db) {
        let house = House::open(db).await;
        let mut browser = house.app.signed_in().await;
        let (origin, desk) = (Origin::default(), house.app.services.key_desk());
        let leaked = house.vault.active(RingName::Signing);
        house.vault.be_silent();
        let began = Instant::now();
        tokio::select! {
            done = desk.revoke(&leaked, "leaked", None, nobody(&origin)) => {
                panic!("the store never answers: {done:?}")
            }
            () = ended(&house, &mut browser) => {}
        }
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        // It was broken off between its halves: nobody signs in, and the same command does the second.
        house.app.services.reload_keys("announcement").await;
        let answer = house.app.browser().sign_in(ADA, PASSWORD).await;
        assert_ne!(answer.status, 200);
        house.vault.mend();
        let again = desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect("finished");
        assert_eq!(again.active, Some(house.vault.active(RingName::Signing)));
        assert_eq!(again.failure, None);
        house.app.services.ask_key_store(true).await;
        house.app.advance_seconds(1).await;
        assert_eq!(house.app.browser().sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(list_incidents(house.app.db(), 9).await.expect("incidents").len(), 1);
        assert_eq!(house.app.events("key_revoked").await, 1);
    }

    async fn a_revoke_that_is_repeated_ends_no_session_of_afterwards(db) {
        let house = House::open(db).await;
        let (origin, desk) = (Origin::default(), house.app.services.key_desk());
        let leaked = house.vault.active(RingName::Signing);
        let first = desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect("revoked");
        house.app.services.ask_key_store(true).await;
        house.app.advance_seconds(1).await;
        let mut browser = house.app.signed_in().await;
        house.app.advance_seconds(1).await;
        let text = house.vault.text();
        let again = desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect("said again");
        assert_eq!(again.incident.id, first.incident.id);
        assert_eq!(house.vault.text(), text);
        house.app.services.reload_keys("announcement").await;
        house.app.hear().await;
        assert_eq!(browser.refresh().await.status, 200);
    }

    async fn another_question_that_hangs_keeps_no_key_from_being_revoked(db) {
        let house = House::open(db).await;
        let mut browser = house.app.signed_in().await;
        let (origin, desk) = (Origin::default(), house.app.services.key_desk());
        let leaked = house.vault.active(RingName::Signing);
        house.vault.be_silent();
        let began = Instant::now();
        tokio::select! {
            biased;
            wait = house.app.services.ask_key_store(false) => panic!("it was asked: {wait:?}"),
            done = desk.revoke(&leaked, "leaked", None, nobody(&origin)) => {
                panic!("the store never answers: {done:?}")
            }
            () = ended(&house, &mut browser) => {}
        }
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }

    async fn what_is_no_keyring_in_the_store_keeps_no_key_from_being_revoked(db) {
        let house = House::open(db).await;
        let (origin, desk) = (Origin::default(), house.app.services.key_desk());
        let leaked = house.vault.active(RingName::Signing);
        let foreign = new_keys(house.app.clock.now()).to_string();
        let half = foreign.split("[sealing]").next().expect("the signing ring").to_owned();
        for text in ["no keyring".to_owned(), foreign, half] {
            house.vault.put(text.clone());
            house.app.services.ask_key_store(false).await;
            let revoked = desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect("revoked");
            assert_eq!(revoked.active, None);
            let failure = revoked.failure.expect("why there is no new key");
            assert!(!failure.contains('\n'), "{failure}");
            assert_eq!(house.vault.text(), text, "somebody else's text stays");
        }
        let mut browser = house.app.browser();
        assert_ne!(browser.sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(list_incidents(house.app.db(), 9).await.expect("incidents").len(), 1);
    }

    async fn a_wrapping_that_waits_for_the_store_keeps_nobody_from_hearing_of_a_revoke(db) {
        let house = House::open(db).await;
        let (services, now) = (&house.app.services, house.app.clock.now());
        // A sealing ring that was changed by hand: the data keys are to be wrapped, and the store is asked once more.
        let mut contents = house.vault.contents();
        let mut sealing = ring(&contents, Purpose::Sealing);
        let next = ring(&new_keys(now), Purpose::Sealing).keys.remove(0);
        sealing.keys[0].state = StoredState::Grace;
        sealing.keys[0].verify_until = Some(now.plus(Duration::from_secs(3600)));
        sealing.active.clone_from(&next.id);
        sealing.keys.push(next);
        contents.set(Purpose::Sealing, sealing);
        house.vault.put(contents.to_string());
        house.keeper().supply().renew(now, &OsRng).await.expect("it answers");
        house.vault.be_silent();
        let signing = ring(&contents, Purpose::Signing).keys.remove(0);
        let hearing = async {
            let mut look = tokio::time::interval(Duration::from_millis(20));
            while house.app.events("key_reloaded").await == 0 {
                look.tick().await;
            }
            let key = RevokedKey { fingerprint: keys::fingerprint(signing.value.expose()), kid: signing.id };
            let mut tx = house.app.db().begin().await.expect("a transaction");
            insert_revoked(&mut tx, Purpose::Signing, &key, now).await.expect("inserted");
            tx.commit().await.expect("committed");
            services.reload_keys("announcement").await;
        };
        let refused = async {
            let mut look = tokio::time::interval(Duration::from_millis(20));
            while !services.sessions.is_revoked() {
                look.tick().await;
            }
        };
        let began = Instant::now();
        tokio::select! {
            biased;
            () = refused => {}
            () = async { tokio::join!(services.look_at_keys(), hearing); } => panic!("the store never answers"),
        }
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }

    async fn nothing_is_wrapped_with_a_key_that_somebody_wrote_over(db) {
        let house = House::open(db).await;
        let (origin, desk) = (Origin::default(), house.app.services.key_desk());
        let leaked = house.vault.active(RingName::Sealing);
        house.vault.let_a_rival_overwrite(house.vault.text());
        let refused = desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect_err("overwritten");
        let KeyDeskError::Keeper(KeeperError::File(line)) = refused else {
            panic!("{refused}");
        };
        assert!(line.contains("was changed by somebody else meanwhile; try again"), "{line}");
        assert_eq!(wrappers(&house).await, std::slice::from_ref(&leaked));
        let revoked = desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect("revoked");
        let active = house.vault.active(RingName::Sealing);
        assert_eq!(revoked.active.as_ref(), Some(&active));
        assert_eq!(wrappers(&house).await, [active]);
    }

    async fn a_key_that_became_active_meanwhile_goes_with_the_others(db) {
        let house = House::open(db).await;
        let (origin, desk) = (Origin::default(), house.app.services.key_desk());
        let now = house.app.clock.now();
        let leaked = house.vault.active(RingName::Signing);
        // Waiting when this process asked, active in the store by the time of the revoke's second half.
        let mut contents = house.vault.contents();
        let mut signing = ring(&contents, Purpose::Signing);
        let next = ring(&new_keys(now), Purpose::Signing).keys.remove(0);
        signing.keys.push(keys::Stored { state: StoredState::Pending, ..next.clone() });
        contents.set(Purpose::Signing, signing.clone());
        house.vault.put(contents.to_string());
        desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect("revoked");
        let hidden = next.id.clone();
        for key in &mut signing.keys {
            key.state = if key.id == hidden { StoredState::Active } else { StoredState::Revoked };
        }
        signing.active.clone_from(&hidden);
        contents.set(Purpose::Signing, signing);
        house.vault.put(contents.to_string());
        let again = desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect("revoked");
        let active = house.vault.active(RingName::Signing);
        assert_eq!(again.active.as_ref(), Some(&active));
        assert!(active != hidden && active != leaked, "what the database refuses is not active");
    }

    async fn with_the_server_down_a_copy_of_any_age_is_enough_to_revoke(db) {
        let house = House::open(db).await;
        let leaked = house.vault.active(RingName::Signing);
        house.vault.fail(403, "permission denied");
        let refused = much_later(&house, db, None).await;
        assert!(matches!(&*refused.keys().store.answer, StoreAnswer::Failed(_)));
        let reading = much_later(&house, db, Some(&leaked)).await;
        let answer = &*reading.keys().store.answer;
        let StoreAnswer::Copy(_, why) = answer else {
            panic!("{answer:?}");
        };
        assert!(why.starts_with("403"), "{why}");
        assert!(keys::open(&reading, house.app.clock.now()).is_ok());
        house.vault.mend();
        house.vault.put(new_keys(house.app.clock.now()).to_string());
        house.app.services.ask_key_store(false).await;
        assert_eq!(house.app.events("key_reload_failed").await, 1, "strong, and of another house");
        let reading = much_later(&house, db, Some(&leaked)).await;
        let text = reading.keys().store.text().expect("a keyring").expose();
        let contents = KeyringContents::parse(text).expect("whole");
        assert_eq!(ring(&contents, Purpose::Signing).active, leaked, "the copy, for another's keyring");
        house.vault.be_silent();
        let began = Instant::now();
        let reading = much_later(&house, db, Some(&leaked)).await;
        assert!(matches!(&*reading.keys().store.answer, StoreAnswer::Copy(..)));
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
}
