//! Both algorithms, and the attacks that confuse them (RFC 8725).

use aws_lc_rs::digest;
use concierge_core::account::AccountId;
use zeroize::Zeroizing;

use super::*;
use crate::platform::rng::{OsRng, Rng};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const LATER: Timestamp = Timestamp::from_millis(1_800_000_600_000);
const HOUSE: &str = "https://desk.example.org";
/// RFC 8037, appendix A.1 and A.2.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const MAC_KEY: &str = "6b1f0c93d7e24a58";

fn key(id: &str, algorithm: Algorithm, text: &str, state: KeyState) -> Key {
    Key {
        id: id.to_owned(),
        secret: Zeroizing::new(text.as_bytes().to_vec()),
        scheme: Scheme::of(algorithm, text).expect("a key"),
        state,
    }
}

fn hs256(state: KeyState) -> Key {
    key("mac", Algorithm::Hs256, MAC_KEY, state)
}

fn ed25519(state: KeyState) -> Key {
    key("pair", Algorithm::Ed25519, SEED, state)
}

/// An Ed25519 key signs; one of HS256 is still believed.
fn house() -> TokenSigner {
    let until = LATER;
    let others = vec![hs256(KeyState::Grace { until })];
    TokenSigner::new(Ring::new(ed25519(KeyState::Active), others), HOUSE)
}

fn token(signer: &TokenSigner) -> String {
    let rng: &dyn Rng = &OsRng;
    let (account, session): (AccountId, SessionId) = (rng.id(NOW), rng.id(NOW));
    let token = signer.sign(account, session, 1, NOW, LATER);
    token.expect("signed")
}

fn claims() -> String {
    let token = token(&house());
    token.split('.').nth(1).expect("claims").to_owned()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn header(alg: &str, kid: &str) -> String {
    encode(format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{kid}"}}"#))
}

fn maced(alg: &str, kid: &str, secret: &[u8]) -> String {
    let message = format!("{}.{}", header(alg, kid), claims());
    let mac = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret),
        message.as_bytes(),
    );
    format!("{message}.{}", encode(mac))
}

fn signed(alg: &str, kid: &str) -> String {
    let message = format!("{}.{}", header(alg, kid), claims());
    let pair = Pair::of_seed(SEED).expect("a pair");
    let signature = pair.sign(message.as_bytes()).expect("signed");
    format!("{message}.{}", encode(signature))
}

fn verdict(token: &str) -> Result<u64, Rejection> {
    let verified = house().verify(token, NOW);
    verified.map(|verified| verified.generation)
}

#[test]
fn each_algorithm_verifies_what_it_signed_and_writes_its_registered_name() {
    for (key, alg, length) in [
        (hs256(KeyState::Active), "HS256", 32),
        (ed25519(KeyState::Active), "Ed25519", 64),
    ] {
        let kid = key.id.clone();
        let signer = TokenSigner::new(Ring::new(key, vec![]), HOUSE);
        let token = token(&signer);
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts[0], header(alg, &kid));
        let signature = BASE64_URL_SAFE_NO_PAD.decode(parts[2]).expect("base64");
        assert_eq!(signature.len(), length);
        assert_eq!(signer.verify(&token, NOW).expect("ours").expires_at, LATER);
        let first = if parts[2].starts_with('A') { "B" } else { "A" };
        let forged = format!("{}.{}.{first}{}", parts[0], parts[1], &parts[2][1..]);
        let refused = signer.verify(&forged, NOW).err();
        assert_eq!(refused, Some(Rejection::BadSignature));
    }
}

#[test]
fn the_older_name_of_ed25519_is_understood_for_keys_of_ed25519_only() {
    assert_eq!(verdict(&signed("Ed25519", "pair")), Ok(1));
    assert_eq!(verdict(&signed("EdDSA", "pair")), Ok(1));
    assert_eq!(verdict(&maced("HS256", "mac", MAC_KEY.as_bytes())), Ok(1));
    assert_eq!(
        verdict(&signed("EdDSA", "mac")),
        Err(Rejection::WrongAlgorithm)
    );
}

/// RFC 8725, section 2.1: who may choose the algorithm can take a public key for a secret.
#[test]
fn a_token_cannot_choose_the_algorithm_of_a_key() {
    let public = BASE64_URL_SAFE_NO_PAD.decode(X).expect("base64");
    let jwk = house().jwk_set(NOW)["keys"][0].to_string();
    let unsigned = |alg| format!("{}.{}.", header(alg, "pair"), claims());
    for attack in [
        maced("HS256", "pair", &public),
        maced("HS256", "pair", X.as_bytes()),
        maced("HS256", "pair", hex::encode(&public).as_bytes()),
        maced("HS256", "pair", jwk.as_bytes()),
        maced("HS256", "pair", SEED.as_bytes()),
        maced("HS256", "pair", MAC_KEY.as_bytes()),
        maced("Ed25519", "mac", MAC_KEY.as_bytes()),
        signed("Ed25519", "mac"),
        signed("HS256", "pair"),
        signed("ed25519", "pair"),
        signed("Ed448", "pair"),
        signed("ES256", "pair"),
        unsigned("none"),
        unsigned("None"),
        unsigned(""),
    ] {
        assert_eq!(verdict(&attack), Err(Rejection::WrongAlgorithm), "{attack}");
    }
    assert_eq!(Rejection::WrongAlgorithm.as_str(), "alg_mismatch");
    for attack in [
        signed("HS256", "mac"),
        maced("Ed25519", "pair", &public),
        maced("EdDSA", "pair", &public),
        unsigned("Ed25519"),
    ] {
        assert_eq!(verdict(&attack), Err(Rejection::BadSignature), "{attack}");
    }
}

#[test]
fn the_set_has_the_public_keys_that_verify_and_no_secret() {
    let until = LATER;
    let states = [
        (KeyState::Active, true),
        (KeyState::Pending, true),
        (KeyState::Grace { until }, true),
        (KeyState::Grace { until: NOW }, false),
        (KeyState::Retired, false),
        (KeyState::Revoked, false),
    ];
    for (state, is_published) in states {
        let ring = Ring::new(hs256(KeyState::Active), vec![ed25519(state)]);
        let set = TokenSigner::new(ring, HOUSE).jwk_set(NOW);
        let key = json!({
            "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "pair", "alg": "Ed25519", "use": "sig",
        });
        let expected = if is_published {
            json!([key])
        } else {
            json!([])
        };
        assert_eq!(set, json!({ "keys": expected }), "{state:?}");
    }
}

#[test]
fn the_published_key_has_the_thumbprint_of_rfc_8037_appendix_a_3() {
    let set = house().jwk_set(NOW);
    let key = &set["keys"][0];
    let members = json!({ "crv": key["crv"], "kty": key["kty"], "x": key["x"] });
    let thumbprint = digest::digest(&digest::SHA256, members.to_string().as_bytes());
    assert_eq!(
        encode(thumbprint),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn retired_and_revoked_keys_are_refused_by_their_reason() {
    let signer = |state| {
        let ring = Ring::new(hs256(KeyState::Active), vec![ed25519(state)]);
        TokenSigner::new(ring, HOUSE)
    };
    let token = signed("Ed25519", "pair");
    for (state, reason) in [
        (KeyState::Retired, Rejection::RetiredKid),
        (KeyState::Grace { until: NOW }, Rejection::RetiredKid),
        (KeyState::Revoked, Rejection::RevokedKid),
    ] {
        assert_eq!(signer(state).verify(&token, NOW).err(), Some(reason));
    }
    assert!(signer(KeyState::Pending).verify(&token, NOW).is_ok());
}
