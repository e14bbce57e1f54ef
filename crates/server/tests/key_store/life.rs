//! A ring that lives in a store: rotated, undone, revoked, with several processes serving.

use std::time::Duration;

use concierge_core::keys::RingName;
use concierge_server::{
    audit::Origin,
    key_desk::KeyDeskError,
    keys::{KeeperError, Purpose, Rotation, StoredState},
};
use serde_json::json;

use super::vault::{House, ring, while_asking};
use crate::{
    key_desk::{kid, new_keys, nobody},
    support::{ADA, PASSWORD},
};

on_each_engine! {
    async fn nobody_notices_a_rotation_and_its_undoing(db) {
        let house = House::open(db).await;
        let beside = house.beside(db).await;
        let (origin, both) = (Origin::default(), [&house.app, &beside]);
        let before = house.vault.active(RingName::Signing);
        let mut browser = house.app.signed_in().await;
        let rotated = house.rotate(Purpose::Signing, &both, nobody(&origin)).await;
        assert_eq!(house.vault.count_versions(), 3, "the first, the pending key, its promotion");
        let mut there = beside.browser();
        there.cookies = browser.cookies.clone();
        assert_eq!(there.get("/api/profile").await.status, 200, "signed by the key in grace");
        for app in both {
            app.services.ask_key_store(false).await;
        }
        assert_eq!(browser.refresh().await.status, 200);
        assert_eq!(kid(&browser.cookie("__Host-at")), rotated);
        there.cookies = browser.cookies.clone();
        assert_eq!(there.get("/api/profile").await.status, 200);

        house.rotate(Purpose::Sealing, &both, nobody(&origin)).await;
        let undone = house.keeper().undo(Purpose::Signing, None, nobody(&origin)).await.expect("undone");
        assert_eq!((&undone.active, &undone.previous), (&before, &rotated));
        assert_eq!(house.vault.active(RingName::Signing), before);
        beside.services.ask_key_store(false).await;
        assert_eq!(there.refresh().await.status, 200);
        assert_eq!(kid(&there.cookie("__Host-at")), before);
        assert_eq!(house.app.events("key_rotated").await, 2);
    }

    async fn the_calendar_rotates_what_is_due(db) {
        let house = House::open(db).await;
        let before = RingName::ALL.map(|ring| house.vault.active(ring));
        house.app.advance(Duration::from_secs(91 * 24 * 3600)).await;
        while_asking(&[&house.app], house.app.services.keep_keys()).await.expect("kept");
        for (ring, before) in RingName::ALL.into_iter().zip(before) {
            assert_ne!(house.vault.active(ring), before);
        }
    }

    async fn who_changes_keys_tells_the_others_of_it(db) {
        let house = House::open(db).await;
        let position = house.app.db().feed_position().await.expect("a position");
        let origin = Origin::default();
        house.rotate(Purpose::Signing, &[&house.app], nobody(&origin)).await;
        let changes = house.app.db().changes_since(position).await.expect("changes");
        assert_eq!(changes.len(), 2, "one for each write");
    }

    async fn a_revoke_ends_everything_and_the_store_has_the_key_that_follows(db) {
        let house = House::open(db).await;
        let beside = house.beside(db).await;
        let mut here = house.app.signed_in_admin().await;
        let mut there = beside.browser();
        there.cookies = here.cookies.clone();
        let leaked = house.vault.active(RingName::Signing);
        let answer = here.post(&format!("/api/keys/{leaked}/revoke"), json!({ "reason": "seen in a log" })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let contents = house.vault.contents();
        let signing = ring(&contents, Purpose::Signing);
        assert_eq!(answer.json()["active"], signing.active.as_str());
        let old = signing.keys.iter().find(|key| key.id == leaked).expect("still named");
        assert_eq!(old.state, StoredState::Revoked);
        assert!(contents.epoch.is_some());
        beside.hear().await;
        there.get("/api/profile").await.assert_problem(401, "unauthenticated");
        house.app.advance_seconds(1).await;
        beside.services.ask_key_store(true).await;
        let mut anew = beside.browser();
        assert_eq!(anew.sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(kid(&anew.cookie("__Host-at")), signing.active);
    }

    async fn a_revoked_sealing_key_is_wiped_in_the_store(db) {
        let house = House::open(db).await;
        let origin = Origin::default();
        let leaked = house.vault.active(RingName::Sealing);
        let desk = house.app.services.key_desk();
        desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect("revoked");
        let sealing = ring(&house.vault.contents(), Purpose::Sealing);
        assert_ne!(sealing.active, leaked);
        let old = sealing.keys.iter().find(|key| key.id == leaked).expect("still named");
        assert!(old.value.expose().is_empty());
    }

    async fn a_store_that_is_down_keeps_no_key_from_being_revoked(db) {
        let house = House::open(db).await;
        let mut browser = house.app.signed_in().await;
        let (origin, desk) = (Origin::default(), house.app.services.key_desk());
        let leaked = house.vault.active(RingName::Signing);
        house.vault.fail(503, "Vault is sealed");
        let revoked = desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect("revoked");
        assert_eq!(revoked.active, None);
        let failure = revoked.failure.expect("why there is no new key");
        assert_eq!(failure, "Vault, secret secret/concierge/staging: it is sealed; unseal it and try again");
        house.app.hear().await;
        house.app.services.ask_key_store(true).await;
        browser.get("/api/profile").await.assert_problem(401, "unauthenticated");
        house.vault.mend();
        house.app.services.ask_key_store(true).await;
        browser.get("/api/profile").await.assert_problem(401, "unauthenticated");
        assert_eq!(house.vault.active(RingName::Signing), leaked, "nobody could write it");
        let again = desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect("finished");
        assert_eq!(again.active, Some(house.vault.active(RingName::Signing)));
        house.app.services.ask_key_store(true).await;
        house.app.advance_seconds(1).await;
        let mut anew = house.app.browser();
        assert_eq!(anew.sign_in(ADA, PASSWORD).await.status, 200);
    }

    async fn a_sealing_key_is_not_revoked_while_the_store_is_down(db) {
        let house = House::open(db).await;
        let origin = Origin::default();
        let leaked = house.vault.active(RingName::Sealing);
        house.vault.fail(503, "Vault is sealed");
        let desk = house.app.services.key_desk();
        let refused = desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect_err("not revoked");
        let KeyDeskError::Keeper(KeeperError::File(line)) = refused else {
            panic!("{refused}");
        };
        assert!(line.contains("it is sealed") && !line.contains('\n'), "{line}");
    }

    async fn of_two_that_write_one_wins_and_the_other_is_told(db) {
        let house = House::open(db).await;
        let theirs = new_keys(house.app.services.clock.now()).to_string();
        house.vault.let_a_rival_win(theirs.clone());
        let origin = Origin::default();
        let rotating = house.keeper().rotate(Rotation::of(Purpose::Signing), nobody(&origin), &|_| {});
        let told = rotating.await.expect_err("too late").to_string();
        assert_eq!(told, "Vault, secret secret/concierge/staging was changed by somebody else meanwhile; try again");
        assert_eq!(house.vault.text(), theirs);
        assert_eq!(house.app.events("key_rotation_failed").await, 1);
    }

    async fn what_was_written_and_whose_answer_was_lost_counts(db) {
        let house = House::open(db).await;
        house.vault.lose_answers();
        let origin = Origin::default();
        let rotated = house.rotate(Purpose::Signing, &[&house.app], nobody(&origin)).await;
        assert_eq!(house.vault.active(RingName::Signing), rotated);
        assert_eq!(house.app.events("key_rotated").await, 1);
    }

    async fn a_keyring_file_beside_the_store_is_moved_away_first(db) {
        let house = House::open(db).await;
        let path = db.folder.path().join("secrets.staging.toml");
        std::fs::write(&path, house.vault.text()).expect("written");
        let (origin, before) = (Origin::default(), house.vault.text());
        let keeper = house.keeper();
        let rotating = keeper.rotate(Rotation::of(Purpose::Signing), nobody(&origin), &|_| {});
        let refused = rotating.await.expect_err("refused").to_string();
        assert!(refused.contains("move it away first"), "{refused}");
        assert_eq!(house.vault.text(), before);
        std::fs::remove_file(&path).expect("moved away");
        let rotating = keeper.rotate(Rotation::of(Purpose::Signing), nobody(&origin), &|_| {});
        while_asking(&[&house.app], rotating).await.expect("rotated");
    }
}
