//! The emergency: whatever a compromised key could have made is refused everywhere.

use concierge_core::keys::RingName;
use concierge_server::{
    audit::Origin,
    key_desk::{KeyDeskError, list_incidents},
    keys::{self, Purpose, StoredState},
    store::{On, sql},
};
use serde_json::json;

use super::{House, nobody};
use crate::support::{ADA, PASSWORD, app::TestApp};

/// Takes the news in, as a running process does within a quarter of a second.
async fn hear(app: &TestApp) {
    app.hear().await;
    app.services.reload_keys("announcement").await;
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
        for table in ["invitation", "device", "ticket", "recovery_link", "email_change", "registration", "setup_token"] {
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
        let half = house.app.services.keeper.revoke_in_keyring(&target.expect("the key"), None);
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
