//! Access tokens: JWTs as RFC 8725 and RFC 9068 want them, and nothing a JWT library accepts beyond that.
//!
//! One algorithm per key, a known `kid`, exactly three header fields, every claim present. The order of the
//! checks is fixed: size and alphabet, header, signature, claims. Time is judged by the caller's clock.

use std::borrow::Cow;

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use concierge_core::{account::AccountId, session::SessionId, time::Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use super::keyring::{Key, KeyState, Ring};

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

/// Signs and verifies the access tokens of one house.
pub struct TokenSigner {
    ring: Ring,
    origin: String,
    header: Header,
    active: EncodingKey,
    keys: Vec<VerifyingKey>,
}

/// A key as tokens name it.
struct VerifyingKey {
    /// The first part of every token that this key signs, byte for byte.
    header: String,
    id: String,
    /// Ready to use: `jsonwebtoken` would prepare the key again for each token.
    key: hmac::Key,
}

impl TokenSigner {
    /// A signer with these keys for the house at this public origin.
    pub fn new(ring: Ring, origin: &str) -> Self {
        let active = ring.active();
        Self {
            header: header(&active.id),
            active: EncodingKey::from_secret(&active.secret),
            keys: ring.keys().map(VerifyingKey::new).collect(),
            origin: origin.to_owned(),
            ring,
        }
    }

    /// A token for a generation of a session, good until `expires_at` (cut to whole seconds).
    pub fn sign(
        &self,
        account: AccountId,
        session: SessionId,
        generation: u64,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<String, jsonwebtoken::errors::Error> {
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
        jsonwebtoken::encode(&self.header, &claims, &self.active)
    }

    /// Checks everything about a token but its session.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Verified, Rejection> {
        let (message, signature) = parts(token).ok_or(Rejection::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(Rejection::Malformed)?;
        let key = self.key_of(header, now)?;
        let signature = BASE64_URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| Rejection::Malformed)?;
        hmac::verify(key, message.as_bytes(), &signature).map_err(|_| Rejection::BadSignature)?;
        self.judge(claims, now)
    }

    /// The key that a header names, if it verifies at this time.
    fn key_of(&self, header: &str, now: Timestamp) -> Result<&hmac::Key, Rejection> {
        // Tokens of ours begin with one of a few texts; only a stranger's has to be read to say what is wrong.
        let key = match self.keys.iter().find(|key| key.header == header) {
            Some(key) => key,
            None => self.key_named_in(header)?,
        };
        match self.ring.find(&key.id).ok_or(Rejection::UnknownKid)?.state {
            KeyState::Revoked => Err(Rejection::RevokedKid),
            KeyState::Retired => Err(Rejection::RetiredKid),
            KeyState::Grace { until } if until <= now => Err(Rejection::RetiredKid),
            KeyState::Active | KeyState::Pending | KeyState::Grace { .. } => Ok(&key.key),
        }
    }

    /// Reads a header that is not written as ours are: the same three fields in another order are ours, too.
    fn key_named_in(&self, header: &str) -> Result<&VerifyingKey, Rejection> {
        let header = BASE64_URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| Rejection::Malformed)?;
        let header: StrictHeader<'_> =
            serde_json::from_slice(&header).map_err(|_| Rejection::Malformed)?;
        if header.typ != TYPE {
            return Err(Rejection::Malformed);
        }
        let key = self.keys.iter().find(|key| key.id == header.kid);
        let key = key.ok_or(Rejection::UnknownKid)?;
        if header.alg == "HS256" {
            Ok(key)
        } else {
            Err(Rejection::WrongAlgorithm)
        }
    }

    /// Judges claims whose signature is right, by the caller's clock. The library's whole `decode` would read the
    /// header again, the claims twice, and ask the machine for the time.
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

impl VerifyingKey {
    fn new(key: &Key) -> Self {
        let text = serde_json::to_string(&header(&key.id)).unwrap_or_default();
        Self {
            header: BASE64_URL_SAFE_NO_PAD.encode(text),
            id: key.id.clone(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &key.secret),
        }
    }
}

fn header(kid: &str) -> Header {
    Header {
        typ: Some(TYPE.to_owned()),
        kid: Some(kid.to_owned()),
        ..Header::new(Algorithm::HS256)
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
