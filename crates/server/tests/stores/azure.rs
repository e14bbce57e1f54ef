//! Azure Key Vault: an application with its secret, and every address checked as in earnest.

use std::path::Path;

use super::{
    emulator::{Emulator, Variables, certificate, client},
    house::House,
    life::{Store, a_keyring_lives_in},
    race,
    running::a_server_follows,
};

const SECRET: &str = "the-secret";

fn azure(folder: &Path, name: &str) -> Store {
    let names = "DNS:concierge.vault.invalid,DNS:login.invalid";
    let (pem, key) = certificate(folder, names);
    let emulator = Emulator::start("azure_stub.py", &[&pem, &key]);
    let address = format!("https://concierge.vault.invalid/secrets/{name}");
    let common: Variables = vec![
        (
            "HTTPS_PROXY",
            format!("http://127.0.0.1:{}", emulator.port()),
        ),
        ("AZURE_TENANT_ID", "the-tenant".to_owned()),
        ("AZURE_CLIENT_ID", "the-client".to_owned()),
        ("AZURE_CLIENT_SECRET", SECRET.to_owned()),
    ];
    let with = |more: &[(&'static str, &str)]| {
        let more = more
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        common.iter().cloned().chain(more).collect::<Variables>()
    };
    let pem = pem.display().to_string();
    let theirs = with(&[
        ("AZURE_AUTHORITY_HOST", "login.invalid"),
        ("REQUESTS_CA_BUNDLE", &pem),
    ]);
    Store {
        word: "azure",
        title: "Azure Key Vault",
        client: ("azure_client.py", address.clone(), theirs),
        variables: with(&[
            ("AZURE_AUTHORITY_HOST", "https://login.invalid"),
            ("SSL_CERT_FILE", &pem),
            ("CONCIERGE_KEY_STORE_NAME", &address),
        ]),
        secrets: vec![SECRET.to_owned(), "the-keeper".to_owned()],
        emulator,
    }
}

fn house(store: &Store, changed: &[(&'static str, &str)]) -> House {
    let changed = changed
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    House::new(&store.variables.iter().cloned().chain(changed).collect())
}

#[test]
fn what_stands_in_for_azure_passes_its_official_client() {
    let folder = tempfile::tempdir().unwrap();
    let store = azure(folder.path(), "check");
    client("azure_client.py", &["check"], &store.client.2);
}

#[test]
fn a_keyring_lives_in_key_vault() {
    let folder = tempfile::tempdir().unwrap();
    a_keyring_lives_in(azure(folder.path(), "concierge-staging"));
}

#[test]
fn a_server_follows_key_vault() {
    let folder = tempfile::tempdir().unwrap();
    a_server_follows(azure(folder.path(), "concierge-staging"));
}

#[test]
fn each_failure_of_key_vault_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = azure(folder.path(), "concierge-staging");
    for (mode, says) in [
        ("busy", "429"),
        ("broken", "502"),
        ("slow", "no answer within 10 s"),
        ("endless", "more than 1 MB"),
        (
            "locked out",
            "can't be reached: its sign-in does not answer",
        ),
        (
            "nobody signs in",
            "can't be reached: its sign-in does not answer",
        ),
    ] {
        store.emulator.make(mode);
        let said = house(&store, &[]).expect("key diff --to azure", 5, says);
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn who_writes_second_puts_the_text_of_the_first_back_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = azure(folder.path(), "concierge-staging");
    let mut first = house(&store, &[]);
    first.generate();
    first.expect("key push --to azure", 0, "sent to");
    let mut other = house(&store, &[]);
    let theirs = other.generate();
    for is_first in [true, false] {
        let ours = first.generate();
        store.emulator.let_a_rival_write(&theirs, is_first);
        let line = "key push --to azure --force";
        first.expect(line, 5, "changed there meanwhile");
        // Whoever was first; where that was us, the other one would put ours back, and this one does not know how.
        assert_eq!(store.keyring(), theirs, "{is_first}");
        assert_ne!(store.keyring(), ours);
    }
}

#[test]
fn of_two_that_write_to_key_vault_no_more_than_one_believes_to_have_won() {
    let folder = tempfile::tempdir().unwrap();
    let store = azure(folder.path(), "race");
    race::ends_with_one_winner("azure", &store.variables);
}

#[test]
fn a_stranger_a_reader_and_a_date_in_the_past_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = azure(folder.path(), "concierge-staging");
    let mut keeper = house(&store, &[]);
    let keyring = keeper.generate();
    keeper.expect("key push --to azure", 0, "sent to");
    let line = "key diff --to azure";
    let mut stranger = house(&store, &[("AZURE_CLIENT_SECRET", "no-such-client-secret")]);
    stranger.expect(line, 5, "AADSTS7000215");
    stranger.told_no_secret(&[], &["no-such-client-secret"]);
    let mut reader = house(&store, &[("AZURE_CLIENT_ID", "the-reader")]);
    reader.expect("key pull --from azure", 0, "written from");
    reader.generate();
    reader.expect("key push --to azure --force", 5, "`set` on secrets");
    house(
        &store,
        &[("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")],
    )
    .expect(line, 5, "no TLS connection");
    house(&store, &[("CONCIERGE_KEY_STORE_NAME", "concierge")]).expect(
        line,
        5,
        "set CONCIERGE_KEY_STORE_NAME=https://",
    );
    store.ask("expire", &keyring);
    keeper.expect(line, 5, "has expired");
}
