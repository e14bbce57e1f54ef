//! The program serves on a ring in a store, while commands beside it rotate, undo and revoke.

use std::{
    fs,
    time::{Duration, Instant},
};

use concierge_server::keys::{KeyringContents, Purpose};
use serde_json::{Value, json};

use super::{
    house::House,
    life::Store,
    program::{Program, free},
};

const ADA: &str = "ada@example.org";
const PASSWORD: &str = "four brass bells ring";

/// The whole life of a ring in a store; the store is gone at its end.
pub fn a_server_follows(store: Store) {
    let (mut house, keyring) = moved_in(&store);
    let address = free();
    let server = house.serve(address);
    let first = sign_in(&server);
    let before = active(&store);
    let began = Instant::now();
    house.expect("key rotate --ring signing", 0, "is active");
    house.expect("key rotate --ring sealing", 0, "is active");
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
    let rotated = active(&store);
    assert_ne!(rotated, before);
    assert_eq!(
        status_of(&server, &first),
        "200",
        "signed by the key in grace"
    );
    let second = signed_by(&server, &rotated);
    house.expect("key rotate --ring signing --undo", 0, "is active");
    assert_eq!(active(&store), before);
    assert_eq!(status_of(&server, &second), "200");

    let line = format!("key revoke --kid {before} --reason leaked");
    house.expect(&line, 0, "is revoked");
    for token in [&first, &second] {
        within(Duration::from_secs(1), || {
            status_of(&server, token) == "401"
        });
    }
    let now = active(&store);
    assert!(now != before && now != rotated);
    let third = signed_by(&server, &now);
    server.kill();
    let server = house.serve(address);
    assert_eq!(status_of(&server, &third), "200", "after a restart");
    assert_eq!(status_of(&server, &first), "401");
    house.expect("key status", 0, store.title);
    house.expect("key incident list", 0, &before);

    the_store_goes(store, house, server, &third, &keyring);
}

/// A server without its store, which then starts on the copy, and revokes.
fn the_store_goes(store: Store, mut house: House, server: Program, third: &str, keyring: &str) {
    let (address, now) = (server.address, active(&store));
    let last = store.keyring();
    let (secrets, title) = (store.secrets.clone(), store.title);
    drop(store.emulator);
    assert_eq!(
        status_of(&server, third),
        "200",
        "the store is gone, the keys are known"
    );
    house.expect("key rotate --ring signing", 1, title);
    let refused = format!("key revoke --kid {now} --reason leaked");
    house.keep(server);
    let server = house.serve(address);
    assert_eq!(status_of(&server, third), "200", "on the last good copy");
    house.expect("serve --strict-store", 1, "is not asked for");
    house.expect(&refused, 1, "is revoked");
    within(Duration::from_secs(1), || {
        status_of(&server, third) == "401"
    });
    house.keep(server);
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    house.told_no_secret(&[keyring, &last], &secrets);
}

/// A house with its keys in the store and nowhere else, and an account.
fn moved_in(store: &Store) -> (House, String) {
    let mut house = House::new(&store.variables);
    let keyring = house.generate();
    house.expect(&format!("key push --to {}", store.word), 0, "sent to");
    house.live_in(store.word);
    fs::remove_file(house.keyring()).expect("removed");
    let line = format!("account create --email {ADA} --password-stdin");
    house.expect_fed(&line, 0, PASSWORD);
    (house, keyring)
}

fn active(store: &Store) -> String {
    let contents = KeyringContents::parse(&store.keyring()).expect("whole");
    contents
        .ring(Purpose::Signing)
        .expect("a ring")
        .active
        .clone()
}

fn sign_in(server: &Program) -> String {
    let names = json!({ "email": ADA, "password": PASSWORD, "transport": "bearer" });
    let answer = server.post("/api/auth/login", &names.to_string());
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    let token = body["access_token"].as_str();
    token.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn status_of(server: &Program, token: &str) -> String {
    let head = format!("GET /api/profile HTTP/1.1\r\nAuthorization: Bearer {token}");
    server.request(&head, "").chars().skip(9).take(3).collect()
}

fn kid(token: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let header = token.split('.').next().expect("a header");
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).expect("base64");
    let header: Value = serde_json::from_slice(&header).expect("JSON");
    header["kid"].as_str().expect("a kid").to_owned()
}

/// A token of this key: soon every new one is.
fn signed_by(server: &Program, wanted: &str) -> String {
    let mut token = String::new();
    within(Duration::from_secs(3), || {
        token = sign_in(server);
        kid(&token) == wanted
    });
    token
}

fn within(limit: Duration, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < limit, "not within {limit:?}");
    }
}
