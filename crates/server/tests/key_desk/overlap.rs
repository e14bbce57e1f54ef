//! Emergencies that meet: one that was broken off and another, two processes that find the same, a clock that is ahead,
//! somebody else who writes the keyring meanwhile.

use concierge_core::keys::RingName;
use concierge_server::{
    audit::Origin,
    config::{Config, Environment},
    key_desk::list_incidents,
    keys::{self, Format, data_keys, epoch_store},
    platform::rng::{OsRng, Rng},
    store::{On, sql},
};

use super::{
    House,
    emergency::{ahead, hear},
    new_keys, nobody,
};
use crate::support::app::TestApp;

/// The first half of a revoke, whose second is never done.
async fn half_revoked(app: &TestApp, kid: &str) -> Option<String> {
    let keeper = &app.services.keeper;
    let reading = keeper.supply().read();
    let target = keys::emergency::Target::find(&reading, kid, app.services.clock.now());
    let target = target.expect("the key");
    let known = epoch_store::find_epoch(app.db()).await.expect("a time");
    let at = keys::emergency::later(Some(known), app.services.clock.now());
    let half = keeper.revoke_in_keyring(&target, None, at).await;
    half.expect("revoked").active
}

async fn epoch_of(app: &TestApp) -> i64 {
    let row = sql("SELECT epoch FROM key_epoch").fetch_one(app.db());
    row.await.and_then(|row| row.int("epoch")).expect("a time")
}

/// How often every process was told to forget everything.
async fn alarms(app: &TestApp) -> i64 {
    let row =
        sql("SELECT COUNT(*) AS n FROM revocation WHERE session_id IS NULL AND account_id IS NULL");
    let row = row.fetch_one(app.db()).await;
    row.and_then(|row| row.int("n")).expect("a count")
}

/// Somebody else writes the keyring while a key is drawn, so many times.
struct Meddler {
    keyring: std::path::PathBuf,
    times: std::sync::atomic::AtomicI32,
}

impl Rng for Meddler {
    fn fill(&self, bytes: &mut [u8]) {
        OsRng.fill(bytes);
        if self
            .times
            .fetch_sub(1, std::sync::atomic::Ordering::Relaxed)
            > 0
        {
            let text = std::fs::read_to_string(&self.keyring).expect("the keyring");
            std::fs::write(&self.keyring, text + "# ours\n").expect("written");
        }
    }
}

on_each_engine! {
    async fn a_revoke_that_was_broken_off_is_finished_also_after_another_one(db) {
        let house = House::open(db).await;
        house.app.signed_in().await;
        let (origin, keeper) = (Origin::default(), &house.app.services.keeper);
        let leaked = house.active(RingName::Sealing);
        assert!(half_revoked(&house.app, &leaked).await.is_some());
        // Killed here, with no server up. Then another key, from the command line.
        let kid = house.active(RingName::Signing);
        let desk = house.app.services.key_desk();
        desk.revoke(&kid, "leaked", None, nobody(&origin)).await.expect("revoked");
        // Nothing needs the leaked key any more, but whoever is to tell of it.
        let (rings, _) = keys::read(&keeper.supply().read(), house.app.services.clock.now()).expect("keys");
        let mut tx = house.app.db().begin().await.expect("a transaction");
        let wrapped = data_keys::rewrap(&mut tx, &rings.sealing, rings.sealing.active(), &OsRng).await;
        assert_ne!(wrapped.expect("wrapped"), 0);
        tx.commit().await.expect("committed");
        keeper.tidy(nobody(&origin)).await.expect("tidied");
        keeper.wipe(None).await.expect("looked at");
        let value = || {
            let ring = house.contents().sealing.expect("the ring");
            let key = ring.keys.into_iter().find(|key| key.id == leaked).expect("its id stays");
            key.value.expose().to_owned()
        };
        assert_ne!(value(), "", "it is what the database does not know");
        let sealed = house.app.count("data_key").await;
        let after = house.beside(db).await;
        let incidents = list_incidents(after.db(), 10).await.expect("incidents");
        let kids: Vec<&str> = incidents.iter().map(|one| one.kid.as_str()).collect();
        assert!(kids.len() == 2 && kids.contains(&&*leaked), "{kids:?}");
        assert_eq!(house.app.count("data_key").await, sealed + data_keys::DataPurpose::RENEWED.len() as i64, "and sealed anew");
        keeper.tidy(nobody(&origin)).await.expect("tidied");
        assert_eq!(value(), "");
        let told = alarms(&after).await;
        after.services.reload_keys("test").await;
        assert_eq!(alarms(&after).await, told, "once");
    }

    async fn two_processes_that_find_a_revoke_finish_it_once(db) {
        let house = House::open(db).await;
        let beside = house.beside(db).await;
        for ring in [RingName::Signing, RingName::Sealing] {
            let told = alarms(&beside).await;
            half_revoked(&house.app, &house.active(ring)).await;
            tokio::join!(house.app.services.reload_keys("test"), beside.services.reload_keys("test"));
            for app in [&house.app, &beside] {
                hear(app).await;
            }
            assert_eq!(alarms(&beside).await, told + 1, "{ring}");
        }
        assert_eq!(list_incidents(beside.db(), 10).await.expect("incidents").len(), 2);
        // Whoever signs in afterwards stays.
        let mut browser = house.app.signed_in().await;
        for app in [&house.app, &beside] {
            app.services.reload_keys("test").await;
        }
        assert_eq!(browser.refresh().await.status, 200);
    }

    async fn an_emergency_after_one_by_a_clock_that_was_ahead_takes_hold(db) {
        let house = House::open(db).await;
        let ahead = ahead(&house, db).await;
        let (origin, desk) = (Origin::default(), ahead.services.key_desk());
        desk.revoke(&house.active(RingName::Signing), "leaked", None, nobody(&origin)).await.expect("revoked");
        // As after a revoke of a key that stands elsewhere: the keyring knows less than the database.
        sql("UPDATE key_epoch SET epoch = epoch + 5000").execute(On::Write(house.app.db())).await.expect("moved");
        hear(&house.app).await;
        let mut browser = house.app.signed_in().await;
        let before = epoch_of(&house.app).await;
        assert!(half_revoked(&house.app, &house.active(RingName::Signing)).await.is_some());
        house.app.services.reload_keys("changed file").await;
        browser.refresh().await.assert_problem(401, "unauthenticated");
        assert_eq!(list_incidents(house.app.db(), 10).await.expect("incidents").len(), 2);
        let after = epoch_of(&house.app).await;
        assert!(after > before, "{before} {after}");
        assert_eq!(house.contents().epoch.expect("a time").as_millis(), after);
    }

    async fn another_houses_keyring_is_refused_before_its_emergencies_count(db) {
        let house = House::open(db).await;
        let mut browser = house.app.signed_in().await;
        let now = house.app.services.clock.now();
        let mut theirs = new_keys(now);
        let mut signing = theirs.signing.take().expect("a ring");
        let leaked = signing.active.clone();
        let next = keys::draft(Format::Hex, Environment::Staging, now, &OsRng).expect("a key");
        signing.revoke(&leaked, &next, now).expect("revoked");
        theirs.signing = Some(signing);
        theirs.epoch = Some(now.plus(std::time::Duration::from_secs(3600)));
        std::fs::write(&house.keyring, theirs.to_string()).expect("written");
        let before = epoch_of(&house.app).await;
        house.app.services.reload_keys("changed file").await;
        hear(&house.app).await;
        assert_ne!(house.app.events("key_reload_failed").await, 0);
        assert_eq!(epoch_of(&house.app).await, before);
        assert_eq!(list_incidents(house.app.db(), 9).await.expect("incidents").len(), 0);
        assert_eq!(browser.refresh().await.status, 200);
    }

    async fn who_forgets_the_environment_puts_no_key_of_another_into_the_ring(db) {
        let house = House::open(db).await;
        let services = &house.app.services;
        let folder = db.folder.path().to_owned();
        let path = house.keyring.clone();
        // A shell in which nothing says that this is staging, and the keyring is named.
        let forgetful = keys::Supply::new(move || {
            let mut reading = Config::reading_for_test(&folder);
            reading.environment = Environment::Development;
            reading.keys_mut().keyring = Some(path.clone());
            reading
        });
        let keeper = keys::Keeper::new(
            services.db.clone(),
            services.clock.clone(),
            services.rng.clone(),
            forgetful,
            services.config.session.access_ttl,
            services.config.key_grace,
        );
        let kid = house.active(RingName::Signing);
        let target = keys::emergency::Target::find(&keeper.supply().read(), &kid, services.clock.now());
        keeper.revoke_in_keyring(&target.expect("the key"), None, services.clock.now()).await.expect("revoked");
        let next = house.active(RingName::Signing);
        assert!(next != kid && next.starts_with("staging-"), "{next}");
    }

    async fn a_revoke_is_written_also_where_somebody_else_wrote_meanwhile(db) {
        let house = House::open(db).await;
        let services = &house.app.services;
        for ring in [RingName::Signing, RingName::Sealing] {
            let meddler = Meddler { keyring: house.keyring.clone(), times: 2.into() };
            let keeper = keys::Keeper::new(
                services.db.clone(),
                services.clock.clone(),
                std::sync::Arc::new(meddler),
                services.keeper.supply().clone(),
                services.config.session.access_ttl,
                services.config.key_grace,
            );
            let kid = house.active(ring);
            let target = keys::emergency::Target::find(&keeper.supply().read(), &kid, services.clock.now());
            let half = keeper.revoke_in_keyring(&target.expect("the key"), None, services.clock.now()).await.expect("revoked");
            assert_eq!((half.active, half.failure), (Some(house.active(ring)), None));
            assert_ne!(house.active(ring), kid);
        }
        let text = std::fs::read_to_string(&house.keyring).expect("the keyring");
        assert_eq!(text.matches("# ours").count(), 4, "and what they wrote stays");
    }
}
