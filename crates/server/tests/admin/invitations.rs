//! Invitations: who makes them, what they open, and how they end.

use std::time::Duration;

use concierge_server::config::Registration;
use serde_json::{Value, json};

use super::{BOB, admin};
use crate::support::{
    ADA, PASSWORD,
    app::TestApp,
    browser::{Answer, Browser},
    database::Database,
};

const EVE: &str = "eve@example.org";

/// A house that is entered by invitation, with an admin from before.
async fn house(database: &Database) -> (TestApp, Browser) {
    let open = TestApp::start(database).await;
    let (ada, _) = admin(&open, ADA).await;
    let app = open.beside_with(database, |options| {
        options.config.registration = Registration::Invite;
    });
    let app = app.await;
    let mut there = app.browser();
    there.cookies = ada.cookies.clone();
    (app, there)
}

/// Makes an invitation; answers it and the token of its link.
async fn invite(ada: &mut Browser, body: Value) -> (Value, String) {
    let made = ada.post("/api/admin/invitations", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let link = made["link"].as_str().expect("a link");
    let (page, token) = link.split_once('#').expect("a fragment");
    assert!(page.ends_with("/sign-up"), "{page}");
    (made["invitation"].clone(), token.to_owned())
}

async fn accept(browser: &mut Browser, email: &str, token: &str) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD, "invite": token });
    browser.post("/api/auth/register", body).await
}

on_each_engine! {
    async fn an_invitation_opens_one_account_with_its_role(db) {
        let (app, mut ada) = house(db).await;
        let (made, token) = invite(&mut ada, json!({ "role": "admin", "note": "for Bob" })).await;
        let list = ada.get("/api/admin/invitations").await;
        assert_eq!(list.json()["invitations"], json!([made]));
        assert!(!list.text().contains(&token));
        let mut bob = app.browser();
        let uninvited = json!({ "email": BOB, "password": PASSWORD });
        bob.post("/api/auth/register", uninvited).await.assert_problem(403, "registration_closed");
        accept(&mut bob, BOB, "guessed").await.assert_problem(401, "ticket_expired");
        let accepted = accept(&mut bob, BOB, &token).await;
        assert_eq!(accepted.status, 201, "{}", accepted.text());
        assert_eq!(accepted.json()["account"]["role"], "admin");
        accept(&mut app.browser(), EVE, &token).await.assert_problem(401, "ticket_expired");
        assert_eq!(ada.get("/api/admin/invitations").await.json()["invitations"], json!([]));
        assert_eq!(app.events("user_invited").await, 1);
    }

    async fn of_ten_who_hold_an_invitation_one_gets_in(db) {
        let (app, mut ada) = house(db).await;
        let (_, token) = invite(&mut ada, json!({ "role": "member" })).await;
        let emails: Vec<_> = (0..10).map(|n| format!("guest{n}@example.org")).collect();
        let mut browsers = vec![app.browser(); 10];
        let tries = browsers.iter_mut().zip(&emails).map(|(browser, email)| accept(browser, email, &token));
        let answers = futures_util::future::join_all(tries).await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (201, &[401; 9][..]));
        assert_eq!(app.count("account").await, 2);
    }

    async fn a_refused_registration_does_not_use_the_invitation_up(db) {
        let (app, mut ada) = house(db).await;
        let (_, token) = invite(&mut ada, json!({ "role": "member" })).await;
        accept(&mut app.browser(), ADA, &token).await.assert_problem(409, "email_taken");
        assert_eq!(accept(&mut app.browser(), BOB, &token).await.status, 201);
    }

    async fn an_invitation_ends_with_its_days_or_when_it_is_taken_back(db) {
        let (app, mut ada) = house(db).await;
        let (short, brief) = invite(&mut ada, json!({ "role": "member", "days": 1 })).await;
        let (long, token) = invite(&mut ada, json!({ "role": "member", "days": 30 })).await;
        let path = format!("/api/admin/invitations/{}", long["id"].as_str().expect("an id"));
        assert_eq!(ada.call("DELETE", &path, json!({})).await.status, 204);
        ada.call("DELETE", &path, json!({})).await.assert_problem(404, "not_found");
        accept(&mut app.browser(), BOB, &token).await.assert_problem(401, "ticket_expired");
        assert_eq!(ada.get("/api/admin/invitations").await.json()["invitations"], json!([short]));
        app.advance(Duration::from_secs(24 * 3600 + 1)).await;
        accept(&mut app.browser(), BOB, &brief).await.assert_problem(401, "ticket_expired");
        app.advance(Duration::from_secs(24 * 3600)).await;
        app.services.accounts.purge().await.expect("purged");
        assert_eq!(app.count("invitation").await, 0);
        assert_eq!(app.events("user_invitation_revoked").await, 1);
    }

    async fn an_invited_person_confirms_the_address_and_keeps_the_role(db) {
        let (before, mut ada) = house(db).await;
        let (_, token) = invite(&mut ada, json!({ "role": "admin" })).await;
        let (taken, other) = invite(&mut ada, json!({ "role": "admin" })).await;
        let app = before.beside_with(db, |options| {
            options.config.registration = Registration::Invite;
            options.config.confirms_addresses = true;
        });
        let app = app.await;
        let (mut bob, mut eve) = (app.browser(), app.browser());
        assert_eq!(accept(&mut bob, BOB, &token).await.status, 202);
        assert_eq!(accept(&mut eve, EVE, &other).await.status, 202);
        let path = format!("/api/admin/invitations/{}", taken["id"].as_str().expect("an id"));
        assert_eq!(ada.call("DELETE", &path, json!({})).await.status, 204);
        let link = |email: &'static str| async { json!({ "token": app.mail_to(email).await.token() }) };
        let confirmed = eve.post("/api/account/email/confirm", link(EVE).await).await;
        confirmed.assert_problem(401, "ticket_expired");
        let confirmed = bob.post("/api/account/email/confirm", link(BOB).await).await;
        assert_eq!(confirmed.status, 204, "{}", confirmed.text());
        assert_eq!(bob.sign_in(BOB, PASSWORD).await.json()["account"]["role"], "admin");
        assert_eq!(app.count("invitation").await, 0);
    }

    async fn what_is_wrong_with_an_invitation_is_named_and_makes_none(db) {
        let (app, mut ada) = house(db).await;
        for (body, field) in [
            (json!({ "role": "member", "days": 0 }), "days"),
            (json!({ "role": "member", "days": 31 }), "days"),
            (json!({ "role": "member", "note": "a\u{202e}b" }), "note"),
            (json!({ "role": "member", "note": "x".repeat(10_000) }), "note"),
        ] {
            let answer = ada.post("/api/admin/invitations", body).await;
            answer.assert_problem(422, "invalid_fields");
            assert_eq!(answer.json()["fields"][0]["name"], field);
        }
        ada.post("/api/admin/invitations", json!({ "role": "king" })).await.assert_problem(400, "bad_request");
        assert_eq!(app.count("invitation").await, 0);
    }

    async fn asvs_8_3_1_invitations_are_for_admins_who_proved_themselves_lately(db) {
        let open = TestApp::start(db).await;
        let (mut ada, _) = admin(&open, ADA).await;
        let mut bob = open.registered(BOB).await;
        let body = json!({ "role": "admin" });
        open.browser().post("/api/admin/invitations", body.clone()).await.assert_problem(401, "unauthenticated");
        bob.post("/api/admin/invitations", body.clone()).await.assert_problem(403, "forbidden");
        bob.get("/api/admin/invitations").await.assert_problem(403, "forbidden");
        open.advance_seconds(601).await;
        assert_eq!(ada.refresh().await.status, 200);
        ada.post("/api/admin/invitations", body).await.assert_problem(403, "fresh_sign_in_required");
        assert_eq!(open.count("invitation").await, 0);
    }

    async fn a_closed_house_takes_not_even_the_invited(db) {
        let (before, mut ada) = house(db).await;
        let (_, token) = invite(&mut ada, json!({ "role": "member" })).await;
        let app = before.beside_with(db, |options| options.config.registration = Registration::Closed).await;
        accept(&mut app.browser(), BOB, &token).await.assert_problem(403, "registration_closed");
    }
}
