//! Reading and changing one's own account.

use concierge_server::audit::Origin;
use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp};

on_each_engine! {
    async fn a_new_address_counts_once_it_is_confirmed_and_the_old_one_is_told(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in().await;
        let change = |email: &str| json!({ "email": email });
        app.browser().post("/api/account/email", change("b@example.org")).await.assert_problem(401, "unauthenticated");
        ada.post("/api/account/email", change("no address")).await.assert_problem(422, "invalid_fields");
        assert_eq!(ada.post("/api/account/email", change("Countess@example.com")).await.status, 202);
        let token = json!({ "token": app.mail_to("Countess@example.com").await.token() });
        assert_eq!(app.browser().sign_in("countess@example.com", PASSWORD).await.status, 401);
        assert_eq!(ada.post("/api/account/email/confirm", token.clone()).await.status, 204);
        ada.post("/api/account/email/confirm", token).await.assert_problem(401, "ticket_expired");
        assert!(app.mail_to(ADA).await.text.contains("another e-mail address"));
        assert_eq!(ada.get("/api/profile").await.json()["account"]["email"], "Countess@example.com");
        assert_eq!(app.events("user_email_changed").await, 1);
        app.advance_seconds(601).await;
        assert_eq!(ada.refresh().await.status, 200);
        ada.post("/api/account/email", change("c@example.org")).await.assert_problem(403, "fresh_sign_in_required");
        assert_eq!(app.browser().sign_in("countess@example.com", PASSWORD).await.status, 200);
    }

    async fn a_reset_link_in_the_mailbox_of_before_dies_with_the_address(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in().await;
        assert_eq!(app.browser().post("/api/password/forgot", json!({ "email": ADA })).await.status, 202);
        app.services.links.settle().await;
        let old = app.mail_to(ADA).await.token().to_owned();
        assert_eq!(ada.post("/api/account/email", json!({ "email": "b@example.org" })).await.status, 202);
        let token = json!({ "token": app.mail_to("b@example.org").await.token() });
        assert_eq!(ada.post("/api/account/email/confirm", token).await.status, 204);
        let reset = json!({ "token": old, "new": "nine paper boats sink" });
        app.browser().post("/api/password/reset", reset).await.assert_problem(401, "ticket_expired");
        assert_eq!(app.browser().sign_in("b@example.org", PASSWORD).await.status, 200);
    }

    async fn an_address_that_has_an_account_by_then_is_not_taken_over(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in().await;
        let change = json!({ "email": "bob@example.org" });
        assert_eq!(ada.post("/api/account/email", change).await.status, 202);
        let token = json!({ "token": app.mail_to("bob@example.org").await.token() });
        app.registered("bob@example.org").await;
        ada.post("/api/account/email/confirm", token).await.assert_problem(409, "email_taken");
        assert_eq!(ada.get("/api/profile").await.json()["account"]["email"], ADA);
    }

    async fn an_address_that_was_asked_for_before_a_compromise_ended_does_not_count_after_it(db) {
        for end in ["reset", "change", "lock"] {
            let app = TestApp::start(db).await;
            let email = format!("{end}@example.org");
            let mut thief = app.registered(&email).await;
            let wanted = format!("thief.{end}@example.org");
            assert_eq!(thief.post("/api/account/email", json!({ "email": wanted })).await.status, 202);
            let token = json!({ "token": app.mail_to(&wanted).await.token(), "password": PASSWORD });
            match end {
                "reset" => {
                    let account = app.account(&email).await;
                    let link = app.services.links.hand_out(&account, None, &Origin::default()).await;
                    let reset = json!({ "token": link.expect("a link").0.expose(), "new": PASSWORD });
                    assert_eq!(app.browser().post("/api/password/reset", reset).await.status, 204);
                }
                "change" => {
                    let change = json!({ "current": PASSWORD, "new": "nine paper boats sink" });
                    assert_eq!(thief.post("/api/password/change", change).await.status, 204);
                }
                _ => {
                    assert!(app.set_locked(&email, true).await);
                    let locked = thief.post("/api/account/email/confirm", token.clone()).await;
                    locked.assert_problem(401, "ticket_expired");
                    assert!(app.set_locked(&email, false).await);
                }
            }
            let late = thief.post("/api/account/email/confirm", token).await;
            late.assert_problem(401, "ticket_expired");
            assert_eq!(app.account(&email).await.view.email, email);
        }
    }

    async fn a_press_by_who_never_heard_of_the_account_gives_it_no_address(db) {
        let app = TestApp::start(db).await;
        let mut eve = app.signed_in().await;
        assert_eq!(eve.post("/api/account/email", json!({ "email": "victim@example.org" })).await.status, 202);
        let token = app.mail_to("victim@example.org").await.token().to_owned();
        let (mut victim, mut bob) = (app.browser(), app.registered("bob@example.org").await);
        let (press, guess) = (json!({ "token": token }), json!({ "token": token, "password": "four brass bells rang" }));
        victim.post("/api/account/email/confirm", press.clone()).await.assert_problem(401, "bad_credentials");
        bob.post("/api/account/email/confirm", press).await.assert_problem(401, "bad_credentials");
        for _ in 0..10 {
            victim.post("/api/account/email/confirm", guess.clone()).await.assert_problem(401, "bad_credentials");
        }
        let right = json!({ "token": token, "password": PASSWORD });
        victim.post("/api/account/email/confirm", right.clone()).await.assert_problem(429, "throttled");
        app.advance_seconds(3601).await;
        assert_eq!(app.browser().post("/api/account/email/confirm", right).await.status, 204);
        assert_eq!(app.events("user_email_changed").await, 1);
    }

    async fn nobody_writes_to_strangers_more_than_three_times_an_hour(db) {
        let app = TestApp::start(db).await;
        let mut eve = app.signed_in().await;
        for victim in 0..3 {
            let change = json!({ "email": format!("victim{victim}@example.org") });
            assert_eq!(eve.post("/api/account/email", change).await.status, 202);
        }
        let change = json!({ "email": "victim3@example.org" });
        eve.post("/api/account/email", change).await.assert_problem(429, "throttled");
        assert_eq!(app.count("outbox").await, 3);
    }

    async fn the_profile_needs_a_session(db) {
        let app = TestApp::start(db).await;
        let answer = app.browser().get("/api/profile").await;
        answer.assert_problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        let answer = app.browser().call("PATCH", "/api/profile", json!({ "name": "Eve" })).await;
        answer.assert_problem(401, "unauthenticated");
    }

    async fn what_is_left_out_stays(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let named = browser.call("PATCH", "/api/profile", json!({ "name": "Countess" })).await.json();
        assert_eq!((&named["account"]["name"], &named["account"]["locale"]), (&json!("Countess"), &json!("en")));
        let french = browser.call("PATCH", "/api/profile", json!({ "locale": "fr" })).await;
        assert_eq!(browser.cookie("__Host-locale"), "fr");
        assert_eq!(french.json()["account"]["name"], "Countess");
        let empty = browser.call("PATCH", "/api/profile", json!({})).await.json();
        assert_eq!(empty["account"]["locale"], "fr");
        let nameless = browser.call("PATCH", "/api/profile", json!({ "name": "" })).await.json();
        assert_eq!(nameless["account"]["name"], "");
        assert_eq!(browser.get("/api/profile").await.json(), nameless);
        assert_eq!(app.events("user_updated").await, 4);
    }

    async fn names_of_the_world_are_kept_and_hostile_ones_refused(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        for good in ["Nguyễn Thị", "محمد", "<script>alert(1)</script>", "'; DROP TABLE account; --", "$1", "𝄞"] {
            let answer = browser.call("PATCH", "/api/profile", json!({ "name": good })).await;
            assert_eq!(answer.json()["account"]["name"], good);
        }
        let long = "x".repeat(101);
        for bad in ["a\u{0}b", "a\nb", "\u{202e}evil", "zero\u{200b}width", "a\u{2028}b", long.as_str()] {
            let answer = browser.call("PATCH", "/api/profile", json!({ "name": bad })).await;
            answer.assert_problem(422, "invalid_fields");
            assert_eq!(answer.json()["fields"][0]["name"], "name");
        }
        assert_eq!(browser.get("/api/profile").await.json()["account"]["name"], "𝄞");
    }

    async fn nothing_but_name_and_language_can_be_changed(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let before = browser.get("/api/profile").await.json();
        for body in [json!({ "role": "admin" }), json!({ "email": "eve@example.org" }), json!({ "id": "acc_1" }), json!({ "locale": "tlh" })] {
            let answer = browser.call("PATCH", "/api/profile", body).await;
            answer.assert_problem(400, "bad_request");
        }
        assert_eq!(browser.get("/api/profile").await.json(), before);
    }
}
