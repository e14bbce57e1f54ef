//! What the calendar does: due keys are rotated by one process, keys that nobody may rotate are reminded of.

use std::{sync::atomic::Ordering, time::Duration};

use concierge_core::keys::{RingName, api::CheckLine};
use concierge_server::keys::Place;
use serde_json::json;

use super::{House, supply};
use crate::support::app::TestApp;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The processes look at their keys while one of them does what the calendar says.
async fn keep(app: &TestApp, apps: &[&TestApp]) {
    super::while_watching(apps, app.services.keep_keys())
        .await
        .expect("kept");
}

/// As if so many access tokens had been signed.
fn sign(app: &TestApp, tokens: u64) {
    let signed = app.services.sessions.signed();
    signed.fetch_add(tokens, Ordering::Relaxed);
}

/// Every process looks for abuse, as it does each minute; how many alerts there are.
async fn look(apps: &[&TestApp]) -> usize {
    let mut found = 0;
    for app in apps {
        found += app
            .services
            .key_desk()
            .look_for_abuse()
            .await
            .expect("looked");
    }
    found
}

on_each_engine! {
    async fn a_due_key_is_rotated_by_one_of_two_processes(db) {
        let house = House::open(db).await;
        let beside = house.beside(db).await;
        let both = [&house.app, &beside];
        let before = house.active(RingName::Signing);
        house.app.advance(DAY * 59).await;
        keep(&house.app, &both).await;
        assert_eq!((house.app.events("key_due_soon").await, house.active(RingName::Signing)), (0, before.clone()));
        house.app.advance(DAY * 2).await;
        keep(&house.app, &both).await;
        assert_eq!(house.app.events("key_due_soon").await, 2, "one for each ring");
        house.app.advance(DAY * 30).await;
        for app in both {
            app.services.reload_keys("test").await;
        }
        keep(&house.app, &both).await;
        keep(&beside, &both).await;
        assert_ne!(house.active(RingName::Signing), before);
        assert_eq!(house.app.events("key_rotated").await, 2);
        assert_eq!(house.app.events("key_overdue").await, 0);
    }

    async fn an_overdue_key_is_reminded_of_daily_where_nobody_may_rotate_it(db) {
        let house = House::open(db).await;
        let beside = house.app.beside_with(db, |options| {
            options.supply = supply(db.folder.path());
            options.config.rotates_keys = false;
        });
        let manual = beside.await;
        let before = house.active(RingName::Signing);
        manual.advance(DAY * 91).await;
        for (hours, expected) in [(1, 2), (24, 2), (1, 4)] {
            keep(&manual, &[&manual]).await;
            assert_eq!(manual.events("key_overdue").await, expected);
            manual.advance(Duration::from_secs(hours * 3600)).await;
        }
        assert_eq!(house.active(RingName::Signing), before);
        let place = Place::of(&manual.services.keeper.supply().read(), RingName::Signing.into(), None);
        assert_eq!(place.remedy(RingName::Signing.into()), None);
    }

    async fn the_page_says_of_the_rotation_what_the_command_line_says(db) {
        let house = House::open(db).await;
        for (later, is_planned) in [(DAY * 59, true), (DAY * 32, false)] {
            house.app.advance(later).await;
            let desk = house.app.services.key_desk().view().await.expect("looked at");
            let line = desk.checklist.iter().find(|one| one.line == CheckLine::RotationPlanned);
            assert_eq!(line.map(|line| line.is_ticked), Some(is_planned), "{line:?}");
        }
    }

    async fn refused_tokens_of_a_revoked_key_are_an_alert_once(db) {
        let house = House::open(db).await;
        let mut browser = house.app.signed_in().await;
        let token = browser.cookie("__Host-at");
        let kid = house.active(RingName::Signing);
        let origin = concierge_server::audit::Origin::default();
        let desk = house.app.services.key_desk();
        desk.revoke(&kid, "leaked", None, crate::key_desk::nobody(&origin)).await.expect("revoked");
        house.app.services.reload_keys("test").await;
        browser.cookies.insert("__Host-at".into(), token);
        browser.get("/api/profile").await.assert_problem(401, "unauthenticated");
        house.app.services.record_refusals().await.expect("written");
        assert_eq!(desk.look_for_abuse().await.expect("looked"), 1);
        assert_eq!(desk.look_for_abuse().await.expect("looked"), 0);
        assert_eq!(house.app.events("key_abuse").await, 1);
        assert_eq!(house.app.services.refusals.counts()["revoked_kid"], 1);
    }

    async fn far_more_signatures_than_usual_on_two_processes_together_are_an_alert_once_an_hour(db) {
        let house = House::open(db).await;
        let beside = house.beside(db).await;
        let both = [&house.app, &beside];
        for _ in 0..4 {
            sign(&house.app, 10);
            assert_eq!(look(&both).await, 0, "so many are usual");
            house.app.advance(DAY).await;
        }
        for app in both {
            sign(app, 51);
        }
        assert_eq!(look(&both).await, 1, "neither alone signed too many");
        sign(&beside, 200);
        assert_eq!(look(&both).await, 0, "of this hour it was told");
        house.app.advance(Duration::from_secs(3600)).await;
        sign(&beside, 200);
        assert_eq!((look(&both).await, house.app.events("key_abuse").await), (1, 2));
    }

    async fn a_sign_in_and_a_refresh_are_a_signature_each(db) {
        let house = House::open(db).await;
        let signed = house.app.services.sessions.signed();
        let before = signed.load(Ordering::Relaxed);
        let mut browser = house.app.signed_in().await;
        let at_sign_in = signed.load(Ordering::Relaxed);
        house.app.advance(Duration::from_secs(60)).await;
        assert_eq!(browser.post("/api/auth/refresh", json!({})).await.status, 200);
        assert!(at_sign_in > before);
        assert_eq!(signed.load(Ordering::Relaxed), at_sign_in + 1);
    }
}
