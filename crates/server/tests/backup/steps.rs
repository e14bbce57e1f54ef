//! What a restore brings back, and what is on the disk after each of its writes.

use concierge_core::audit::EventName;
use concierge_server::keys::restore::{Restore, RestoreError};

use super::*;

/// Backs up, then wraps the same data keys with other sealing keys, as a rotation after the backup does.
async fn backed_up_and_rotated(database: &Database, db: &Db) -> Backup {
    give_keys(database);
    let old = take(database, db).await;
    let name = (EventName::KeyBackedUp, "backup_made");
    old.record(db, name, NOW, &OsRng).await.expect("recorded");
    give_keys(database);
    let rotated = Backup {
        environment: ENVIRONMENT,
        made_at: NOW,
        sealing: contents(database).sealing.expect("a ring"),
        keys: reopened(&old).keys,
    };
    let plan = Restore::plan(db, &rotated, ENVIRONMENT)
        .await
        .expect("it fits");
    let written = plan.write_database(db, NOW, &OsRng).await;
    written.expect("wrapped by the new sealing key");
    old
}

/// The same backup, through its file.
fn reopened(backup: &Backup) -> Backup {
    let file = backup.seal(&passphrase(), 1).expect("sealed");
    Backup::open(&file, &passphrase()).expect("opened")
}

async fn reasons(db: &Db, backup: &Backup) -> String {
    match Restore::plan(db, backup, ENVIRONMENT).await {
        Err(RestoreError::Unfit(reasons)) => reasons.join("\n"),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it fits"),
    }
}

async fn restore(database: &Database, db: &Db, backup: &Backup) {
    let plan = Restore::plan(db, backup, ENVIRONMENT)
        .await
        .expect("it fits");
    let written = plan
        .write_keyring(&home(database), &draft(), NOW, &OsRng)
        .await;
    written.expect("the keyring");
    let written = plan.write_database(db, NOW, &OsRng).await;
    written.expect("the database");
}

on_each_engine! {
    async fn a_lost_keyring_comes_back_with_a_new_signing_key(database) {
        let db = database.migrated().await;
        give_keys(database);
        let backup = reopened(&take(database, &db).await);
        let (before, totp) = (contents(database), digest_of_a_name(database, &db).await);
        std::fs::remove_file(keyring(database).path).expect("lost");
        restore(database, &db, &backup).await;
        assert_eq!(digest_of_a_name(database, &db).await, totp);
        let after = contents(database);
        assert_eq!(after.epoch, Some(NOW), "no session of before counts");
        let value = |ring: &Option<StoredRing>| ring.as_ref().and_then(StoredRing::active_value).map(str::to_owned);
        assert_eq!(value(&after.sealing), value(&before.sealing));
        assert_ne!(value(&after.signing), value(&before.signing));
        assert_eq!(after.signing.expect("a ring").keys.len(), 1, "the old signing key is gone");
        // Whoever reads the keyring finds it later than the database's, and ends everything from before.
        assert_eq!(count(&db, "SELECT epoch AS n FROM key_epoch").await, 0);
        assert_eq!(count(&db, "SELECT COUNT(*) AS n FROM event WHERE name = 'key_restored'").await, 1);
        let everything = "SELECT COUNT(*) AS n FROM revocation WHERE session_id IS NULL AND account_id IS NULL";
        assert_eq!(count(&db, everything).await, 1, "every process hears of it");
        db.close().await;
    }

    async fn a_restore_takes_hold_also_after_an_emergency_by_a_clock_that_was_ahead(database) {
        let db = database.migrated().await;
        give_keys(database);
        let backup = take(database, &db).await;
        let ahead = NOW.plus(std::time::Duration::from_secs(3600));
        sql("UPDATE key_epoch SET epoch = $1").bind(ahead.as_millis()).execute(On::Write(&db)).await.expect("moved");
        restore(database, &db, &backup).await;
        let first = contents(database).epoch.expect("a time");
        assert!(first > ahead, "else nothing of before would end");
        restore(database, &db, &backup).await;
        assert!(contents(database).epoch.expect("a time") > first);
        db.close().await;
    }

    async fn data_keys_of_a_lost_sealing_key_are_wrapped_anew(database) {
        let db = database.migrated().await;
        let backup = backed_up_and_rotated(database, &db).await;
        let totp = digest_of_a_name(database, &db).await.expect("a key");
        std::fs::remove_file(keyring(database).path).expect("lost");
        let plan = Restore::plan(&db, &backup, ENVIRONMENT).await.expect("it fits");
        assert_eq!((plan.opened.len(), plan.anew().count(), plan.missing().count()), (0, backup.keys.len(), 0));
        restore(database, &db, &backup).await;
        assert_eq!(digest_of_a_name(database, &db).await, Some(totp));
        db.close().await;
    }

    async fn what_somebody_wrote_beside_the_keys_is_there_after_a_restore(database) {
        let db = database.migrated().await;
        give_keys(database);
        let backup = take(database, &db).await;
        let path = keyring(database).path;
        let text = std::fs::read_to_string(&path).expect("the keyring");
        std::fs::write(&path, format!("# ours: the passphrase is with Grace\n{text}")).expect("written");
        restore(database, &db, &backup).await;
        let text = std::fs::read_to_string(&path).expect("the keyring");
        assert!(text.contains("# ours: the passphrase is with Grace\n"), "{text}");
        let again = text.clone();
        restore(database, &db, &backup).await;
        let text = std::fs::read_to_string(&path).expect("the keyring");
        assert_ne!(text, again, "another signing key");
        assert_eq!(text.matches("# ours").count(), 1);
        db.close().await;
    }

    async fn data_keys_that_the_database_lost_are_written(database) {
        let db = database.migrated().await;
        give_keys(database);
        let backup = take(database, &db).await;
        let totp = digest_of_a_name(database, &db).await;
        run_sql(&db, "DELETE FROM data_key").await;
        restore(database, &db, &backup).await;
        assert_eq!(digest_of_a_name(database, &db).await, totp);
        db.close().await;
    }

    async fn each_write_of_a_restore_leaves_keys_that_load(database) {
        let db = database.migrated().await;
        let backup = backed_up_and_rotated(database, &db).await;
        let totp = digest_of_a_name(database, &db).await;
        assert!(totp.is_some());
        let plan = Restore::plan(&db, &backup, ENVIRONMENT).await.expect("it fits");
        // What a kill within the first write leaves beside the old file.
        let torn = database.folder.path().join(".secrets.staging.toml.0011223344556677.tmp");
        std::fs::write(&torn, "[sealing]\nactive = ").expect("written");
        assert_eq!(digest_of_a_name(database, &db).await, totp, "before the keyring is written");
        let written = plan.write_keyring(&home(database), &draft(), NOW, &OsRng).await;
        written.expect("the keyring");
        assert_eq!(digest_of_a_name(database, &db).await, totp, "after the keyring, before the database");
        // Each table in turn can't be written: whatever came before it is undone.
        for (break_it, mend_it) in [
            ("ALTER TABLE data_key RENAME TO away", "ALTER TABLE away RENAME TO data_key"),
            ("ALTER TABLE event RENAME TO away", "ALTER TABLE away RENAME TO event"),
            ("ALTER TABLE feed RENAME TO away", "ALTER TABLE away RENAME TO feed"),
            ("ALTER TABLE revocation RENAME TO away", "ALTER TABLE away RENAME TO revocation"),
        ] {
            run_sql(&db, break_it).await;
            let failed = plan.write_database(&db, NOW, &OsRng).await;
            assert!(failed.is_err(), "{break_it}");
            run_sql(&db, mend_it).await;
            assert_eq!(digest_of_a_name(database, &db).await, totp, "{break_it}");
            assert_eq!(count(&db, "SELECT COUNT(*) AS n FROM revocation").await, 1, "{break_it}");
        }
        // The same command again, from the beginning.
        restore(database, &db, &backup).await;
        assert_eq!(digest_of_a_name(database, &db).await, totp);
        let active = contents(database).sealing.expect("a ring").active;
        assert_eq!(active, backup.sealing.active);
        let plan = Restore::plan(&db, &backup, ENVIRONMENT).await.expect("it fits");
        assert_eq!(plan.opened.len(), backup.keys.len(), "the backup's own key wraps them all");
        db.close().await;
    }

    async fn a_backup_of_another_database_is_refused(database) {
        let db = database.migrated().await;
        give_keys(database);
        let foreign = take(database, &db).await;
        run_sql(&db, "DELETE FROM data_key").await;
        give_keys(database);
        let own = take(database, &db).await;
        let says = reasons(&db, &foreign).await;
        assert!(says.contains("totp/1") && says.contains("nothing proves"), "{says}");
        let name = (EventName::KeyBackedUp, "backup_made");
        own.record(&db, name, NOW, &OsRng).await.expect("recorded");
        assert!(reasons(&db, &foreign).await.contains("nothing proves"));
        run_sql(&db, "DELETE FROM data_key").await;
        assert!(reasons(&db, &foreign).await.contains("of another database"));
        assert!(Restore::plan(&db, &own, ENVIRONMENT).await.is_ok());
        db.close().await;
    }

    async fn an_older_backup_a_revoked_key_and_another_environment_are_refused(database) {
        let db = database.migrated().await;
        let mut backup = backed_up_and_rotated(database, &db).await;
        let lacks = backup.lacks(&db, &rings(database).sealing).await.expect("compared");
        assert_eq!(lacks, Vec::<String>::new());
        let kept = backup.keys.pop().expect("a key");
        let says = reasons(&db, &backup).await;
        assert!(says.contains(&kept.name) && says.contains("older"), "{says}");
        let lacks = backup.lacks(&db, &rings(database).sealing).await.expect("compared");
        assert_eq!(lacks.len(), 1, "{lacks:?}");
        backup.keys.push(kept);
        let fingerprint = keys::fingerprint(backup.sealing.active_value().expect("a key"));
        sql("INSERT INTO revoked_key (fingerprint, ring, kid, revoked_at) VALUES ($1, 'sealing', 'x', 1)")
            .bind(fingerprint)
            .execute(On::Write(&db))
            .await
            .expect("revoked");
        assert!(reasons(&db, &backup).await.contains("was revoked"));
        backup.environment = Environment::Production;
        assert!(reasons(&db, &backup).await.contains("it is of production, this is staging"));
        db.close().await;
    }

    async fn what_the_keyring_calls_revoked_does_not_come_back(database) {
        let db = database.migrated().await;
        give_keys(database);
        let backup = take(database, &db).await;
        // A database from before the revoke, which knows nothing of it.
        let mut present = contents(database);
        let mut sealing = present.sealing.take().expect("a ring");
        let leaked = sealing.active.clone();
        sealing.revoke(&leaked, &draft(), NOW).expect("revoked");
        present.sealing = Some(sealing);
        write(database, &present);
        let plan = Restore::plan(&db, &backup, ENVIRONMENT).await.expect("it fits the database");
        let refused = plan.write_keyring(&home(database), &draft(), NOW, &OsRng).await;
        let refused = refused.expect_err("it was revoked");
        assert!(refused.contains(&leaked) && refused.contains("does not come back"), "{refused}");
        assert_eq!(contents(database), present);
        db.close().await;
    }

    async fn keys_whose_values_are_wiped_keep_nobody_from_a_restore(database) {
        let db = database.migrated().await;
        give_keys(database);
        let mut present = contents(database);
        let mut sealing = present.sealing.take().expect("a ring");
        let mut gone = Vec::new();
        for _ in 0..2 {
            gone.push(sealing.active.clone());
            sealing.revoke(&sealing.active.clone(), &draft(), NOW).expect("revoked");
        }
        assert!(sealing.wipe(|_| false));
        present.sealing = Some(sealing);
        write(database, &present);
        let backup = take(database, &db).await;
        restore(database, &db, &backup).await;
        let ring = contents(database).sealing.expect("a ring");
        for id in gone {
            assert!(ring.keys.iter().any(|key| key.id == id && key.value.expose().is_empty()));
        }
        db.close().await;
    }

    async fn data_keys_that_changed_meanwhile_are_not_overwritten(database) {
        let db = database.migrated().await;
        let backup = backed_up_and_rotated(database, &db).await;
        let plan = Restore::plan(&db, &backup, ENVIRONMENT).await.expect("it fits");
        restore(database, &db, &backup).await;
        let epoch = "SELECT epoch AS n FROM key_epoch";
        let (totp, before) = (digest_of_a_name(database, &db).await, count(&db, epoch).await);
        let later = NOW.plus(std::time::Duration::from_secs(9));
        let refused = plan.write_database(&db, later, &OsRng).await;
        assert!(matches!(refused, Err(RestoreError::Changed(_))));
        assert_eq!(digest_of_a_name(database, &db).await, totp);
        assert_eq!(count(&db, epoch).await, before);
        db.close().await;
    }
}

#[tokio::test]
async fn a_backup_that_was_edited_or_is_of_a_later_format_is_refused() {
    let database = Database::sqlite();
    let db = database.migrated().await;
    give_keys(&database);
    let backup = take(&database, &db).await;
    let file = backup.seal(&passphrase(), 1).expect("sealed");
    let plain = keys::age_file::open(&file, &passphrase()).expect("opened");
    let text = std::str::from_utf8(&plain).expect("text");
    let signing = contents(&database).signing.expect("a ring");
    assert!(
        !text.contains(signing.active_value().expect("a key")),
        "the signing key is not in it"
    );
    for (from, to, says) in [
        ("format = 1", "format = 2", "later version"),
        ("format = 1", "form = 1", "no backup"),
        ("\"totp\"", "\"other\"", "not those it was made with"),
        ("version = 1", "version = 0", "no backup"),
        ("key = \"", "key = \"AA", "no backup"),
        ("state = \"active\"", "state = \"grace\"", "no backup"),
        (
            "environment = \"staging\"",
            "environment = \"moon\"",
            "no backup",
        ),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{from}");
        let file = keys::age_file::seal(edited.as_bytes(), &passphrase(), 1).expect("sealed");
        let error = Backup::open(&file, &passphrase()).err().expect("refused");
        assert!(error.contains(says), "{from}: {error}");
    }
    db.close().await;
}
