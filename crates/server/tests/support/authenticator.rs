//! An authenticator app, written apart from the one the server checks with: RFC 6238 in a dozen lines.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::{PASSWORD, app::TestApp, browser::Browser};

/// An app with one seed in it.
pub struct Authenticator {
    /// The seed as the server showed it.
    pub secret: String,
}

impl Authenticator {
    /// The code of so many steps from now.
    pub fn code(&self, app: &TestApp, steps: i64) -> String {
        let now = app.services.clock.now().as_millis() / 1000;
        let step = now / 30 + steps;
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.seed());
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[19] & 0xf);
        let cut = u32::from_be_bytes([tag[at], tag[at + 1], tag[at + 2], tag[at + 3]]);
        format!("{:06}", (cut & 0x7fff_ffff) % 1_000_000)
    }

    /// A code of six digits that is right at no step near now.
    pub fn wrong(&self, app: &TestApp) -> String {
        let near: Vec<String> = (-3..=3).map(|steps| self.code(app, steps)).collect();
        let mut all = (0..10).map(|n| format!("{n}12345"));
        all.find(|code| !near.contains(code)).expect("one of ten")
    }

    fn seed(&self) -> Vec<u8> {
        let (mut bits, mut count, mut out) = (0u32, 0, Vec::new());
        for letter in self.secret.bytes().filter(|byte| *byte != b' ') {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                _ => letter - b'2' + 26,
            };
            bits = (bits << 5) | u32::from(value);
            count += 5;
            if count >= 8 {
                count -= 8;
                out.push((bits >> count) as u8);
                bits &= (1 << count) - 1;
            }
        }
        out
    }
}

impl TestApp {
    /// Sets a factor up for a browser that is signed in, or has the ticket for it; answers the app and the codes.
    pub async fn enrolled(&self, browser: &mut Browser) -> (Authenticator, Vec<String>) {
        let answer = browser.post("/api/totp/enrol", json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let secret = answer.json()["secret"].as_str().expect("a seed").to_owned();
        let authenticator = Authenticator { secret };
        let code = authenticator.code(self, 0);
        let answer = browser
            .post("/api/totp/confirm", json!({ "code": code }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let codes = codes_of(&answer.json());
        // The code's own step is used up by now.
        self.advance_seconds(30).await;
        (authenticator, codes)
    }

    /// A browser that has typed the password and has a second step to do.
    pub async fn half_way(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["status"], "second_factor");
        browser
    }
}

/// The recovery codes of an answer.
pub fn codes_of(json: &Value) -> Vec<String> {
    let codes = json["recovery_codes"].as_array().expect("codes");
    let codes = codes
        .iter()
        .map(|code| code.as_str().expect("text").to_owned());
    codes.collect()
}

impl Browser {
    /// Types a code of the app.
    pub async fn totp(&mut self, code: &str) -> super::browser::Answer {
        self.post("/api/auth/login/totp", json!({ "code": code }))
            .await
    }

    /// Types a recovery code.
    pub async fn recover(&mut self, code: &str) -> super::browser::Answer {
        self.post("/api/auth/login/recovery", json!({ "code": code }))
            .await
    }
}
