//! Use cases about to happen: everything is ready, and one request is left to send.

use concierge_core::{account::Role, admin::api::NewInvitation};
use concierge_server::{
    account::Deed,
    audit::Origin,
    store::{On, sql},
};
use serde_json::{Value, json};

use crate::support::{
    PASSWORD,
    app::TestApp,
    authenticator::Authenticator,
    browser::{Answer, Browser},
};

const NEW_PASSWORD: &str = "nine paper boats sink";

/// What somebody is about to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum UseCase {
    Register,
    SetUp,
    SignIn,
    Refresh,
    FirstUse,
    Edit,
    SignOut,
    SecondStep,
    RecoveryCode,
    ConfirmFactor,
    RemoveFactor,
    Reset,
    NotMe,
    ChangePassword,
    ConfirmAddress,
    ConfirmRegistration,
    AcceptInvitation,
    Close,
    Lock,
}

/// The request that is left to send, and who sends it.
pub struct Scene {
    browser: Browser,
    method: &'static str,
    path: String,
    body: Value,
}

impl Scene {
    fn of(browser: Browser, method: &'static str, path: &str, body: Value) -> Self {
        Self {
            browser,
            method,
            path: path.to_owned(),
            body,
        }
    }

    fn post(browser: Browser, path: &str, body: Value) -> Self {
        Self::of(browser, "POST", path, body)
    }

    /// Prepares a use case for an address that nobody has yet.
    pub async fn set(app: &TestApp, use_case: UseCase, email: &str) -> Self {
        let new = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
        match use_case {
            UseCase::Register => Self::post(app.browser(), "/api/auth/register", new),
            UseCase::SetUp => Self::post(app.browser(), "/api/setup", set_up(app, new).await),
            UseCase::SignIn => {
                app.registered(email).await;
                let body = json!({ "email": email, "password": PASSWORD });
                Self::post(app.browser(), "/api/auth/login", body)
            }
            UseCase::Refresh | UseCase::FirstUse => {
                let mut browser = app.registered(email).await;
                app.advance_seconds(60).await;
                if use_case == UseCase::Refresh {
                    return Self::post(browser, "/api/auth/refresh", json!({}));
                }
                assert_eq!(browser.refresh().await.status, 200);
                Self::of(browser, "GET", "/api/profile", json!({}))
            }
            UseCase::ConfirmRegistration => {
                let mut browser = app.browser();
                assert_eq!(browser.post("/api/auth/register", new).await.status, 202);
                let token = json!({ "token": app.mail_to(email).await.token() });
                Self::post(browser, "/api/account/email/confirm", token)
            }
            UseCase::AcceptInvitation => {
                let mut body = new;
                body["invite"] = json!(invitation(app).await);
                Self::post(app.browser(), "/api/auth/register", body)
            }
            UseCase::Lock => lock(app, email).await,
            UseCase::Edit | UseCase::SignOut | UseCase::Close | UseCase::ChangePassword => {
                of_one(use_case, app.registered(email).await)
            }
            UseCase::Reset | UseCase::NotMe | UseCase::ConfirmAddress => {
                with_a_letter(app, use_case, email).await
            }
            UseCase::SecondStep
            | UseCase::RecoveryCode
            | UseCase::ConfirmFactor
            | UseCase::RemoveFactor => with_a_factor(app, use_case, email).await,
        }
    }

    /// Sends the request.
    pub async fn play(&mut self) -> Answer {
        let (path, body) = (self.path.clone(), self.body.clone());
        match self.method {
            "GET" => self.browser.get(&path).await,
            method => self.browser.call(method, &path, body).await,
        }
    }

    /// What the process keeps in memory has not run ahead of the database either.
    pub async fn assert_untouched(&mut self, what: &str) {
        if self.browser.cookies.contains_key("__Host-at") {
            let profile = self.browser.get("/api/profile").await;
            assert_eq!(profile.status, 200, "{what}");
            assert_eq!(profile.json()["account"]["name"], "Ada", "{what}");
        }
    }
}

async fn set_up(app: &TestApp, mut new: Value) -> Value {
    let demote = sql("UPDATE account SET role = 'member' WHERE role = 'admin'");
    demote.execute(On::Write(app.db())).await.expect("demoted");
    let link = app.services.accounts.setup_link().await;
    let link = link.expect("the database answers").expect("no admin yet");
    new["token"] = json!(link.token.expose());
    new
}

async fn invitation(app: &TestApp) -> String {
    let new = NewInvitation {
        role: Role::Member,
        days: None,
        note: String::new(),
    };
    let origin = Origin::default();
    let made = app.services.accounts.invite(&new, None, &origin);
    made.await.expect("invited").1.expose().to_owned()
}

/// An admin about to lock somebody.
async fn lock(app: &TestApp, email: &str) -> Scene {
    app.registered(email).await;
    let target = app.account(email).await.view.id;
    let admin = format!("admin.{email}");
    let mut browser = app.registered(&admin).await;
    app.act(&admin, Deed::SetRole(Role::Admin)).await;
    assert_eq!(browser.sign_in(&admin, PASSWORD).await.status, 200);
    Scene::post(
        browser,
        &format!("/api/admin/accounts/{target}/lock"),
        json!({}),
    )
}

/// What somebody signed in does to their own account.
fn of_one(use_case: UseCase, browser: Browser) -> Scene {
    let change = json!({ "current": PASSWORD, "new": NEW_PASSWORD });
    match use_case {
        UseCase::Edit => Scene::of(
            browser,
            "PATCH",
            "/api/profile",
            json!({ "name": "Countess" }),
        ),
        UseCase::Close => Scene::of(browser, "DELETE", "/api/account", json!({})),
        UseCase::ChangePassword => Scene::post(browser, "/api/password/change", change),
        _ => Scene::post(browser, "/api/auth/logout", json!({})),
    }
}

/// Somebody with the token of a letter in hand.
async fn with_a_letter(app: &TestApp, use_case: UseCase, email: &str) -> Scene {
    let mut browser = app.registered(email).await;
    if use_case == UseCase::ConfirmAddress {
        let address = format!("new.{email}");
        let body = json!({ "email": address });
        assert_eq!(browser.post("/api/account/email", body).await.status, 202);
        let token = json!({ "token": app.mail_to(&address).await.token() });
        return Scene::post(browser, "/api/account/email/confirm", token);
    }
    if use_case == UseCase::Reset {
        let account = app.account(email).await;
        let made = app
            .services
            .links
            .hand_out(&account, None, &Origin::default())
            .await;
        let body = json!({ "token": made.expect("a link").0.expose(), "new": NEW_PASSWORD });
        return Scene::post(app.browser(), "/api/password/reset", body);
    }
    assert_eq!(browser.sign_in(email, PASSWORD).await.status, 200);
    assert_eq!(app.browser().sign_in(email, PASSWORD).await.status, 200);
    let token = json!({ "token": app.mail_to(email).await.token() });
    Scene::post(app.browser(), "/api/auth/not-me", token)
}

/// Somebody about to use, set up or remove a second factor.
async fn with_a_factor(app: &TestApp, use_case: UseCase, email: &str) -> Scene {
    let mut browser = app.registered(email).await;
    if use_case == UseCase::ConfirmFactor {
        let answer = browser.post("/api/totp/enrol", json!({})).await.json();
        let secret = answer["secret"].as_str().expect("a seed").to_owned();
        let code = Authenticator { secret }.code(app, 0);
        return Scene::post(browser, "/api/totp/confirm", json!({ "code": code }));
    }
    let (authenticator, codes) = app.enrolled(&mut browser).await;
    match use_case {
        UseCase::RemoveFactor => Scene::of(browser, "DELETE", "/api/totp", json!({})),
        UseCase::SecondStep => {
            let body = json!({ "code": authenticator.code(app, 0) });
            Scene::post(app.half_way(email).await, "/api/auth/login/totp", body)
        }
        _ => {
            let body = json!({ "code": codes[0] });
            Scene::post(app.half_way(email).await, "/api/auth/login/recovery", body)
        }
    }
}
