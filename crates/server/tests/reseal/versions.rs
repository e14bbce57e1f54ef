//! Versions of data keys, and the sealing keys that wrap them.

use concierge_core::sensitive::Sensitive;
use concierge_server::{
    keys::data_keys::{DataKeyError, DataPurpose, Wrapper, needed_by, rewrap},
    platform::{keyring::Ring, rng::OsRng},
    store::Db,
};

use super::{key, load, renew, ring};

async fn wrap_anew(db: &Db, sealing: &Ring) -> Result<usize, DataKeyError> {
    let mut tx = db.begin().await.expect("a transaction");
    let rewrapped = rewrap(&mut tx, sealing, sealing.active(), &OsRng).await?;
    tx.commit().await.expect("committed");
    Ok(rewrapped)
}

async fn kids(db: &Db, sealing: &Ring) -> Vec<String> {
    let needed = needed_by(db, sealing).await.expect("the wrappers");
    needed.into_iter().map(|wrapper| wrapper.kid).collect()
}

on_each_engine! {
    async fn a_new_version_reaches_every_holder_and_the_old_one_still_opens(db) {
        let (db, sealing) = (db.migrated().await, ring("a", "one"));
        let keys = load(&db, &sealing).await;
        let holder = keys.totp.clone();
        let sealed = holder.seal(&OsRng, "row", b"seed");
        let (token, device) = (Sensitive::new("token".to_owned()), "device");
        let before = (keys.token_digest("t", &token), keys.name_digest("ada"), keys.device_digest(device));
        assert!(!keys.reload(&db, &sealing).await.expect("reloaded"), "nothing is new");
        renew(&db, &sealing).await;
        assert!(keys.reload(&db, &sealing).await.expect("reloaded"));
        assert_eq!(holder.open("row", &sealed).as_deref(), Ok(&b"seed"[..]));
        let moved = holder.reseal(&OsRng, "row", &sealed).expect("it opens");
        assert!(moved.is_some(), "an older version sealed it");
        assert_eq!(keys.token_digest("t", &token), before.0);
        assert_eq!(keys.name_digest("ada"), before.1);
        assert_ne!(keys.device_digest(device), before.2);
        let outdated = keys.outdated().await;
        assert!(outdated.contains(&(DataPurpose::Totp, 2)) && outdated.len() == DataPurpose::RENEWED.len(), "{outdated:?}");
    }

    async fn a_reload_that_opens_not_all_changes_nothing(db) {
        let (db, sealing) = (db.migrated().await, ring("a", "one"));
        let keys = load(&db, &sealing).await;
        let sealed = keys.mail.seal(&OsRng, "row", b"mail");
        let device = keys.device_digest("device");
        renew(&db, &ring("b", "another")).await;
        let refused = keys.reload(&db, &sealing).await.expect_err("refused");
        assert!(refused.to_string().contains("`b`"), "{refused}");
        assert_eq!(keys.mail.reseal(&OsRng, "row", &sealed), Ok(None));
        assert_eq!(keys.device_digest("device"), device);
    }

    async fn wrapped_anew_the_data_keys_need_the_new_key_alone(db) {
        let (db, old) = (db.migrated().await, ring("a", "one"));
        let keys = load(&db, &old).await;
        renew(&db, &old).await;
        let sealed = keys.session.seal(&OsRng, "row", b"key");
        let both = Ring::new(key("b", "another"), vec![key("a", "one")]);
        assert_eq!(kids(&db, &both).await, ["a"]);
        assert_eq!(wrap_anew(&db, &both).await.expect("wrapped"), DataPurpose::ALL.len() + DataPurpose::RENEWED.len());
        assert_eq!(wrap_anew(&db, &both).await.expect("wrapped"), 0);
        let new = ring("b", "another");
        let all = ["alert", "audit", "device", "digest", "mail", "session", "totp"];
        let wrapper = Wrapper { kid: "b".to_owned(), purposes: all.map(str::to_owned).to_vec() };
        assert_eq!(needed_by(&db, &new).await.expect("the wrappers"), [wrapper]);
        assert!(load(&db, &new).await.session.open("row", &sealed).is_ok());
        assert!(keys.reload(&db, &old).await.is_err());
    }

    async fn a_wrapping_is_known_by_its_key_and_not_by_its_name(db) {
        let db = db.migrated().await;
        load(&db, &ring("a", "one")).await;
        assert_eq!(kids(&db, &ring("renamed", "one")).await, ["renamed"]);
        // Another key took the name: what is kept is the name that held when it was wrapped.
        assert_eq!(kids(&db, &ring("b", "another")).await, ["a"]);
        assert_eq!(wrap_anew(&db, &ring("renamed", "one")).await.expect("wrapped"), DataPurpose::ALL.len());
        assert_eq!(kids(&db, &ring("b", "another")).await, ["renamed"]);
    }

    async fn a_ring_that_opens_not_all_wraps_nothing_anew(db) {
        let db = db.migrated().await;
        load(&db, &ring("a", "one")).await;
        renew(&db, &ring("b", "another")).await;
        let halves = Ring::new(key("c", "a third"), vec![key("b", "another")]);
        assert!(wrap_anew(&db, &halves).await.is_err());
        assert_eq!(kids(&db, &halves).await, ["a", "b"]);
    }
}
