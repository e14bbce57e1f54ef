//! Access tokens: JWTs as RFC 8725 and RFC 9068 want them, and nothing a JWT library accepts beyond that.
//!
//! One algorithm per key, a known `kid`, exactly three header fields, every claim present. The order of the
//! checks is fixed: size and alphabet, header, signature, claims. Time is judged by the caller's clock.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicBool, Ordering},
};

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use concierge_core::{account::AccountId, session::SessionId, time::Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    ed25519::Pair,
    keyring::{Algorithm, Key, KeyState, Ring, Scheme},
    seal::sha256,
};

/// The type of an access token (RFC 9068 section 2.1), so that no other JWT passes for one.
const TYPE: &str = "at+jwt";
/// The longest token that is looked at.
const MAX_LENGTH: usize = 2048;
/// How far the clocks of two instances may be apart, in seconds.
const LEEWAY: i64 = 5;

/// What an access token says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims<'a> {
    /// The issuer: the public origin.
    #[serde(borrow)]
    iss: Cow<'a, str>,
    /// The audience: the public origin, too.
    #[serde(borrow)]
    aud: Cow<'a, str>,
    sub: AccountId,
    sid: SessionId,
    #[serde(rename = "gen")]
    generation: u64,
    /// Seconds, as the two after it.
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Why a token was refused. Counted apart; the answer to the client never tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Not a compact JWS of ours by size, alphabet, parts, header or claims.
    Malformed,
    /// No such key.
    UnknownKid,
    /// The key was revoked.
    RevokedKid,
    /// The key's grace is over.
    RetiredKid,
    /// Another algorithm than the key's own.
    WrongAlgorithm,
    /// The signature does not fit.
    BadSignature,
    /// Issuer or audience is another house.
    WrongIssuer,
    /// Not valid yet.
    NotYet,
}

impl Rejection {
    /// The stable word that counters and events use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownKid => "unknown_kid",
            Self::RevokedKid => "revoked_kid",
            Self::RetiredKid => "retired_kid",
            Self::WrongAlgorithm => "alg_mismatch",
            Self::BadSignature => "bad_signature",
            Self::WrongIssuer => "wrong_env",
            Self::NotYet => "not_yet",
        }
    }
}

/// What a token says whose signature and claims are right.
#[derive(Debug, Clone, Copy)]
pub struct Verified {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// The generation of the refresh token it was made with.
    pub generation: u64,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether its time is up.
    pub is_expired: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

/// A token that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// Its claims cannot be written.
    #[error("the claims cannot be written: {0}")]
    Claims(#[from] serde_json::Error),
    /// The library refused.
    #[error("the signature cannot be made")]
    Signature,
    /// The only key that could sign was revoked; the operator has to give another.
    #[error("the signing key was revoked and no other is at hand: set a new one")]
    Revoked,
}

/// Signs and verifies the access tokens of one house.
pub struct TokenSigner {
    origin: String,
    active: TokenKey,
    others: Vec<TokenKey>,
}

/// A key as tokens name it, ready to use: nothing is prepared or parsed for a single token.
struct TokenKey {
    /// The first part of every token that this key signs, byte for byte.
    header: String,
    id: String,
    state: KeyState,
    /// Set when it turns out to be revoked while it is in use.
    is_revoked: AtomicBool,
    /// SHA-256 of its text, in hex.
    fingerprint: String,
    secret: Secret,
}

/// What signs, by the algorithm that is the key's own.
enum Secret {
    Hs256(Box<hmac::Key>),
    Ed25519(Box<Pair>),
}

impl TokenSigner {
    /// A signer with these keys for the house at this public origin.
    pub fn new(ring: Ring, origin: &str) -> Self {
        let (active, others) = ring.into_keys();
        Self {
            origin: origin.to_owned(),
            active: TokenKey::new(active),
            others: others.into_iter().map(TokenKey::new).collect(),
        }
    }

    /// Refuses the keys of these fingerprints from now on, also where no new ring can be had.
    pub fn refuse(&self, fingerprints: &[String]) {
        let revoked = |key: &&TokenKey| fingerprints.contains(&key.fingerprint);
        for key in self.keys().filter(revoked) {
            key.is_revoked.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the key that signs was revoked, so that nothing can be signed.
    pub fn is_revoked(&self) -> bool {
        self.active.is_revoked.load(Ordering::Relaxed) || self.active.state == KeyState::Revoked
    }

    /// The active key first, which most tokens name.
    fn keys(&self) -> impl Iterator<Item = &TokenKey> {
        std::iter::once(&self.active).chain(&self.others)
    }

    /// The public keys that verify at this time, as a JWK set (RFC 7517). One that was revoked or is retired is
    /// gone at once.
    pub fn jwk_set(&self, now: Timestamp) -> Value {
        let keys = self.keys().filter(|key| key.judge(now).is_ok());
        json!({ "keys": keys.filter_map(TokenKey::jwk).collect::<Vec<_>>() })
    }

    /// A token for a generation of a session, good until `expires_at` (cut to whole seconds).
    pub fn sign(
        &self,
        account: AccountId,
        session: SessionId,
        generation: u64,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<String, SigningError> {
        let claims = Claims {
            iss: Cow::Borrowed(&self.origin),
            aud: Cow::Borrowed(&self.origin),
            sub: account,
            sid: session,
            generation,
            iat: now.as_seconds(),
            nbf: now.as_seconds(),
            exp: expires_at.as_seconds(),
        };
        let claims = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims)?);
        let message = format!("{}.{claims}", self.active.header);
        self.active.judge(now).map_err(|_| SigningError::Revoked)?;
        let signature = self.active.sign(message.as_bytes())?;
        Ok(format!("{message}.{signature}"))
    }

    /// Checks everything about a token but its session.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Verified, Rejection> {
        let (message, signature) = parts(token).ok_or(Rejection::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(Rejection::Malformed)?;
        let key = self.key_of(header, now)?;
        let signature = BASE64_URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| Rejection::Malformed)?;
        key.verify(message.as_bytes(), &signature)?;
        self.judge(claims, now)
    }

    /// The key that a header names, if it verifies at this time.
    fn key_of(&self, header: &str, now: Timestamp) -> Result<&TokenKey, Rejection> {
        // Tokens of ours begin with one of a few texts; only a stranger's has to be read to say what is wrong.
        let key = match self.keys().find(|key| key.header == header) {
            Some(key) => key,
            None => self.key_named_in(header)?,
        };
        key.judge(now).map(|()| key)
    }

    /// Reads a header that is not written as ours are: the same three fields in another order are ours, too.
    fn key_named_in(&self, header: &str) -> Result<&TokenKey, Rejection> {
        let header = BASE64_URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| Rejection::Malformed)?;
        let header: StrictHeader<'_> =
            serde_json::from_slice(&header).map_err(|_| Rejection::Malformed)?;
        if header.typ != TYPE {
            return Err(Rejection::Malformed);
        }
        let key = self.keys().find(|key| key.id == header.kid);
        let key = key.ok_or(Rejection::UnknownKid)?;
        if key.algorithm().is_named(header.alg) {
            Ok(key)
        } else {
            Err(Rejection::WrongAlgorithm)
        }
    }

    /// Judges claims whose signature is right, by the caller's clock. A library's `decode` would prepare the
    /// key and read the header again, and ask the machine for the time.
    fn judge(&self, claims: &str, now: Timestamp) -> Result<Verified, Rejection> {
        let claims = BASE64_URL_SAFE_NO_PAD
            .decode(claims)
            .map_err(|_| Rejection::Malformed)?;
        let claims: Claims<'_> =
            serde_json::from_slice(&claims).map_err(|_| Rejection::Malformed)?;
        if claims.iss != self.origin || claims.aud != self.origin {
            return Err(Rejection::WrongIssuer);
        }
        let seconds = now.as_seconds();
        if claims.nbf > seconds + LEEWAY || claims.iat > seconds + LEEWAY {
            return Err(Rejection::NotYet);
        }
        Ok(Verified {
            account: claims.sub,
            session: claims.sid,
            generation: claims.generation,
            expires_at: Timestamp::from_millis(claims.exp.saturating_mul(1000)),
            is_expired: claims.exp <= seconds,
        })
    }
}

impl TokenKey {
    fn new(key: Key) -> Self {
        let (algorithm, secret) = match key.scheme {
            Scheme::Hs256 => {
                let secret = hmac::Key::new(hmac::HMAC_SHA256, &key.secret);
                (Algorithm::Hs256, Secret::Hs256(Box::new(secret)))
            }
            Scheme::Ed25519(pair) => (Algorithm::Ed25519, Secret::Ed25519(pair)),
        };
        let fingerprint = hex::encode(sha256(&key.secret));
        // An id is made of characters that JSON writes as they are.
        let header = format!(
            r#"{{"typ":"{TYPE}","alg":"{}","kid":"{}"}}"#,
            algorithm.as_str(),
            key.id
        );
        Self {
            header: BASE64_URL_SAFE_NO_PAD.encode(header),
            fingerprint,
            is_revoked: AtomicBool::new(false),
            id: key.id,
            state: key.state,
            secret,
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self.secret {
            Secret::Hs256(_) => Algorithm::Hs256,
            Secret::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Whether what it signed is believed at this time.
    fn judge(&self, now: Timestamp) -> Result<(), Rejection> {
        if self.is_revoked.load(Ordering::Relaxed) {
            return Err(Rejection::RevokedKid);
        }
        match self.state {
            KeyState::Revoked => Err(Rejection::RevokedKid),
            KeyState::Retired => Err(Rejection::RetiredKid),
            KeyState::Grace { until } if until <= now => Err(Rejection::RetiredKid),
            KeyState::Active | KeyState::Pending | KeyState::Grace { .. } => Ok(()),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<String, SigningError> {
        Ok(match &self.secret {
            Secret::Hs256(key) => BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(key, message)),
            Secret::Ed25519(pair) => {
                let signature = pair.sign(message).map_err(|_| SigningError::Signature)?;
                BASE64_URL_SAFE_NO_PAD.encode(signature)
            }
        })
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Rejection> {
        let verified = match &self.secret {
            Secret::Hs256(key) => hmac::verify(key, message, signature),
            Secret::Ed25519(pair) => pair.verify(message, signature),
        };
        verified.map_err(|_| Rejection::BadSignature)
    }

    /// What others may know of it (RFC 8037): nothing of a key whose verifier could sign.
    fn jwk(&self) -> Option<Value> {
        let Secret::Ed25519(pair) = &self.secret else {
            return None;
        };
        Some(json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": BASE64_URL_SAFE_NO_PAD.encode(pair.public_key()),
            "kid": self.id,
            "alg": self.algorithm().as_str(),
            "use": "sig",
        }))
    }
}

/// A compact JWS by size, alphabet and number of parts, cut into what is signed and its signature.
fn parts(token: &str) -> Option<(&str, &str)> {
    // Looks at every byte without stopping at the first wrong one: the processor takes many at once.
    let is_clean = token.bytes().fold(true, |clean, byte| {
        clean & (byte.is_ascii_alphanumeric() | (byte == b'_') | (byte == b'-') | (byte == b'.'))
    });
    let dots = token.bytes().filter(|byte| *byte == b'.').count();
    (token.len() <= MAX_LENGTH && is_clean && dots == 2)
        .then(|| token.rsplit_once('.'))
        .flatten()
}

#[cfg(test)]
mod tests;
