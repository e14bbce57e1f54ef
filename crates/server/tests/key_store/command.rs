//! The commands beside a house whose keys are in a store: revoking with the server down, and moving whole keyrings.

use std::path::PathBuf;

use concierge_core::{keys::RingName, sensitive::Sensitive};
use concierge_server::{
    audit::Origin,
    keys::{self, Purpose},
    platform::rng::OsRng,
};

use super::vault::{House, ring};
use crate::{
    key_desk::nobody,
    support::{database::Database, program::command},
};

/// Runs a command to its end, which has to be this one; what it said.
async fn concierge(house: &House, db: &Database, line: &str, code: i32) -> String {
    let (folder, variables) = (db.folder.path().to_owned(), house.vault.variables(db));
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let running = tokio::task::spawn_blocking(move || {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let pairs = variables.iter();
        let variables: Vec<(&str, &str)> = pairs.map(|(name, value)| (*name, &**value)).collect();
        command(&folder, &words, &variables).output()
    });
    let output = running.await.expect("it ends").expect("it runs");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    assert_eq!(output.status.code(), Some(code), "{line}: {said}");
    assert!(!said.contains("the-token"), "{said}");
    said
}

fn file(db: &Database) -> PathBuf {
    db.folder.path().join("secrets.staging.toml")
}

fn write(db: &Database, text: &str) {
    keys::write_secret_file(&file(db), text, keys::Existing::Replaced, &OsRng).expect("written");
}

on_each_engine! {
    async fn a_key_is_revoked_from_a_shell_that_the_store_refuses(db) {
        let house = House::open(db).await;
        let mut browser = house.app.signed_in().await;
        let leaked = house.vault.active(RingName::Signing);
        house.vault.fail(403, "permission denied");
        concierge(&house, db, "key status", 1).await;
        let line = format!("key revoke --yes --kid {leaked} --reason leaked");
        let said = concierge(&house, db, &line, 1).await;
        for part in ["1 sessions ended", "It is refused everywhere", "403, it is not allowed", "Give the same command again"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        house.app.hear().await;
        browser.get("/api/profile").await.assert_problem(401, "unauthenticated");
        house.vault.mend();
        let said = concierge(&house, db, &line, 0).await;
        let active = house.vault.active(RingName::Signing);
        assert!(active != leaked && said.contains(&format!("{active} is active now")), "{said}");
        assert!(said.contains("destroy the older versions"), "{said}");
    }

    async fn an_older_keyring_brings_nothing_back_that_was_revoked(db) {
        let house = House::open(db).await;
        let older = house.vault.text();
        let (origin, desk) = (Origin::default(), house.app.services.key_desk());
        let leaked = house.vault.active(RingName::Signing);
        desk.revoke(&leaked, "leaked", None, nobody(&origin)).await.expect("revoked");
        let newer = house.vault.text();
        write(db, &older);
        // It still lies there, and a revoke is no reason to refuse every start.
        concierge(&house, db, "key status", 0).await;
        let said = concierge(&house, db, "key push --to vault", 5).await;
        assert!(said.contains("another signing key is active"), "{said}");
        let said = concierge(&house, db, "key push --to vault --force", 1).await;
        assert!(said.contains("was revoked and does not come back"), "{said}");
        assert_eq!(house.vault.text(), newer);
        write(db, &newer);
        house.vault.put(older.clone());
        let said = concierge(&house, db, "key pull --from vault", 5).await;
        assert!(said.contains("would"), "{said}");
        concierge(&house, db, "key pull --from vault --force", 1).await;
        assert_eq!(std::fs::read_to_string(file(db)).expect("there"), newer);
    }

    async fn whole_keyrings_take_their_turn(db) {
        let house = House::open(db).await;
        write(db, &format!("# another line\n{}", house.vault.text()));
        let before = house.vault.count_versions();
        let lease = house.keeper().lease().await.expect("the turn");
        for line in ["key push --to vault", "key pull --from vault"] {
            let said = concierge(&house, db, line, 1).await;
            assert!(said.contains("another change of the keys is under way"), "{said}");
        }
        assert_eq!(house.vault.count_versions(), before);
        house.keeper().give_back(&lease).await;
        concierge(&house, db, "key push --to vault", 0).await;
        assert_eq!(house.vault.count_versions(), before + 1);
        assert_eq!(house.app.events("key_pushed").await, 1);
        house.keeper().lease().await.expect("it was given back");
    }

    async fn what_no_start_would_take_is_not_sent(db) {
        let house = House::open(db).await;
        let before = house.vault.text();
        let mut contents = house.vault.contents();
        let mut signing = ring(&contents, Purpose::Signing);
        signing.keys[0].value = Sensitive::new("0123456789abcdef".repeat(4));
        contents.set(Purpose::Signing, signing);
        write(db, &contents.to_string());
        let said = concierge(&house, db, "key push --to vault --force", 1).await;
        assert!(said.contains("nothing could start with this keyring"), "{said}");
        assert_eq!(house.vault.text(), before);
    }
}
