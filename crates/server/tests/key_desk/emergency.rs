//! The emergency: whatever a compromised key could have made is refused everywhere.

use std::time::Duration;

use concierge_core::keys::RingName;
use concierge_server::{
    audit::Origin,
    config::Environment,
    key_desk::{KeyDeskError, list_incidents},
    keys::{self, KeeperError, Purpose, Rotation, StoredState, data_keys::DataPurpose},
    platform::rng::OsRng,
    store::{On, sql},
};
use serde_json::json;

use super::{House, nobody, supply, while_watching};
use crate::support::{ADA, PASSWORD, app::TestApp, database::Database};

/// Takes the news in, as a running process does within a quarter of a second.
pub async fn hear(app: &TestApp) {
    app.hear().await;
    app.services.reload_keys("announcement").await;
}

/// Another process on the same keyring, on a machine whose clock is an hour ahead.
pub async fn ahead(house: &House, db: &Database) -> TestApp {
    let app = house.app.beside_with(db, |options| {
        options.supply = supply(db.folder.path());
        options.clock = std::sync::Arc::default();
        options.clock.advance(Duration::from_secs(3600));
    });
    let app = app.await;
    house.begin(&app).await;
    app
}

on_each_engine! {
    async fn a_revoked_signing_key_ends_everything_on_both_processes(db) {
        let house = House::open(db).await;
        let beside = house.beside(db).await;
        let mut here = house.app.signed_in_admin().await;
        let mut there = beside.browser();
        there.cookies = here.cookies.clone();
        let mut known = house.app.browser();
        known.cookies = here.cookies.clone();
        assert_eq!(there.get("/api/profile").await.status, 200);
        let kid = house.active(RingName::Signing);
        let link = there.post("/api/admin/invitations", json!({ "role": "member" })).await;
        assert_eq!(link.status, 201, "{}", link.text());
        // Whatever the clock of the machine that made them said.
        for statement in ["UPDATE invitation SET expires_at = 0", "UPDATE device SET seen_at = 9000000000000"] {
            let changed = sql(statement).execute(On::Write(house.app.db())).await;
            assert_eq!(changed.expect("changed"), 1, "{statement}");
        }
        let answer = here.post(&format!("/api/keys/{kid}/revoke"), json!({ "reason": "seen in a log" })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let revoked = answer.json();
        assert_eq!(revoked["incident"]["sessions_before"], 1);
        assert_eq!(revoked["incident"]["sessions_after"], 0);
        assert_ne!(revoked["active"], kid.as_str());
        here.cookies = there.cookies.clone();
        here.get("/api/profile").await.assert_problem(401, "unauthenticated");
        here.refresh().await.assert_problem(401, "unauthenticated");
        hear(&beside).await;
        there.get("/api/profile").await.assert_problem(401, "unauthenticated");
        there.refresh().await.assert_problem(401, "unauthenticated");
        for table in ["not_me_link", "invitation", "device", "ticket", "recovery_link", "email_change", "registration", "setup_token"] {
            assert_eq!(house.app.count(table).await, 0, "{table}");
        }
        assert_eq!(house.app.events("key_revoked").await, 1);
        house.app.advance_seconds(1).await;
        hear(&beside).await;
        let mut anew = beside.browser();
        assert_eq!(anew.sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(anew.get("/api/profile").await.status, 200);
    }

    async fn an_older_database_brings_nothing_back(db) {
        let house = House::open(db).await;
        let browser = house.app.signed_in().await;
        let (origin, desk) = (Origin::default(), house.app.services.key_desk());
        let kid = house.active(RingName::Signing);
        desk.revoke(&kid, "leaked", None, nobody(&origin)).await.expect("revoked");
        // What a backup from before would say.
        for statement in [
            "UPDATE session SET ended_at = NULL, end_reason = NULL",
            "UPDATE key_epoch SET epoch = 0",
            "DELETE FROM revoked_key",
            "DELETE FROM incident",
        ] {
            sql(statement).execute(On::Write(house.app.db())).await.expect("put back");
        }
        let after = house.beside(db).await;
        let mut thief = after.browser();
        thief.cookies = browser.cookies.clone();
        thief.get("/api/profile").await.assert_problem(401, "unauthenticated");
        thief.refresh().await.assert_problem(401, "unauthenticated");
        let incidents = list_incidents(after.db(), 10).await.expect("incidents");
        assert_eq!(incidents.len(), 1);
        assert_eq!(incidents[0].kid, kid);
    }

    async fn what_was_broken_off_after_the_keyring_is_finished_by_whoever_reads_it(db) {
        let house = House::open(db).await;
        let beside = house.beside(db).await;
        let mut browser = house.app.signed_in().await;
        let kid = house.active(RingName::Signing);
        let target = keys::emergency::Target::find(&house.app.services.keeper.supply().read(), &kid, house.app.services.clock.now());
        let target = target.expect("the key");
        let half = house.app.services.keeper.revoke_in_keyring(&target, None, house.app.services.clock.now()).await;
        assert!(half.expect("revoked").active.is_some());
        // Killed here. The other process sees the file.
        beside.services.reload_keys("changed file").await;
        house.app.hear().await;
        browser.refresh().await.assert_problem(401, "unauthenticated");
        assert_eq!(list_incidents(beside.db(), 10).await.expect("incidents").len(), 1);
        // The command, repeated, changes nothing more.
        let origin = Origin::default();
        let revoked = beside.services.key_desk().revoke(&kid, "leaked", None, nobody(&origin)).await;
        assert_eq!(revoked.expect("known").incident.kid, kid);
        assert_eq!(list_incidents(beside.db(), 10).await.expect("incidents").len(), 1);
    }

    async fn keys_that_went_together_are_one_incident_also_when_a_process_finished_it(db) {
        let house = House::open(db).await;
        let beside = house.beside(db).await;
        let (origin, keeper) = (Origin::default(), &house.app.services.keeper);
        for ring in [RingName::Signing, RingName::Sealing] {
            let before = (beside.count("incident").await, beside.count("data_key").await);
            let first = house.active(ring);
            let rotating = keeper.rotate(Rotation::of(ring.into()), nobody(&origin), &|_| {});
            while_watching(&[&house.app, &beside], rotating).await.expect("rotated");
            let kid = house.active(ring);
            let target = keys::emergency::Target::find(&keeper.supply().read(), &kid, house.app.services.clock.now());
            keeper.revoke_in_keyring(&target.expect("the key"), None, house.app.services.clock.now()).await.expect("revoked");
            // Killed here. The other process sees the file.
            beside.services.reload_keys("changed file").await;
            assert_eq!(beside.count("incident").await, before.0 + 1);
            let renewed = DataPurpose::RENEWED.len() as i64;
            let sealed_anew = if ring == RingName::Sealing { renewed } else { 0 };
            assert_eq!(beside.count("data_key").await, before.1 + sealed_anew);
            // The command, repeated, tells the reason; the key that went along is of the same incident.
            for asked in [&kid, &first] {
                let desk = beside.services.key_desk();
                let revoked = desk.revoke(asked, "leaked", None, nobody(&origin)).await;
                let incident = revoked.expect("known").incident;
                assert_eq!((&incident.kid, &*incident.reason), (&kid, "leaked"));
            }
            assert_eq!(beside.count("incident").await, before.0 + 1);
            assert_eq!(beside.count("data_key").await, before.1 + sealed_anew);
        }
    }

    async fn a_revoked_sealing_key_that_a_process_finished_loses_its_value_with_the_next_tidying(db) {
        let house = House::open(db).await;
        let keeper = &house.app.services.keeper;
        let kid = house.active(RingName::Sealing);
        let target = keys::emergency::Target::find(&keeper.supply().read(), &kid, house.app.services.clock.now());
        keeper.revoke_in_keyring(&target.expect("the key"), None, house.app.services.clock.now()).await.expect("revoked");
        let value = || {
            let contents = house.contents();
            let ring = contents.ring(Purpose::Sealing).expect("the ring");
            let key = ring.keys.iter().find(|key| key.id == kid).expect("its id stays");
            key.value.expose().to_owned()
        };
        let origin = Origin::default();
        keeper.tidy(nobody(&origin)).await.expect("tidied");
        assert_ne!(value(), "", "the database does not know which key it was");
        house.app.services.reload_keys("changed file").await;
        keeper.tidy(nobody(&origin)).await.expect("tidied");
        assert_eq!(value(), "");
        house.app.services.reload_keys("changed file").await;
        assert_eq!(house.app.events("key_reload_failed").await, 0);
        house.app.signed_in().await;
    }

    async fn a_revoked_sealing_key_opens_nothing_any_more(db) {
        let house = House::open(db).await;
        let mut browser = house.app.signed_in().await;
        let kid = house.active(RingName::Sealing);
        let origin = Origin::default();
        let revoked = house.app.services.key_desk().revoke(&kid, "leaked", None, nobody(&origin)).await;
        assert_ne!(revoked.expect("revoked").active, Some(kid.clone()));
        hear(&house.app).await;
        browser.refresh().await.assert_problem(401, "unauthenticated");
        let contents = house.contents();
        let ring = contents.ring(Purpose::Sealing).expect("the ring");
        let old = ring.keys.iter().find(|key| key.id == kid).expect("its id stays");
        assert_eq!((old.state, old.value.expose()), (StoredState::Revoked, ""));
        let row = sql("SELECT COUNT(*) AS n FROM data_key WHERE wrapped_by = $1").bind(kid.as_str());
        let wrapped = row.fetch_one(house.app.db()).await.and_then(|row| row.int("n"));
        assert_eq!(wrapped.expect("a count"), 0);
        house.app.advance_seconds(1).await;
        assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
        let after = house.beside(db).await;
        let mut elsewhere = after.browser();
        elsewhere.cookies = browser.cookies.clone();
        assert_eq!(elsewhere.refresh().await.status, 200);
    }

    async fn a_revoke_by_a_clock_that_is_ahead_keeps_nobody_out(db) {
        let house = House::open(db).await;
        let ahead = ahead(&house, db).await;
        let mut browser = house.app.signed_in().await;
        let kid = house.active(RingName::Signing);
        let origin = Origin::default();
        for kid in [kid, house.active(RingName::Sealing)] {
            let revoked = ahead.services.key_desk().revoke(&kid, "leaked", None, nobody(&origin)).await;
            revoked.expect("revoked");
            hear(&house.app).await;
            browser.refresh().await.assert_problem(401, "unauthenticated");
            assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
            assert_eq!(browser.get("/api/profile").await.status, 200);
            house.app.advance_seconds(60).await;
            assert_eq!(browser.refresh().await.status, 200);
        }
    }

    async fn a_session_of_a_machine_whose_clock_is_ahead_ends_with_the_others(db) {
        let house = House::open(db).await;
        let ahead = ahead(&house, db).await;
        house.app.registered(ADA).await;
        let mut browser = ahead.browser();
        assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
        let kid = house.active(RingName::Signing);
        let origin = Origin::default();
        let revoked = house.app.services.key_desk().revoke(&kid, "leaked", None, nobody(&origin)).await;
        assert_eq!(revoked.expect("revoked").incident.sessions_after, 0);
        for app in [&house.app, &ahead] {
            hear(app).await;
            let mut either = app.browser();
            either.cookies = browser.cookies.clone();
            either.refresh().await.assert_problem(401, "unauthenticated");
        }
    }

    async fn a_session_that_a_process_sealed_before_it_heard_of_the_emergency_ends(db) {
        let house = House::open(db).await;
        let late = house.beside(db).await;
        house.app.registered(ADA).await;
        let kid = house.active(RingName::Sealing);
        let origin = Origin::default();
        let revoked = house.app.services.key_desk().revoke(&kid, "leaked", None, nobody(&origin)).await;
        revoked.expect("revoked");
        house.app.advance_seconds(1).await;
        let mut browser = late.browser();
        assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
        // It has dropped its copies and not yet read the keys when the next request comes.
        late.hear().await;
        assert_eq!(browser.get("/api/profile").await.status, 200);
        for app in [&late, &house.app] {
            hear(app).await;
            let mut either = app.browser();
            either.cookies = browser.cookies.clone();
            either.get("/api/profile").await.assert_problem(401, "unauthenticated");
            either.refresh().await.assert_problem(401, "unauthenticated");
        }
        house.app.services.reseal().await.expect("looked at");
        let ended = sql("SELECT end_reason FROM session WHERE ended_at IS NOT NULL").fetch_one(late.db());
        assert_eq!(ended.await.and_then(|row| row.text("end_reason")).expect("a reason"), "key_revoked");
        assert_eq!(house.app.events("authn_token_revoked").await, 1);
        assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(browser.refresh().await.status, 200);
    }

    async fn a_reason_and_a_key_that_is_there_are_needed(db) {
        let house = House::open(db).await;
        let mut admin = house.app.signed_in_admin().await;
        let kid = house.active(RingName::Signing);
        let path = format!("/api/keys/{kid}/revoke");
        for reason in ["", "  ", "a\nb", &"x".repeat(501)] {
            admin.post(&path, json!({ "reason": reason })).await.assert_problem(422, "invalid_fields");
        }
        admin.post("/api/keys/nobody/revoke", json!({ "reason": "x" })).await.assert_problem(404, "not_found");
        let origin = Origin::default();
        let refused = house.app.services.key_desk().revoke("nobody", "x", None, nobody(&origin)).await;
        assert!(matches!(refused, Err(KeyDeskError::NoSuchKey(_))));
        assert_eq!(admin.get("/api/profile").await.status, 200);
        assert_eq!(house.active(RingName::Signing), kid);
    }

    async fn only_admins_with_a_recent_proof_act_on_keys(db) {
        let house = House::open(db).await;
        let kid = house.active(RingName::Signing);
        let mut member = house.app.signed_in().await;
        member.get("/api/keys").await.assert_problem(403, "forbidden");
        let paths = ["signing/rotate", "signing/undo", &format!("{kid}/revoke")].map(|path| format!("/api/keys/{path}"));
        for path in &paths {
            member.post(path, json!({ "reason": "x" })).await.assert_problem(403, "forbidden");
        }
        assert_eq!(house.active(RingName::Signing), kid);
        let mut nobody = house.app.browser();
        nobody.get("/api/keys").await.assert_problem(401, "unauthenticated");
    }
}

on_each_engine! {
    async fn the_keys_in_grace_and_waiting_go_with_the_active_one(db) {
        let house = House::open(db).await;
        let mut browser = house.app.signed_in().await;
        let old = browser.cookie("__Host-at");
        let (origin, keeper) = (Origin::default(), &house.app.services.keeper);
        let rotating = keeper.rotate(Rotation::of(Purpose::Signing), nobody(&origin), &|_| {});
        while_watching(&[&house.app], rotating).await.expect("rotated");
        let kid = house.active(RingName::Signing);
        let revoked = house.app.services.key_desk().revoke(&kid, "leaked", None, nobody(&origin)).await;
        assert_eq!(revoked.expect("revoked").incident.kid, kid);
        hear(&house.app).await;
        browser.cookies.insert("__Host-at".into(), old);
        browser.get("/api/profile").await.assert_problem(401, "unauthenticated");
        let contents = house.contents();
        let ring = contents.ring(Purpose::Signing).expect("the ring");
        let states: Vec<_> = ring.keys.iter().map(|key| key.state).collect();
        assert_eq!(states, [StoredState::Revoked, StoredState::Revoked, StoredState::Active]);
        assert_eq!(house.app.count("revoked_key").await, 2);
    }

    async fn what_the_database_says_counts_also_where_the_keys_cannot_be_read(db) {
        let house = House::open(db).await;
        let beside = house.beside(db).await;
        let browser = house.app.signed_in().await;
        let mut there = beside.browser();
        there.cookies = browser.cookies.clone();
        let kid = house.active(RingName::Signing);
        let (origin, desk) = (Origin::default(), house.app.services.key_desk());
        desk.revoke(&kid, "leaked", None, nobody(&origin)).await.expect("revoked");
        std::fs::write(&house.keyring, "[broken").expect("written");
        // The session's row alone would let it in again.
        let statement = "UPDATE session SET ended_at = NULL, end_reason = NULL";
        sql(statement).execute(On::Write(beside.db())).await.expect("put back");
        hear(&beside).await;
        assert_eq!(beside.events("key_reload_failed").await, 1);
        there.get("/api/profile").await.assert_problem(401, "unauthenticated");
        there.refresh().await.assert_problem(401, "unauthenticated");
        assert!(beside.services.refusals.counts()["revoked_kid"] > 0);
    }

    async fn a_revoke_waits_for_no_rotation_and_the_rotation_gives_up(db) {
        let house = House::open(db).await;
        let _silent = house.beside(db).await;
        let (origin, keeper) = (Origin::default(), &house.app.services.keeper);
        let kid = house.active(RingName::Sealing);
        let rotating = keeper.rotate(Rotation::of(Purpose::Sealing), nobody(&origin), &|_| {});
        let revoking = async {
            while house.contents().ring(Purpose::Sealing).is_none_or(|ring| ring.pending().is_none()) {
                tokio::task::yield_now().await;
            }
            house.app.services.key_desk().revoke(&kid, "leaked", None, nobody(&origin)).await
        };
        let both = async { tokio::join!(rotating, revoking) };
        let (rotated, revoked) = while_watching(&[&house.app], both).await;
        assert!(matches!(rotated, Err(KeeperError::Overtaken)), "{rotated:?}");
        revoked.expect("revoked");
        let after = house.beside(db).await;
        assert_eq!(after.services.keys.outdated().await.len(), DataPurpose::RENEWED.len(), "everything opens, and is sealed anew");
    }

    async fn a_ring_that_was_changed_by_hand_wraps_with_its_new_key(db) {
        let house = House::open(db).await;
        let before = house.active(RingName::Sealing);
        let mut contents = house.contents();
        let now = house.app.services.clock.now();
        let new = keys::draft(keys::Format::Hex, Environment::Staging, now, &OsRng).expect("a key");
        let mut ring = contents.ring(Purpose::Sealing).expect("the ring").clone();
        ring.add_pending(&new, now);
        ring.promote(&new.id, now.plus(std::time::Duration::from_secs(1))).expect("promoted");
        contents.set(Purpose::Sealing, ring);
        std::fs::write(&house.keyring, contents.to_string()).expect("written");
        house.app.services.reload_keys("test").await;
        let row = sql("SELECT COUNT(*) AS n FROM data_key WHERE wrapped_by = $1").bind(before.as_str());
        let left = row.fetch_one(house.app.db()).await.and_then(|row| row.int("n"));
        assert_eq!(left.expect("a count"), 0);
    }
}
