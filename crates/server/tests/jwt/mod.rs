//! Attacks on access tokens (RFC 8725): each is refused like any other token that is not ours.

mod elsewhere;
mod public;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use concierge_server::keys::TEST_SIGNING_KEY;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use crate::support::{ADA, PASSWORD, app::TestApp, browser::Browser};

/// A genuine token, taken apart.
struct Genuine {
    program: Browser,
    header: Value,
    claims: Value,
    text: String,
}

fn encode(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(header: &Value, claims: &Value, algorithm: Algorithm, key: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let key = EncodingKey::from_secret(key.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm);
    format!("{message}.{}", signature.expect("signed"))
}

fn with(value: &Value, name: &str, to: Value) -> Value {
    let mut changed = value.clone();
    changed[name] = to;
    changed
}

fn without(value: &Value, name: &str) -> Value {
    let mut changed = value.clone();
    changed.as_object_mut().expect("an object").remove(name);
    changed
}

impl Genuine {
    async fn of(app: &TestApp) -> Self {
        app.registered(ADA).await;
        let mut program = app.program();
        program.sign_in_bearer(ADA, PASSWORD).await;
        let (_, value) = program.headers.pop().expect("the header");
        let text = value.trim_start_matches("Bearer ").to_owned();
        let part = |at: usize| {
            let part = text.split('.').nth(at).expect("three parts");
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64");
            serde_json::from_slice(&bytes).expect("JSON")
        };
        Self {
            header: part(0),
            claims: part(1),
            program,
            text,
        }
    }

    /// Signed with the right key and algorithm.
    fn forge(&self, header: &Value, claims: &Value) -> String {
        signed(header, claims, Algorithm::HS256, TEST_SIGNING_KEY)
    }

    async fn status(&mut self, token: &str) -> (u16, String) {
        self.program.headers = vec![("authorization", format!("Bearer {token}"))];
        let answer = self.program.get("/api/profile").await;
        let code = if answer.status == 200 {
            String::new()
        } else {
            answer.code()
        };
        (answer.status, code)
    }

    async fn assert_refused(&mut self, attacks: Vec<(&str, String)>) {
        for (what, token) in attacks {
            let expected = (401, "unauthenticated".to_owned());
            assert_eq!(self.status(&token).await, expected, "{what}");
            let mut browser = self.program.clone();
            browser.headers.clear();
            browser.cookies.insert("__Host-at".to_owned(), token);
            let answer = browser.get("/api/profile").await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (401, "unauthenticated"),
                "{what}"
            );
        }
        let genuine = self.text.clone();
        assert_eq!(self.status(&genuine).await.0, 200);
    }
}

on_each_engine! {
    async fn what_we_forge_rightly_is_genuine(db) {
        let app = TestApp::start(db).await;
        let mut genuine = Genuine::of(&app).await;
        assert_eq!(genuine.header["alg"], "HS256");
        assert_eq!(genuine.header["typ"], "at+jwt");
        assert_eq!(genuine.header.as_object().map(serde_json::Map::len), Some(3));
        let token = genuine.forge(&genuine.header, &genuine.claims);
        assert_eq!(genuine.status(&token).await.0, 200);
    }

    async fn attacks_on_the_header_are_refused(db) {
        let app = TestApp::start(db).await;
        let mut genuine = Genuine::of(&app).await;
        let (header, claims) = (genuine.header.clone(), genuine.claims.clone());
        let unsigned = |alg: &str| format!("{}.{}.", encode(&with(&header, "alg", json!(alg))), encode(&claims));
        let mut attacks = vec![
            ("alg none", unsigned("none")),
            ("alg None", unsigned("None")),
            ("alg empty", unsigned("")),
            ("HS384", signed(&with(&header, "alg", json!("HS384")), &claims, Algorithm::HS384, TEST_SIGNING_KEY)),
            ("HS512", signed(&with(&header, "alg", json!("HS512")), &claims, Algorithm::HS512, TEST_SIGNING_KEY)),
            ("HS384 that says HS256", signed(&header, &claims, Algorithm::HS384, TEST_SIGNING_KEY)),
            ("another key", signed(&header, &claims, Algorithm::HS256, "another key of enough bytes, to be sure")),
            ("an empty key", signed(&header, &claims, Algorithm::HS256, "")),
        ];
        for alg in ["hs256", "RS256", "ES256", "EdDSA"] {
            attacks.push((alg, genuine.forge(&with(&header, "alg", json!(alg)), &claims)));
        }
        for kid in [json!("unknown"), json!(""), json!(1), json!(null), json!("../../dev/null"), json!("' OR 1=1 --")] {
            attacks.push(("kid", genuine.forge(&with(&header, "kid", kid), &claims)));
        }
        for name in ["alg", "typ", "kid"] {
            attacks.push((name, genuine.forge(&without(&header, name), &claims)));
        }
        for typ in ["JWT", "at+JWT", "jwt", "application/at+jwt"] {
            attacks.push((typ, genuine.forge(&with(&header, "typ", json!(typ)), &claims)));
        }
        for name in ["jku", "jwk", "x5u", "x5c", "crit", "cty", "zip", "b64"] {
            attacks.push((name, genuine.forge(&with(&header, name, json!("x")), &claims)));
        }
        genuine.assert_refused(attacks).await;
    }

    async fn attacks_on_the_claims_are_refused(db) {
        let app = TestApp::start(db).await;
        let mut genuine = Genuine::of(&app).await;
        let (header, claims) = (genuine.header.clone(), genuine.claims.clone());
        let now = claims["iat"].as_i64().expect("a time");
        let changes = [
            ("iss", json!("https://evil.example")),
            ("iss", json!("http://localhost:3000/")),
            ("aud", json!("https://evil.example")),
            ("aud", json!(["http://localhost:3000"])),
            ("sub", json!("acc_00000000000000000000000000000000")),
            ("sub", claims["sid"].clone()),
            ("sid", json!("ses_00000000000000000000000000000000")),
            ("gen", json!(2)),
            ("gen", json!(-1)),
            ("gen", json!("1")),
            ("nbf", json!(now + 6)),
            ("iat", json!(now + 6)),
            ("exp", json!("never")),
            ("exp", json!(1e300)),
            ("admin", json!(true)),
            ("scope", json!("all")),
        ];
        let mut attacks = Vec::new();
        for (name, value) in changes {
            attacks.push((name, genuine.forge(&header, &with(&claims, name, value))));
        }
        for name in ["iss", "aud", "sub", "sid", "gen", "iat", "nbf", "exp"] {
            attacks.push((name, genuine.forge(&header, &without(&claims, name))));
        }
        genuine.assert_refused(attacks).await;
        let late = genuine.forge(&header, &with(&claims, "exp", json!(now)));
        assert_eq!(genuine.status(&late).await, (401, "token_expired".to_owned()));
        let skewed = genuine.forge(&header, &with(&with(&claims, "nbf", json!(now + 5)), "iat", json!(now + 5)));
        assert_eq!(genuine.status(&skewed).await.0, 200);
    }

    async fn attacks_on_the_text_are_refused(db) {
        let app = TestApp::start(db).await;
        let mut genuine = Genuine::of(&app).await;
        let text = genuine.text.clone();
        let parts: Vec<&str> = text.split('.').collect();
        let (head, claims, signature) = (parts[0], parts[1], parts[2]);
        let flipped = |part: &str| format!("{}{}", if part.starts_with('A') { 'B' } else { 'A' }, &part[1..]);
        let doubled = genuine.claims.to_string().replacen('{', "{\"gen\":1,", 1);
        let doubled = format!("{head}.{}", BASE64_URL_SAFE_NO_PAD.encode(doubled));
        let key = EncodingKey::from_secret(TEST_SIGNING_KEY.as_bytes());
        let seal = jsonwebtoken::crypto::sign(doubled.as_bytes(), &key, Algorithm::HS256).expect("signed");
        let long = genuine.forge(&genuine.header, &with(&genuine.claims, "iss", json!("x".repeat(3000))));
        assert!(long.len() > 3000);
        let attacks = vec![
            ("no text", String::new()),
            ("dots", "..".to_owned()),
            ("garbage", "a.b.c".to_owned()),
            ("two parts", format!("{head}.{claims}")),
            ("four parts", format!("{text}.{signature}")),
            ("no signature", format!("{head}.{claims}.")),
            ("half a signature", format!("{head}.{claims}.{}", &signature[..20])),
            ("another signature", format!("{head}.{claims}.{}", flipped(signature))),
            ("other claims", format!("{head}.{}.{signature}", flipped(claims))),
            ("another header", format!("{}.{claims}.{signature}", flipped(head))),
            ("padding", format!("{head}.{claims}.{signature}=")),
            ("the other alphabet", text.replace(['-', '_'], "+") + "/"),
            ("a doubled claim", format!("{doubled}.{seal}")),
            ("3 KiB", long),
            ("a JSON form", json!({ "payload": claims, "signature": signature }).to_string()),
        ];
        genuine.assert_refused(attacks).await;
    }

    async fn only_one_authorization_of_the_right_scheme_counts(db) {
        let app = TestApp::start(db).await;
        let mut genuine = Genuine::of(&app).await;
        let token = genuine.text.clone();
        for value in [token.clone(), format!("Basic {token}"), format!("Bearer  {token}"), "Bearer".to_owned(), format!("Bearer {token} x")] {
            genuine.program.headers = vec![("authorization", value.clone())];
            let answer = genuine.program.get("/api/profile").await;
            answer.assert_problem(401, "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{value}");
        }
        let header = ("authorization", format!("Bearer {token}"));
        genuine.program.headers = vec![header.clone(), header];
        genuine.program.get("/api/profile").await.assert_problem(401, "unauthenticated");
        genuine.program.headers = vec![("authorization", format!("bearer {token}"))];
        assert_eq!(genuine.program.get("/api/profile").await.status, 200);
    }
}
