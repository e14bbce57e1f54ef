//! Rotation: nobody notices, whatever stops it half-way.

use std::time::Duration;

use concierge_core::keys::{KeyStanding, RingName};
use concierge_server::{
    audit::Origin,
    keys::{KeeperError, LifeError, Purpose, Rotation, StoredState},
};

use super::{House, kid, nobody, while_watching, write_keys};
use crate::support::{ADA, PASSWORD, app::TestApp, browser::Browser};

const GRACE: Option<Duration> = Some(Duration::from_secs(3600));

fn elsewhere(app: &TestApp, browser: &Browser) -> Browser {
    let mut elsewhere = app.browser();
    elsewhere.cookies = browser.cookies.clone();
    elsewhere
}

on_each_engine! {
    async fn nobody_notices_a_rotation_of_the_signing_ring(db) {
        let house = House::open(db).await;
        let beside = house.beside(db).await;
        let before = house.active(RingName::Signing);
        let mut browser = house.app.signed_in().await;
        let mut there = elsewhere(&beside, &browser);
        let (origin, both) = (Origin::default(), [&house.app, &beside]);
        let keeper = &house.app.services.keeper;
        let rotating = keeper.rotate(Rotation { grace: GRACE, ..Rotation::of(Purpose::Signing) }, nobody(&origin), &|_| {});
        let rotated = while_watching(&both, rotating).await.expect("rotated");
        assert_eq!((rotated.previous.as_str(), rotated.instances), (before.as_str(), 2));
        assert_eq!(house.active(RingName::Signing), rotated.active);
        // The old token is good here and there, also where the new key is not active yet.
        assert_eq!(browser.get("/api/profile").await.status, 200);
        assert_eq!(there.get("/api/profile").await.status, 200);
        house.app.services.reload_keys("test").await;
        assert_eq!(browser.refresh().await.status, 200);
        assert_eq!(kid(&browser.cookie("__Host-at")), rotated.active);
        there.cookies = browser.cookies.clone();
        assert_eq!(there.get("/api/profile").await.status, 200);
        assert_eq!(house.app.events("key_rotated").await, 1);
    }

    async fn a_rotation_of_the_sealing_ring_touches_no_row_but_the_wrapped_keys(db) {
        let house = House::open(db).await;
        let mut browser = house.app.signed_in().await;
        let (origin, keeper) = (Origin::default(), &house.app.services.keeper);
        let rotating = keeper.rotate(Rotation { grace: GRACE, ..Rotation::of(Purpose::Sealing) }, nobody(&origin), &|_| {});
        let rotated = while_watching(&[&house.app], rotating).await.expect("rotated");
        let desk = house.app.services.key_desk().view().await.expect("the desk");
        let sealing = &desk.rings[1];
        assert_eq!(sealing.keys[0].id, rotated.active);
        let all = ["alert", "audit", "device", "digest", "mail", "session", "totp"];
        assert_eq!(sealing.keys[0].needed_by, all);
        assert_eq!(sealing.keys[1].standing, KeyStanding::Grace);
        assert!(sealing.keys[1].needed_by.is_empty());
        assert_eq!(browser.refresh().await.status, 200);
        // Somebody who starts now opens everything.
        let beside = house.beside(db).await;
        let mut there = elsewhere(&beside, &browser);
        assert_eq!(there.refresh().await.status, 200);
    }

    async fn a_rotation_is_undone(db) {
        let house = House::open(db).await;
        let before = house.active(RingName::Signing);
        let (origin, keeper) = (Origin::default(), &house.app.services.keeper);
        let rotating = keeper.rotate(Rotation { grace: GRACE, ..Rotation::of(Purpose::Signing) }, nobody(&origin), &|_| {});
        let rotated = while_watching(&[&house.app], rotating).await.expect("rotated");
        let mut browser = house.app.signed_in().await;
        house.app.services.reload_keys("test").await;
        assert_eq!(browser.refresh().await.status, 200);
        let undone = keeper.undo(Purpose::Signing, None, nobody(&origin)).await.expect("undone");
        assert_eq!((&undone.active, &undone.previous), (&before, &rotated.active));
        house.app.services.reload_keys("test").await;
        assert_eq!(browser.get("/api/profile").await.status, 200, "signed by the key in grace");
        let again = keeper.undo(Purpose::Signing, None, nobody(&origin)).await.expect("and back");
        assert_eq!(again.active, rotated.active);
        assert_eq!(house.app.events("key_rotation_undone").await, 2);
        let nothing = keeper.undo(Purpose::Sealing, None, nobody(&origin)).await;
        assert!(matches!(nothing, Err(KeeperError::Life(LifeError::NothingToUndo))), "{nothing:?}");
    }

    async fn a_silent_process_stops_it_and_the_next_rotation_goes_on_from_there(db) {
        let house = House::open(db).await;
        let silent = house.beside(db).await;
        let (origin, before) = (Origin::default(), house.active(RingName::Signing));
        let mut keeper = house.app.keeper();
        keeper.patience = Duration::ZERO;
        let rotating = keeper.rotate(Rotation { grace: GRACE, ..Rotation::of(Purpose::Signing) }, nobody(&origin), &|_| {});
        let refused = while_watching(&[&house.app], rotating).await;
        assert!(matches!(&refused, Err(KeeperError::Silent(_))), "{refused:?}");
        assert_eq!(house.active(RingName::Signing), before);
        let ring = house.contents();
        let pending = ring.ring(Purpose::Signing).and_then(|ring| ring.pending()).expect("left over");
        let both = [&house.app, &silent];
        let keeper = &house.app.services.keeper;
        let rotating = keeper.rotate(Rotation { grace: GRACE, ..Rotation::of(Purpose::Signing) }, nobody(&origin), &|_| {});
        let rotated = while_watching(&both, rotating).await.expect("rotated");
        assert_eq!(rotated.active, pending.id);
        assert_eq!(house.app.events("key_rotation_failed").await, 1);
    }

    async fn a_process_with_other_keys_is_named_and_nothing_is_written(db) {
        let house = House::open(db).await;
        let _beside = house.beside(db).await;
        write_keys(&house.keyring, house.app.services.clock.now());
        let (origin, before) = (Origin::default(), house.contents().to_string());
        let keeper = &house.app.services.keeper;
        let refused = keeper.rotate(Rotation { grace: GRACE, ..Rotation::of(Purpose::Signing) }, nobody(&origin), &|_| {}).await;
        assert!(matches!(&refused, Err(KeeperError::Stranger(_))), "{refused:?}");
        assert_eq!(house.contents().to_string(), before);
    }

    async fn a_process_that_is_gone_is_not_waited_for(db) {
        let house = House::open(db).await;
        let _gone = house.beside(db).await;
        house.app.advance_seconds(16).await;
        house.app.services.reload_keys("test").await;
        let (origin, keeper) = (Origin::default(), &house.app.services.keeper);
        let rotating = keeper.rotate(Rotation { grace: GRACE, ..Rotation::of(Purpose::Signing) }, nobody(&origin), &|_| {});
        let rotated = while_watching(&[&house.app], rotating).await.expect("rotated");
        assert_eq!(rotated.instances, 1);
    }

    async fn a_grace_shorter_than_the_life_of_a_token_is_refused(db) {
        let house = House::open(db).await;
        let (origin, keeper) = (Origin::default(), &house.app.services.keeper);
        let short = Some(Duration::from_secs(60));
        let refused = keeper.rotate(Rotation { grace: short, ..Rotation::of(Purpose::Signing) }, nobody(&origin), &|_| {}).await;
        assert!(matches!(refused, Err(KeeperError::GraceTooShort(_))), "{refused:?}");
    }

    async fn after_the_grace_a_token_of_the_old_key_is_refused_and_the_key_destroyed_later(db) {
        let house = House::open(db).await;
        let mut browser = house.app.signed_in().await;
        let old = browser.cookie("__Host-at");
        let (origin, keeper) = (Origin::default(), &house.app.services.keeper);
        let rotating = keeper.rotate(Rotation { grace: GRACE, ..Rotation::of(Purpose::Signing) }, nobody(&origin), &|_| {});
        let rotated = while_watching(&[&house.app], rotating).await.expect("rotated");
        house.app.services.reload_keys("test").await;
        house.app.advance_seconds(3600).await;
        browser.cookies.insert("__Host-at".into(), old);
        browser.get("/api/profile").await.assert_problem(401, "unauthenticated");
        let state = |house: &House| {
            let contents = house.contents();
            let ring = contents.ring(Purpose::Signing).expect("the ring");
            ring.keys.iter().find(|key| key.id == rotated.previous).map(|key| key.state)
        };
        assert!(keeper.tidy(nobody(&origin)).await.expect("tidied").is_empty());
        assert_eq!(state(&house), Some(StoredState::Retired));
        house.app.advance_seconds(31 * 24 * 3600).await;
        let tidied = keeper.tidy(nobody(&origin)).await.expect("tidied");
        assert_eq!(tidied, std::slice::from_ref(&rotated.previous));
        assert_eq!(state(&house), None);
        assert_eq!(house.app.events("key_destroyed").await, 1);
    }

    async fn two_rotations_at_once_are_one_after_the_other(db) {
        let house = House::open(db).await;
        let (origin, keeper) = (Origin::default(), &house.app.services.keeper);
        let one = keeper.rotate(Rotation { grace: GRACE, ..Rotation::of(Purpose::Signing) }, nobody(&origin), &|_| {});
        let other = keeper.rotate(Rotation { grace: GRACE, ..Rotation::of(Purpose::Signing) }, nobody(&origin), &|_| {});
        let both = async { tokio::join!(one, other) };
        let (one, other) = while_watching(&[&house.app], both).await;
        // Whoever meets the other is told; on a slow machine the second may come when the first is done, and goes on from it.
        let rotations = match (&one, &other) {
            (Ok(_), Err(KeeperError::Busy)) | (Err(KeeperError::Busy), Ok(_)) => 1,
            (Ok(one), Ok(other)) if one.active == other.previous || other.active == one.previous => 2,
            _ => panic!("{one:?} {other:?}"),
        };
        let keys = house.contents();
        assert_eq!(keys.ring(Purpose::Signing).expect("the ring").keys.len(), 1 + rotations);
    }

    async fn keys_that_are_not_fit_leave_those_of_before_in_use(db) {
        let house = House::open(db).await;
        let mut browser = house.app.registered(ADA).await;
        let good = house.contents().to_string();
        for bad in ["", "[signing", &good.replace("active = ", "active = 1")] {
            std::fs::write(&house.keyring, bad).expect("written");
            house.app.services.reload_keys("test").await;
            assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
        }
        assert_eq!(house.app.events("key_reload_failed").await, 3);
        let kept = std::fs::read_to_string(&house.keyring).expect("the keyring");
        assert!(kept.contains("active = 1"), "nothing was overwritten");
    }
}
