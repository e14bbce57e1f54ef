//! What every store must do, told once: keys go there, are read from there, come back, and survive its failure.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use super::{
    emulator::{Emulator, Variables, client},
    house::{House, values},
};

/// A store that runs.
pub struct Store {
    /// As the command line calls it.
    pub word: &'static str,
    /// As people call it.
    pub title: &'static str,
    /// The script with its official client, what that client calls the secret, and what it must be told.
    pub client: (&'static str, String, Variables),
    /// What the program must be told.
    pub variables: Variables,
    /// What nobody may read in any output.
    pub secrets: Vec<String>,
    /// The server.
    pub emulator: Emulator,
}

impl Store {
    /// The keyring as the official client finds it.
    pub fn keyring(&self) -> String {
        let (script, name, variables) = &self.client;
        client(script, &["get", name], variables)
    }

    /// Somebody else writes.
    pub fn overwrite(&self, text: &str) {
        self.ask("put", text);
    }

    /// Lets the official client do something with a text.
    pub fn ask(&self, what: &str, text: &str) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), text).expect("written");
        let path = file.path().to_str().expect("a path");
        let (script, name, variables) = &self.client;
        client(script, &[what, name, path], variables);
    }
}

/// The whole story; the store is gone at its end.
pub fn a_keyring_lives_in(store: Store) {
    let word = store.word;
    let (push, pull) = (
        format!("key push --to {word}"),
        format!("key pull --from {word}"),
    );
    let diff = format!("key diff --to {word}");
    let mut house = House::new(&store.variables);
    house.expect(&pull, 5, "has no keyring");
    house.expect(&push, 1, "no keyring file");
    let ours = house.generate();
    house.expect(&diff, 0, "store: -");
    house.expect(&push, 0, "sent to");
    assert_eq!(store.keyring(), ours);
    house.expect(&format!("{push} --json"), 0, "\"unchanged\"");
    house.expect(&diff, 0, "no difference");

    let mut other = House::new(&store.variables);
    other.live_in(word);
    other.expect("key check", 0, "are sound");
    other.expect(&pull, 0, "written from");
    assert_eq!(fs::read_to_string(other.keyring()).expect("pulled"), ours);
    let mode = other
        .keyring()
        .metadata()
        .expect("facts")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    other.expect("key check", 0, "are sound");
    let theirs = other.generate();
    other.expect("key check", 1, "another key stands in");
    let secrets: Vec<&str> = store.secrets.iter().map(String::as_str).collect();
    other.told_no_secret(&[&ours, &theirs], &secrets);

    store.overwrite(&theirs);
    house.expect(&push, 5, "another signing key is active");
    house.expect(&pull, 5, "would be lost");
    shows_fingerprints(&mut house, &diff, &ours, &theirs);
    assert_eq!(store.keyring(), theirs);
    house.expect(&format!("{push} --force"), 0, "sent to");
    assert_eq!(store.keyring(), ours);
    store.overwrite("[signing]\nactive = 'nobody'\nkeys = []\n");
    house.expect(&push, 1, "names no key");
    house.expect(&pull, 1, "names no key");
    store.overwrite(&ours);
    survives_an_outage(store, &mut house, &[&ours, &theirs]);
}

/// Of each key the id and eight digits, and never more.
fn shows_fingerprints(house: &mut House, diff: &str, ours: &str, theirs: &str) {
    let output = house.expect(diff, 0, "staging-");
    let json = house.expect(&format!("{diff} --json"), 0, "");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let differences = json["differences"].as_array().expect("a list");
    assert_eq!(differences.len(), 4, "two rings, two keys each");
    for value in [values(ours), values(theirs)].concat() {
        let fingerprint = concierge_server::keys::fingerprint(value);
        assert!(output.contains(&fingerprint[..8]) && !output.contains(&fingerprint[..9]));
    }
}

/// An own key, and a backup: both go where the keyring lives.
fn takes_in_keys(store: &Store, house: &mut House) {
    let own = concierge_server::keys::fingerprint("a key of our own for this test");
    let line = "key import --ring signing --stdin";
    house.expect_fed(line, 2, &own);
    assert!(
        !store.keyring().contains(&own),
        "the ring has a key already"
    );
    house.expect_fed(&format!("{line} --force"), 0, &own);
    assert!(store.keyring().contains(&own));
    house.expect("account list", 0, "");
    let passphrase = house.folder.path().join("passphrase");
    let options = "--passphrase-file passphrase";
    fs::write(&passphrase, "correct horse battery staple").expect("written");
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).expect("closed");
    house.expect(&format!("key backup --out k.age {options}"), 0, "");
    house.expect(&format!("key restore k.age --yes {options}"), 0, "Restored");
    assert!(
        !store.keyring().contains(&own),
        "there is a new signing key"
    );
    assert!(!house.keyring().exists());
    house.expect("account list", 0, "");
}

/// The last good copy, and who may go without.
fn survives_an_outage(store: Store, house: &mut House, keyrings: &[&str]) {
    let (word, title) = (store.word, store.title);
    house.live_in(word);
    fs::remove_file(house.keyring()).expect("removed");
    takes_in_keys(&store, house);
    let kept = |name: &str| house.folder.path().join("data").join(name);
    for name in ["keyring.last-good", "keyring.last-good.key"] {
        let mode = kept(name).metadata().expect(name).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        let text = fs::read_to_string(kept(name)).expect("text");
        assert!(!text.contains("staging") && !text.contains("value"));
    }
    let copy = kept("keyring.last-good");
    let secrets: Vec<&str> = store.secrets.iter().map(String::as_str).collect();
    drop(store.emulator);
    house.expect("account list", 0, "the last good copy of");
    house.expect("key check", 1, title);
    house.expect("serve --strict-store", 1, "is not asked for");
    house.expect(&format!("key push --to {word}"), 5, title);
    fs::remove_file(copy).expect("removed");
    house.expect("account list", 1, "no copy of its keyring");
    house.told_no_secret(keyrings, &secrets);
}
