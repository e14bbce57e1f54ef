//! After a revoke: one of every kind of token and link there is, presented to both processes.
//!
//! What a key made, or what could have been seen with it, ends: sessions and their proofs, tickets, links, known
//! devices. What people have of their own stays, or nobody could come back: passwords and recovery codes, which are
//! hashed with no key of the rings, and authenticator apps, whose seeds are sealed anew.

use concierge_core::{account::Role, keys::RingName, totp::Policy};
use concierge_server::{account::Deed, audit::Origin};
use serde_json::{Value, json};

use super::{House, emergency::hear, nobody, supply};
use crate::support::{
    ADA, PASSWORD,
    app::{Options, TestApp},
    authenticator::Authenticator,
    browser::{Answer, Browser},
    database::Database,
};

const NEW: &str = "nine paper boats sink";
/// Who has an authenticator app.
const OWNER: &str = "owner@example.org";
/// Whose device is known.
const KNOWN: &str = "known@example.org";

/// One token, as the request that it is presented with.
struct Token {
    what: &'static str,
    browser: Browser,
    method: &'static str,
    path: &'static str,
    body: Value,
}

impl Token {
    async fn present(&self, app: &TestApp) -> Answer {
        let mut browser = app.browser();
        browser.cookies = self.browser.cookies.clone();
        browser.headers = self.browser.headers.clone();
        match (self.method, &self.body) {
            ("GET", _) => browser.get(self.path).await,
            (_, Value::Null) => browser.poke(self.path).await,
            (_, body) => browser.post(self.path, body.clone()).await,
        }
    }
}

/// All of them, and what people have of their own.
struct Tokens {
    all: Vec<Token>,
    authenticator: Authenticator,
    codes: Vec<String>,
    /// A browser whose device is known.
    known: Browser,
}

impl Tokens {
    fn add(&mut self, what: &'static str, browser: &Browser, path: &'static str, body: Value) {
        let method = if what.starts_with("access token") {
            "GET"
        } else {
            "POST"
        };
        let browser = browser.clone();
        self.all.push(Token {
            what,
            browser,
            method,
            path,
            body,
        });
    }

    /// One of each kind, each of an account of its own, so that using one ends no other.
    async fn collect(house: &House, db: &Database) -> Self {
        let app = &house.app;
        let mut owner = app.registered(OWNER).await;
        let (authenticator, codes) = app.enrolled(&mut owner).await;
        let mut known = app.registered(KNOWN).await;
        assert_eq!(known.sign_in(KNOWN, PASSWORD).await.status, 200);
        let mut tokens = Self {
            all: Vec::new(),
            authenticator,
            codes,
            known,
        };
        tokens.of_sessions(app).await;
        tokens.of_tickets(house, db).await;
        tokens.of_links(app).await;
        tokens.of_admins(house, db).await;
        tokens
    }

    async fn of_sessions(&mut self, app: &TestApp) {
        let browser = app.registered("cookie@example.org").await;
        self.add(
            "access token, as a cookie",
            &browser,
            "/api/profile",
            Value::Null,
        );
        let browser = app.registered("renews@example.org").await;
        self.add(
            "refresh token, as a cookie",
            &browser,
            "/api/auth/refresh",
            Value::Null,
        );
        let browser = app.registered("fresh@example.org").await;
        self.add("proof of just now", &browser, "/api/totp/enrol", json!({}));
        app.registered("bearer@example.org").await;
        let mut program = app.program();
        let refresh = program.sign_in_bearer("bearer@example.org", PASSWORD).await;
        self.add(
            "access token, as a header",
            &program,
            "/api/profile",
            Value::Null,
        );
        app.registered("program@example.org").await;
        let refresh_of_another = app
            .program()
            .sign_in_bearer("program@example.org", PASSWORD)
            .await;
        assert_ne!(refresh, refresh_of_another);
        let body = json!({ "refresh_token": refresh_of_another });
        self.add(
            "refresh token, in a body",
            &app.program(),
            "/api/auth/refresh",
            body,
        );
    }

    async fn of_tickets(&mut self, house: &House, db: &Database) {
        let app = &house.app;
        let code = json!({ "code": self.authenticator.code(app, 0) });
        let half_way = app.half_way(OWNER).await;
        self.add("ticket for a code", &half_way, "/api/auth/login/totp", code);
        let strict = beside(house, db, |options| {
            options.config.second_factor = Policy::Required
        })
        .await;
        app.registered("ticket@example.org").await;
        let mut browser = strict.browser();
        let answer = browser.sign_in("ticket@example.org", PASSWORD).await;
        assert_eq!(answer.json()["status"], "enrol_second_factor");
        self.add(
            "ticket for an enrolment",
            &browser,
            "/api/totp/enrol",
            json!({}),
        );
    }

    async fn of_links(&mut self, app: &TestApp) {
        let stranger = app.browser();
        app.registered("forgot@example.org").await;
        let body = json!({ "email": "forgot@example.org" });
        assert_eq!(
            app.browser()
                .post("/api/password/forgot", body)
                .await
                .status,
            202
        );
        app.services.links.settle().await;
        let token = app.mail_to("forgot@example.org").await.token().to_owned();
        let body = json!({ "token": token, "new": NEW });
        self.add("reset link, mailed", &stranger, "/api/password/reset", body);

        let mut browser = app.registered("moves@example.org").await;
        let body = json!({ "email": "moved@example.org" });
        assert_eq!(browser.post("/api/account/email", body).await.status, 202);
        let body = json!({ "token": app.mail_to("moved@example.org").await.token(), "password": PASSWORD });
        self.add(
            "confirmation of a new address",
            &stranger,
            "/api/account/email/confirm",
            body,
        );

        let mut browser = app.registered("thief@example.org").await;
        assert_eq!(
            browser.sign_in("thief@example.org", PASSWORD).await.status,
            200
        );
        assert_eq!(
            app.browser()
                .sign_in("thief@example.org", PASSWORD)
                .await
                .status,
            200
        );
        let body = json!({ "token": app.mail_to("thief@example.org").await.token() });
        self.add("link of \"not me\"", &stranger, "/api/auth/not-me", body);
    }

    async fn of_admins(&mut self, house: &House, db: &Database) {
        let app = &house.app;
        let confirming = beside(house, db, |options| {
            options.config.confirms_addresses = true
        })
        .await;
        let stranger = app.browser();
        let body = json!({ "email": "new@example.org", "password": PASSWORD });
        assert_eq!(
            confirming
                .browser()
                .post("/api/auth/register", body)
                .await
                .status,
            202
        );
        let body = json!({ "token": confirming.mail_to("new@example.org").await.token(), "password": PASSWORD });
        self.add(
            "confirmation of a registration",
            &stranger,
            "/api/account/email/confirm",
            body,
        );

        let mut admin = app.registered(ADA).await;
        app.act(ADA, Deed::SetRole(Role::Admin)).await;
        assert_eq!(admin.sign_in(ADA, PASSWORD).await.status, 200);
        let made = admin
            .post("/api/admin/invitations", json!({ "role": "member" }))
            .await
            .json();
        let body = json!({ "email": "guest@example.org", "password": PASSWORD, "invite": fragment(&made) });
        self.add("invitation", &stranger, "/api/auth/register", body);
        app.registered("helped@example.org").await;
        let id = app.account("helped@example.org").await.view.id;
        let made = admin
            .post(&format!("/api/admin/accounts/{id}/reset-link"), json!({}))
            .await
            .json();
        let body = json!({ "token": fragment(&made), "new": NEW });
        self.add(
            "reset link, of an admin",
            &stranger,
            "/api/password/reset",
            body,
        );
    }
}

/// The token of a link that an admin was shown.
fn fragment(made: &Value) -> &str {
    let link = made["link"].as_str().unwrap_or_else(|| panic!("{made}"));
    link.split_once('#').expect("a fragment").1
}

/// Another process on the same keyring, with a few things otherwise.
async fn beside(house: &House, db: &Database, adjust: impl FnOnce(&mut Options)) -> TestApp {
    let supply = supply(db.folder.path());
    let app = house.app.beside_with(db, |options| {
        options.supply = supply;
        adjust(options);
    });
    let app = app.await;
    house.begin(&app).await;
    app
}

async fn revoke(house: &House, ring: RingName) {
    let (origin, desk) = (Origin::default(), house.app.services.key_desk());
    let kid = house.active(ring);
    let revoked = desk.revoke(&kid, "leaked", None, nobody(&origin)).await;
    assert_ne!(revoked.expect("revoked").active, Some(kid));
}

/// With what they have of their own, people come back, on either process.
async fn come_back(tokens: &Tokens, apps: [&TestApp; 2]) {
    for (app, code) in apps.into_iter().zip(&tokens.codes) {
        app.advance_seconds(60).await;
        assert_eq!(
            app.browser().sign_in(KNOWN, PASSWORD).await.status,
            200,
            "a password"
        );
        let right = tokens.authenticator.code(app, 0);
        assert_eq!(
            app.half_way(OWNER).await.totp(&right).await.status,
            200,
            "an app"
        );
        assert_eq!(
            app.half_way(OWNER).await.recover(code).await.status,
            200,
            "a recovery code"
        );
    }
}

/// Whether the owner of an account is told of a sign-in from the device that was known.
async fn is_told_of_the_known_device(tokens: &Tokens, app: &TestApp) -> bool {
    let before = app.events("authn_new_device").await;
    let mut known = app.browser();
    known.cookies = tokens.known.cookies.clone();
    assert_eq!(known.sign_in(KNOWN, PASSWORD).await.status, 200);
    app.events("authn_new_device").await > before
}

async fn all_are_refused_after_a_revoke(db: &Database, ring: RingName) {
    let house = House::open(db).await;
    let there = house.beside(db).await;
    let tokens = Tokens::collect(&house, db).await;
    revoke(&house, ring).await;
    hear(&house.app).await;
    hear(&there).await;
    for token in &tokens.all {
        for (app, place) in [(&house.app, "here"), (&there, "there")] {
            let answer = token.present(app).await;
            let is_over = ["unauthenticated", "ticket_expired"].contains(&answer.code().as_str());
            assert!(
                answer.status == 401 && is_over,
                "{}, {place}: {}",
                token.what,
                answer.text()
            );
        }
    }
    come_back(&tokens, [&house.app, &there]).await;
    assert!(
        is_told_of_the_known_device(&tokens, &there).await,
        "it is known no more"
    );
}

on_each_engine! {
    async fn before_a_revoke_each_kind_is_accepted_by_the_other_process(db) {
        let house = House::open(db).await;
        let there = house.beside(db).await;
        let tokens = Tokens::collect(&house, db).await;
        assert_eq!(tokens.all.len(), 13);
        for token in &tokens.all {
            let answer = token.present(&there).await;
            assert!(answer.status < 300, "{}: {}", token.what, answer.text());
        }
        come_back(&tokens, [&house.app, &there]).await;
        assert!(!is_told_of_the_known_device(&tokens, &there).await);
    }

    async fn after_a_revoke_of_the_signing_key_each_kind_is_refused_by_both_processes(db) {
        all_are_refused_after_a_revoke(db, RingName::Signing).await;
    }

    async fn after_a_revoke_of_the_sealing_key_each_kind_is_refused_by_both_processes(db) {
        all_are_refused_after_a_revoke(db, RingName::Sealing).await;
    }

    async fn the_first_to_sign_in_after_a_revoke_is_told_of_be_it_a_thief(db) {
        let house = House::open(db).await;
        house.app.signed_in().await;
        revoke(&house, RingName::Signing).await;
        hear(&house.app).await;
        house.app.advance_seconds(1).await;
        // Who comes after it is new to nobody.
        house.app.registered(KNOWN).await;
        assert_eq!(house.app.events("authn_new_device").await, 0);
        let mut first = house.app.browser();
        for told in [1, 1] {
            assert_eq!(first.sign_in(ADA, PASSWORD).await.status, 200);
            assert_eq!(house.app.events("authn_new_device").await, told);
        }
    }

    async fn after_a_revoke_the_link_to_the_first_admin_is_refused(db) {
        let house = House::open(db).await;
        let there = house.beside(db).await;
        let setup = async || {
            let link = there.services.accounts.setup_link().await;
            let token = link.expect("an answer").expect("there is no admin").token;
            json!({ "token": token.expose(), "email": ADA, "password": PASSWORD })
        };
        let body = setup().await;
        revoke(&house, RingName::Signing).await;
        hear(&there).await;
        for app in [&house.app, &there] {
            app.browser().post("/api/setup", body.clone()).await.assert_problem(401, "ticket_expired");
        }
        assert_eq!(house.app.browser().post("/api/setup", setup().await).await.status, 201);
    }
}
