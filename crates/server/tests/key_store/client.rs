//! What a server could do to this client, on servers inside the test.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use concierge_core::sensitive::Sensitive;
use concierge_server::{
    config::{Environment, StoreKind, StoreSettings, VaultSettings},
    keys::stores::{Fault, KeyStore},
};
use serde_json::{Value, json};

/// One request, as far as a test asks.
struct Seen {
    path: String,
    token: Option<String>,
    body: Value,
}

/// A server that runs as long as the test's runtime.
struct Stub {
    address: String,
    seen: Log,
}

type Log = Arc<Mutex<Vec<Seen>>>;

type Answer = dyn Fn(&Seen) -> Response + Send + Sync;

impl Stub {
    async fn start(answer: impl Fn(&Seen) -> Response + Send + Sync + 'static) -> Self {
        let seen = Log::default();
        let answer: Arc<Answer> = Arc::new(answer);
        let router = Router::new()
            .fallback(handle)
            .with_state((Arc::clone(&seen), answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("fine");
        let port = listener.local_addr().expect("fine").port();
        tokio::spawn(async { axum::serve(listener, router).await });
        let address = format!("http://127.0.0.1:{port}");
        Self { address, seen }
    }

    fn by_token(&self) -> VaultSettings {
        VaultSettings {
            address: Some(self.address.clone()),
            token: Some(Sensitive::new("the-token")),
            ..VaultSettings::default()
        }
    }

    fn by_role(&self) -> VaultSettings {
        VaultSettings {
            address: Some(self.address.clone()),
            role: Some("the-role".to_owned()),
            secret: Some(Sensitive::new("the-secret")),
            ..VaultSettings::default()
        }
    }

    fn count(&self, path: &str) -> usize {
        let seen = self.seen.lock().expect("whole");
        seen.iter().filter(|one| one.path == path).count()
    }
}

async fn handle(
    State((seen, answer)): State<(Log, Arc<Answer>)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let token = headers.get("x-vault-token");
    let one = Seen {
        path: uri.path().to_owned(),
        token: token.map(|token| token.to_str().expect("fine").to_owned()),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let response = answer(&one);
    seen.lock().expect("whole").push(one);
    response
}

const LOGIN: &str = "/v1/auth/approle/login";
const DATA: &str = "/v1/secret/data/a";

fn mount(version: &str) -> Response {
    let options = json!({ "version": version });
    Json(json!({ "data": { "path": "secret/", "options": options } })).into_response()
}

fn keyring(text: &str) -> Response {
    let metadata = json!({ "version": 1 });
    Json(json!({ "data": { "data": { "keyring": text }, "metadata": metadata } })).into_response()
}

fn store_of(vault: VaultSettings) -> Result<KeyStore, Fault> {
    let settings = StoreSettings {
        name: Some("secret/a".to_owned()),
        vault,
        ..StoreSettings::default()
    };
    KeyStore::of(StoreKind::Vault, &settings, Environment::Staging)
}

fn to(vault: VaultSettings) -> KeyStore {
    store_of(vault).expect("fine")
}

async fn fault_of(settings: VaultSettings) -> Fault {
    to(settings).fetch().await.expect_err("refused")
}

#[tokio::test]
async fn a_redirect_is_refused_and_its_target_gets_no_token() {
    let target = Stub::start(|_| mount("2")).await;
    let elsewhere = target.address.clone();
    let stub = Stub::start(move |seen| {
        let location = [("location", format!("{elsewhere}{}", seen.path))];
        (StatusCode::TEMPORARY_REDIRECT, location).into_response()
    });
    let stub = stub.await;
    for settings in [stub.by_token(), stub.by_role()] {
        assert_eq!(fault_of(settings).await, Fault::Other("307".to_owned()));
    }
    assert_eq!(stub.seen.lock().expect("whole").len(), 2);
    assert_eq!(target.seen.lock().expect("whole").len(), 0);
}

#[tokio::test]
async fn an_answer_of_more_than_a_megabyte_is_not_taken() {
    for size in [1 << 20, 8 << 20] {
        let stub = Stub::start(move |seen| match seen.path.as_str() {
            DATA => keyring(&"x".repeat(size)),
            _ => mount("2"),
        });
        let stub = stub.await;
        let fault = fault_of(stub.by_token()).await;
        assert_eq!(fault, Fault::Other("with more than 1 MB".to_owned()));
    }
}

#[tokio::test]
async fn a_deleted_newest_version_is_said_and_is_no_empty_store() {
    let stub = Stub::start(|seen| match seen.path.as_str() {
        DATA => {
            let metadata = json!({ "version": 3, "deletion_time": "2026-11-21T00:00:00Z" });
            let body = json!({ "data": { "data": null, "metadata": metadata } });
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
        _ => mount("2"),
    });
    let stub = stub.await;
    let said = fault_of(stub.by_token()).await.to_string();
    assert!(said.contains("newest version") && said.contains("vault kv undelete"));
}

/// A server that hands out `token-1`, `token-2` and so on, and knows only the last one.
async fn approle(auth: Value) -> Stub {
    let given = Mutex::new(0);
    let answer = move |seen: &Seen| {
        let mut given = given.lock().expect("whole");
        if seen.path == LOGIN {
            *given += 1;
            let mut auth = auth.clone();
            auth["client_token"] = json!(format!("token-{given}"));
            return Json(json!({ "auth": auth })).into_response();
        }
        if seen.path == "/v1/forget" {
            *given += 1;
        }
        if seen.token != Some(format!("token-{given}")) {
            return StatusCode::FORBIDDEN.into_response();
        }
        match seen.path.as_str() {
            DATA => keyring("a keyring"),
            _ => mount("2"),
        }
    };
    Stub::start(answer).await
}

#[tokio::test]
async fn approle_signs_in_once_for_as_long_as_its_token_lives() {
    for (auth, logins) in [
        (json!({ "lease_duration": 3600 }), 1),
        // A token that ends at once, one that says nothing of its end, one that is used up.
        (json!({ "lease_duration": 0 }), 3),
        (json!({}), 3),
        (json!({ "lease_duration": 3600, "num_uses": 10 }), 3),
    ] {
        let stub = approle(auth.clone()).await;
        for _ in 0..3 {
            // Each time a client of its own, as each question has.
            assert!(to(stub.by_role()).fetch().await.expect("fine").is_some());
        }
        assert_eq!(stub.count(LOGIN), logins, "{auth}");
    }
}

#[tokio::test]
async fn a_token_that_was_taken_away_is_followed_by_a_new_one() {
    let stub = approle(json!({ "lease_duration": 3600 })).await;
    assert!(to(stub.by_role()).fetch().await.is_ok());
    let forget = format!("{}/v1/forget", stub.address);
    reqwest::get(forget).await.expect("fine");
    assert!(to(stub.by_role()).fetch().await.is_ok());
    assert_eq!(stub.count(LOGIN), 2);
}

#[tokio::test]
async fn another_secret_or_namespace_never_gets_the_token_of_the_first() {
    let stub = approle(json!({ "lease_duration": 3600 })).await;
    assert!(to(stub.by_role()).fetch().await.is_ok());
    let another = [
        VaultSettings {
            secret: Some(Sensitive::new("another-secret")),
            ..stub.by_role()
        },
        VaultSettings {
            namespace: Some("another".to_owned()),
            ..stub.by_role()
        },
    ];
    for (settings, logins) in another.into_iter().zip(2..) {
        assert!(to(settings).fetch().await.is_ok());
        assert_eq!(stub.count(LOGIN), logins);
    }
}

#[test]
fn an_address_with_a_password_in_it_is_refused_without_showing_it() {
    for address in [
        "https://ada:hunter2@vault.invalid",
        "https://ada@[::1]:8200",
    ] {
        let settings = VaultSettings {
            address: Some(address.to_owned()),
            token: Some(Sensitive::new("the-token")),
            ..VaultSettings::default()
        };
        let said = store_of(settings).expect_err("refused").to_string();
        assert!(said.contains("VAULT_ADDR") && !said.contains("hunter2"));
    }
}

/// KV 1 with somebody else who writes just before or just after us.
async fn kv_1(rival: &'static str, is_before: bool) -> (Stub, Arc<Mutex<String>>) {
    let kept = Arc::new(Mutex::new("ours".to_owned()));
    let shared = Arc::clone(&kept);
    let stub = Stub::start(move |seen| {
        if seen.path != "/v1/secret/a" {
            return mount("1");
        }
        let mut kept = shared.lock().expect("whole");
        let Some(text) = seen.body["keyring"].as_str() else {
            return Json(json!({ "data": { "keyring": *kept } })).into_response();
        };
        let (first, last) = if is_before {
            (rival, text)
        } else {
            (text, rival)
        };
        first.clone_into(&mut kept);
        last.clone_into(&mut kept);
        StatusCode::NO_CONTENT.into_response()
    });
    (stub.await, kept)
}

/// No promise is kept here: KV 1 has nothing that could keep one, and this says how far it goes.
#[tokio::test]
async fn on_kv_1_who_writes_between_our_look_and_our_write_is_lost_and_nobody_is_told() {
    let (stub, kept) = kv_1("theirs", true).await;
    let vault = to(stub.by_token());
    let version = vault.fetch().await.expect("fine").unwrap().version;
    assert!(vault.replace("# new", Some(&version)).await.is_ok());
    assert_eq!(*kept.lock().expect("whole"), "# new");
}

#[tokio::test]
async fn on_kv_1_who_is_overwritten_before_the_second_look_is_told() {
    let (stub, kept) = kv_1("theirs", false).await;
    let vault = to(stub.by_token());
    let version = vault.fetch().await.expect("fine").unwrap().version;
    let told = vault.replace("# new", Some(&version)).await;
    assert_eq!(told, Err(Fault::Conflict));
    assert_eq!(*kept.lock().expect("whole"), "theirs");
    let told = vault.replace("# new", Some(&version)).await;
    assert_eq!(told, Err(Fault::Conflict));
}
