//! An Ed25519 key signs: what others can read of it, and the attacks that a public key invites.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use concierge_server::{keys::TEST_SIGNING_KEY, platform::ed25519::Pair};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::{Genuine, encode, signed, with};
use crate::support::{ADA, PASSWORD, app::TestApp, database::Database, program::command};

/// RFC 8037, appendix A.1 and A.2: in print, so only tests take it.
pub const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
pub const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
pub const KID: &str = "test-pair";
const PATH: &str = "/.well-known/jwks.json";

/// Makes the pair the active signing key of the house; the keys in `further` stay in its ring.
pub fn give_pair(database: &Database, further: &str) -> PathBuf {
    let path = database.folder.path().join("secrets.test.toml");
    let text = format!(
        "[signing]\nactive = '{KID}'\n[[signing.keys]]\nid = '{KID}'\nalg = 'Ed25519'\nvalue = '{SEED}'\nstate = 'active'\n{further}"
    );
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("closed");
    path
}

/// Signed by the pair.
pub fn by_pair(header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let pair = Pair::of_seed(SEED).expect("a pair");
    let signature = pair.sign(message.as_bytes()).expect("signed");
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn previous(alg: &str, state: &str) -> String {
    format!(
        "[[signing.keys]]\nid = 'test-00000000-0001'\nalg = '{alg}'\nvalue = '{TEST_SIGNING_KEY}'\nstate = '{state}'\nverify_until = 2999-01-01T00:00:00Z\n"
    )
}

on_each_engine! {
    async fn without_an_ed25519_key_the_set_is_empty(db) {
        let app = TestApp::start(db).await;
        let answer = app.program().get(PATH).await;
        assert_eq!((answer.status, answer.text()), (200, r#"{"keys":[]}"#.to_owned()));
    }

    async fn the_public_half_of_an_ed25519_key_is_there_for_everybody(db) {
        give_pair(db, &previous("Ed25519", "grace"));
        let app = TestApp::start(db).await;
        let answer = app.program().get(PATH).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/jwk-set+json");
        assert_eq!(answer.header("cache-control"), "public, max-age=60");
        assert!(answer.headers.get("set-cookie").is_none());
        // What may be kept by others holds no nonce.
        let policy = "default-src 'none'; frame-ancestors 'none'; sandbox";
        assert_eq!(answer.header("content-security-policy"), policy);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let mut lost = app.program();
        lost.host = "elsewhere.example";
        lost.get(PATH).await.assert_problem(421, "wrong_origin");
        assert!(!answer.text().contains(SEED) && !answer.text().contains("\"d\""));
        let keys = answer.json();
        let keys = keys["keys"].as_array().expect("a list");
        assert_eq!(keys.len(), 2);
        let expected = json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": KID, "alg": "Ed25519", "use": "sig" });
        assert_eq!(keys[0], expected);
        app.program().call("POST", PATH, json!({})).await.assert_problem(405, "method_not_allowed");
    }

    async fn a_key_that_verifies_no_longer_is_not_in_the_set(db) {
        for state in ["retired", "revoked"] {
            give_pair(db, &previous("Ed25519", state));
            let app = TestApp::start(db).await;
            let set = app.program().get(PATH).await.json();
            let kids: Vec<_> = set["keys"].as_array().expect("a list").iter().map(|key| &key["kid"]).collect();
            assert_eq!(kids, [KID], "{state}");
        }
    }

    async fn a_house_that_changes_to_ed25519_signs_nobody_out(db) {
        let before = TestApp::start(db).await;
        let early = Genuine::of(&before).await;
        assert_eq!(early.header["alg"], "HS256");
        give_pair(db, &previous("HS256", "grace"));
        let app = before.beside(db).await;
        let mut program = app.program();
        program.headers = vec![("authorization", format!("Bearer {}", early.text))];
        assert_eq!(program.get("/api/profile").await.status, 200);
        let mut late = app.program();
        late.sign_in_bearer(ADA, PASSWORD).await;
        assert_eq!(late.get("/api/profile").await.status, 200);
        let (_, token) = late.headers.pop().expect("the header");
        let header = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"at+jwt","alg":"Ed25519","kid":"{KID}"}}"#));
        assert!(token.starts_with(&format!("Bearer {header}.")), "{token}");
    }

    async fn asvs_9_1_2_a_token_cannot_choose_the_algorithm_of_its_key(db) {
        give_pair(db, &previous("HS256", "grace"));
        let app = TestApp::start(db).await;
        let mut genuine = Genuine::of(&app).await;
        let (header, claims) = (genuine.header.clone(), genuine.claims.clone());
        assert_eq!(header["alg"], "Ed25519");
        let maced = with(&header, "alg", json!("HS256"));
        let mac = |header: &Value, key: &str| signed(header, &claims, Algorithm::HS256, key);
        let other = json!("test-00000000-0001");
        let unsigned = |alg: &str| format!("{}.{}.", encode(&with(&header, "alg", json!(alg))), encode(&claims));
        let public = app.program().get(PATH).await.json()["keys"][0].to_string();
        let attacks = vec![
            ("HS256 with the public key", mac(&maced, X)),
            ("HS256 with the published key", mac(&maced, &public)),
            ("HS256 with the seed's text", mac(&maced, SEED)),
            ("HS256 with the key of the other kid", mac(&maced, TEST_SIGNING_KEY)),
            ("Ed25519 with the kid of HS256", by_pair(&with(&header, "kid", other.clone()), &claims)),
            ("EdDSA with the kid of HS256", by_pair(&with(&with(&header, "kid", other), "alg", json!("EdDSA")), &claims)),
            ("HS256 that the pair signed", by_pair(&maced, &claims)),
            ("none", unsigned("none")),
            ("None", unsigned("None")),
        ];
        let count = attacks.len() * 2;
        genuine.assert_refused(attacks).await;
        assert_eq!(app.services.refusals.counts()["alg_mismatch"], count as u64);
        for header in [&header, &with(&header, "alg", json!("EdDSA"))] {
            let token = by_pair(header, &claims);
            assert_eq!(genuine.status(&token).await.0, 200, "{header}");
        }
        let forged = vec![("a MAC for a signature", mac(&header, X)), ("no signature", unsigned("Ed25519"))];
        genuine.assert_refused(forged).await;
        assert_eq!(app.services.refusals.counts()["bad_signature"], 4);
    }
}

#[test]
fn the_program_makes_an_ed25519_key_where_it_can_be_told_from_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        let output = command(folder.path(), &words, &[("CONCIERGE_ENV", "staging")]).output();
        let output = output.expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), error)
    };
    let made = run("key generate --alg Ed25519 --out secrets.staging.toml");
    assert_eq!(made, (Some(0), String::new()));
    let path = folder.path().join("secrets.staging.toml");
    let text = fs::read_to_string(&path).expect("a file");
    assert_eq!(
        (
            text.matches("Ed25519").count(),
            text.matches("HS256").count()
        ),
        (1, 1)
    );
    let checked = command(
        folder.path(),
        &["key", "check"],
        &[
            ("CONCIERGE_ENV", "staging"),
            ("CONCIERGE_KEYRING", "secrets.staging.toml"),
        ],
    );
    let checked = { checked }.output().expect("it runs");
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    for (words, why) in [
        ("key generate --alg Ed25519", "--out secrets.<env>.toml"),
        (
            "key generate --alg Ed25519 --out .env",
            "--out secrets.<env>.toml",
        ),
        (
            "key generate --alg Ed25519 --ring sealing --out new.toml",
            "signing ring",
        ),
        (
            "key generate --alg RS256 --out new.toml",
            "HS256 or Ed25519",
        ),
    ] {
        let (code, error) = run(words);
        assert_eq!(code, Some(2), "{words}");
        assert!(error.contains(why), "{words}: {error}");
    }
    assert!(!folder.path().join("new.toml").exists() && !folder.path().join(".env").exists());
}
