//! The tokens that AppRole gave this process, until two thirds of their life are over. Each question has a client of
//! its own, and a sign-in for each would leave a token a minute behind in Vault.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use concierge_core::sensitive::Sensitive;
use reqwest::{Url, header::HeaderValue};
use serde_json::Value;

use crate::keys::fingerprint;

struct Kept {
    token: HeaderValue,
    until: Instant,
}

/// By whom they were given to.
static TOKENS: Mutex<BTreeMap<String, Kept>> = Mutex::new(BTreeMap::new());

fn with<T>(act: impl FnOnce(&mut BTreeMap<String, Kept>) -> T) -> T {
    // A map that somebody panicked over is still whole: each change is one call.
    let mut tokens = TOKENS.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    tokens.retain(|_, kept| now < kept.until);
    act(&mut tokens)
}

/// Server, namespace, role and secret in one word. A token never goes where another one was asked for.
pub(super) fn key(
    address: &Url,
    namespace: Option<&str>,
    role: &str,
    secret: &Sensitive,
) -> String {
    let namespace = namespace.unwrap_or_default();
    let secret = fingerprint(secret.expose());
    format!("{address}\n{namespace}\n{role}\n{secret}")
}

pub(super) fn recall(key: &str) -> Option<HeaderValue> {
    with(|tokens| tokens.get(key).map(|kept| kept.token.clone()))
}

pub(super) fn keep(key: &str, token: &HeaderValue, life: Duration) {
    let until = Instant::now() + life;
    let token = token.clone();
    with(|tokens| tokens.insert(key.to_owned(), Kept { token, until }));
}

pub(super) fn forget(token: &HeaderValue) {
    with(|tokens| tokens.retain(|_, kept| kept.token != token));
}

/// How long to keep a token that came with these words. One that is counted, or does not say when it ends, is for
/// one question.
pub(super) fn life(auth: &Value) -> Duration {
    // A year is for ever, and an `Instant` can't hold everything a server may write.
    const LONGEST: u64 = 365 * 24 * 3600;
    if auth["num_uses"].as_u64().is_some_and(|uses| uses > 0) {
        return Duration::ZERO;
    }
    let seconds = auth["lease_duration"].as_u64().unwrap_or_default();
    Duration::from_secs(seconds.min(LONGEST) / 3 * 2)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_kept_for_two_thirds_of_its_life() {
        for (auth, seconds) in [
            (json!({ "lease_duration": 300, "num_uses": 0 }), 200),
            (
                json!({ "lease_duration": u64::MAX }),
                365 * 24 * 3600 / 3 * 2,
            ),
            (json!({ "lease_duration": 300, "num_uses": 1 }), 0),
            (json!({ "lease_duration": 0 }), 0),
            (json!(null), 0),
        ] {
            assert_eq!(life(&auth), Duration::from_secs(seconds), "{auth}");
        }
    }
}
