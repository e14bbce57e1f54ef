//! Access tokens: JWTs as RFC 8725 and RFC 9068 want them, and nothing a JWT library accepts beyond that.
//!
//! One algorithm per key, a known `kid`, exactly three header fields, every claim present. The order of the
//! checks is fixed: size and alphabet, header, signature, claims. Time is judged by the caller's clock.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use concierge_core::{account::AccountId, session::SessionId, time::Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use super::keyring::{KeyState, Ring};

/// The longest token that is looked at.
const MAX_LENGTH: usize = 2048;
/// How far the clocks of two instances may be apart, in seconds.
const LEEWAY: i64 = 5;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The issuer: the public origin.
    pub iss: String,
    /// The audience: the public origin, too.
    pub aud: String,
    /// The account.
    pub sub: AccountId,
    /// The session.
    pub sid: SessionId,
    /// The generation of the refresh token it was made with.
    #[serde(rename = "gen")]
    pub generation: u64,
    /// Issued at, in seconds.
    pub iat: i64,
    /// Not before, in seconds.
    pub nbf: i64,
    /// Ends at, in seconds.
    pub exp: i64,
}

/// Why a token was refused. Counted apart; the answer to the client never tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rejection {
    /// Not a compact JWS of ours by size, alphabet, parts, header or claims.
    #[error("malformed")]
    Malformed,
    /// No such key.
    #[error("unknown_kid")]
    UnknownKid,
    /// The key was revoked.
    #[error("revoked_kid")]
    RevokedKid,
    /// The key's grace is over.
    #[error("retired_kid")]
    RetiredKid,
    /// Another algorithm than the key's own.
    #[error("alg_mismatch")]
    WrongAlgorithm,
    /// The signature does not fit.
    #[error("bad_signature")]
    BadSignature,
    /// Issuer or audience is another house.
    #[error("wrong_env")]
    WrongIssuer,
    /// Not valid yet.
    #[error("not_yet")]
    NotYet,
}

/// A token whose signature and claims are right.
#[derive(Debug, Clone)]
pub struct Verified {
    /// What it says.
    pub claims: Claims,
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
    keys: Vec<(String, DecodingKey)>,
}

impl TokenSigner {
    /// A signer with these keys for the house at this public origin.
    pub fn new(ring: Ring, origin: &str) -> Self {
        let active = ring.active();
        let header = Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some(active.id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        Self {
            header,
            active: EncodingKey::from_secret(&active.secret),
            keys: ring
                .keys()
                .map(|key| (key.id.clone(), DecodingKey::from_secret(&key.secret)))
                .collect(),
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
            iss: self.origin.clone(),
            aud: self.origin.clone(),
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
        let key = self.key_of(token, now)?;
        let claims = signed_claims(token, key)?;
        if claims.iss != self.origin || claims.aud != self.origin {
            return Err(Rejection::WrongIssuer);
        }
        let seconds = now.as_seconds();
        if claims.nbf > seconds + LEEWAY || claims.iat > seconds + LEEWAY {
            return Err(Rejection::NotYet);
        }
        Ok(Verified {
            is_expired: claims.exp <= seconds,
            claims,
        })
    }

    fn key_of(&self, token: &str, now: Timestamp) -> Result<&DecodingKey, Rejection> {
        let clean = token.len() <= MAX_LENGTH
            && token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
            && token.bytes().filter(|b| *b == b'.').count() == 2;
        let (header, _) = token
            .split_once('.')
            .filter(|_| clean)
            .ok_or(Rejection::Malformed)?;
        let header = BASE64_URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| Rejection::Malformed)?;
        let header: StrictHeader<'_> =
            serde_json::from_slice(&header).map_err(|_| Rejection::Malformed)?;
        if header.typ != "at+jwt" {
            return Err(Rejection::Malformed);
        }
        let key = self.ring.find(header.kid).ok_or(Rejection::UnknownKid)?;
        match key.state {
            KeyState::Revoked => return Err(Rejection::RevokedKid),
            KeyState::Retired => return Err(Rejection::RetiredKid),
            KeyState::Grace { until } if until <= now => return Err(Rejection::RetiredKid),
            KeyState::Active | KeyState::Pending | KeyState::Grace { .. } => {}
        }
        if header.alg != "HS256" {
            return Err(Rejection::WrongAlgorithm);
        }
        let decoding = self.keys.iter().find(|(id, _)| id == header.kid);
        decoding.map(|(_, key)| key).ok_or(Rejection::UnknownKid)
    }
}

/// The claims of a token, once its signature is right. The header was judged to find the key, and times are
/// judged by the caller's clock: the library's whole `decode` would read the header twice more, the claims twice,
/// and ask the machine for the time.
fn signed_claims(token: &str, key: &DecodingKey) -> Result<Claims, Rejection> {
    let (message, signature) = token.rsplit_once('.').ok_or(Rejection::Malformed)?;
    let (_, claims) = message.split_once('.').ok_or(Rejection::Malformed)?;
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, Algorithm::HS256) {
        Ok(true) => {}
        Ok(false) => return Err(Rejection::BadSignature),
        Err(_) => return Err(Rejection::Malformed),
    }
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims);
    claims
        .ok()
        .and_then(|claims| serde_json::from_slice(&claims).ok())
        .ok_or(Rejection::Malformed)
}
