//! The admin desk: who may, what it finds, and what it does to an account.

mod acts;
mod invitations;

use std::collections::BTreeSet;

use concierge_core::{
    account::{AccountId, Role},
    totp::Policy,
};
use concierge_server::{
    account::Deed,
    audit::Origin,
    store::{On, sql},
};
use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp, browser::Browser};

const BOB: &str = "bob@example.org";

/// An account's browser and id.
async fn settled(app: &TestApp, email: &str) -> (Browser, String) {
    let mut browser = app.registered(email).await;
    let profile = browser.get("/api/profile").await.json();
    let id = profile["account"]["id"].as_str().expect("an id").to_owned();
    (browser, id)
}

/// The same for an admin, signed in anew.
async fn admin(app: &TestApp, email: &str) -> (Browser, String) {
    let (mut browser, id) = settled(app, email).await;
    assert!(app.act(email, Deed::SetRole(Role::Admin)).await);
    assert_eq!(browser.sign_in(email, PASSWORD).await.status, 200);
    (browser, id)
}

on_each_engine! {
    async fn the_desk_is_for_admins_who_proved_themselves_lately(db) {
        let app = TestApp::start(db).await;
        let (mut ada, _) = admin(&app, ADA).await;
        let (mut bob, id) = settled(&app, BOB).await;
        let lock = format!("/api/admin/accounts/{id}/lock");
        app.browser().get("/api/admin/accounts").await.assert_problem(401, "unauthenticated");
        bob.get("/api/admin/accounts").await.assert_problem(403, "forbidden");
        bob.poke(&lock).await.assert_problem(403, "forbidden");
        app.advance_seconds(601).await;
        assert_eq!(ada.refresh().await.status, 200);
        assert_eq!(ada.get("/api/admin/accounts").await.status, 200);
        ada.poke(&lock).await.assert_problem(403, "fresh_sign_in_required");
    }

    async fn the_pages_of_the_desk_are_there_for_admins_alone(db) {
        let app = TestApp::start(db).await;
        let (mut ada, _) = admin(&app, ADA).await;
        let (mut bob, id) = settled(&app, BOB).await;
        for path in ["/admin/accounts", "/admin/invitations"] {
            assert_eq!(ada.visit(path).await.status, 200, "{path}");
            let refused = bob.visit(path).await;
            assert_eq!(refused.status, 404, "{path}");
            assert!(refused.text().contains("Nothing here") && !refused.text().contains(ADA), "{path}");
            let led = app.browser().visit(path).await;
            assert_eq!((led.status, led.header("location")), (303, &*format!("/sign-in?next={path}")));
        }
        let found = ada.visit("/admin/accounts?query=BOB").await.text();
        assert!(found.contains(&format!("/admin/accounts?id={id}")), "{found}");
        let none = ada.visit("/admin/accounts?query=ob%40").await.text();
        assert!(none.contains("begins with “ob@”") && !none.contains(&id), "{none}");
    }

    async fn asvs_6_3_3_an_admin_without_the_demanded_second_factor_is_refused(db) {
        let before = TestApp::start(db).await;
        let (ada, _) = admin(&before, ADA).await;
        // The policy was raised: the session of before is still there, and opens the desk no more.
        let app = before.beside_with(db, |options| options.config.second_factor = Policy::Admins).await;
        let mut there = app.browser();
        there.cookies = ada.cookies.clone();
        let mut ada = there;
        ada.get("/api/admin/accounts").await.assert_problem(403, "second_factor_required");
    }

    async fn asvs_6_4_6_a_reset_link_sets_a_password_that_no_admin_learns(db) {
        let app = TestApp::start(db).await;
        let (mut ada, _) = admin(&app, ADA).await;
        let (mut bob, id) = settled(&app, BOB).await;
        let path = format!("/api/admin/accounts/{id}/reset-link");
        bob.poke(&path).await.assert_problem(403, "forbidden");
        let made = ada.poke(&path).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let link = made.json()["link"].as_str().expect("a link").to_owned();
        let (page, token) = link.split_once('#').expect("a fragment");
        assert!(page.ends_with("/reset"), "{page}");
        let body = json!({ "token": token, "new": "nine paper boats sink" });
        assert_eq!(app.browser().post("/api/password/reset", body.clone()).await.status, 204);
        app.browser().post("/api/password/reset", body).await.assert_problem(401, "ticket_expired");
        assert_eq!(bob.get("/api/profile").await.status, 401);
        assert_eq!(app.browser().sign_in(BOB, "nine paper boats sink").await.status, 200);
        let unknown = "/api/admin/accounts/acc_00000000-0000-7000-8000-000000000000/reset-link";
        ada.poke(unknown).await.assert_problem(404, "not_found");
    }

    async fn asvs_6_5_6_a_lost_second_factor_is_removed_by_an_admin_and_never_ones_own(db) {
        let app = TestApp::start(db).await;
        let (mut ada, own) = admin(&app, ADA).await;
        let (mut bob, id) = settled(&app, BOB).await;
        app.enrolled(&mut bob).await;
        let path = |id: &str| format!("/api/admin/accounts/{id}/second-factor");
        ada.call("DELETE", &path(&own), json!({})).await.assert_problem(409, "conflict");
        assert_eq!(ada.call("DELETE", &path(&id), json!({})).await.status, 204);
        ada.call("DELETE", &path(&id), json!({})).await.assert_problem(404, "not_found");
        let signed_in = app.browser().sign_in(BOB, PASSWORD).await;
        assert_eq!(signed_in.json()["status"], "signed_in");
    }

    async fn a_locked_account_is_out_at_once_and_an_unlocked_one_may_come_back(db) {
        let app = TestApp::start(db).await;
        let (mut ada, _) = admin(&app, ADA).await;
        let (mut bob, id) = settled(&app, BOB).await;
        let locked = ada.poke(&format!("/api/admin/accounts/{id}/lock")).await;
        assert_eq!(locked.status, 200, "{}", locked.text());
        assert!(locked.json()["account"]["locked_at"].is_string());
        assert_eq!(locked.json()["sessions"], json!([]));
        assert_eq!(bob.get("/api/profile").await.status, 401);
        assert_eq!(bob.sign_in(BOB, PASSWORD).await.status, 401);
        let open = ada.poke(&format!("/api/admin/accounts/{id}/unlock")).await;
        assert!(open.json()["account"].get("locked_at").is_none());
        assert_eq!(bob.sign_in(BOB, PASSWORD).await.status, 200);
        let ended = ada.poke(&format!("/api/admin/accounts/{id}/sign-out")).await;
        assert_eq!(ended.json(), json!({ "ended": 1 }));
        assert_eq!(bob.get("/api/profile").await.status, 401);
        assert_eq!(app.events("user_updated").await, 2);
    }

    async fn nobody_acts_on_themself_and_the_last_admin_stays(db) {
        let app = TestApp::start(db).await;
        let (mut ada, id) = admin(&app, ADA).await;
        let path = format!("/api/admin/accounts/{id}");
        ada.poke(&format!("{path}/lock")).await.assert_problem(409, "conflict");
        ada.call("PATCH", &path, json!({ "role": "member" })).await.assert_problem(409, "conflict");
        let desk = app.services.desk();
        for deed in [Deed::Lock, Deed::SetRole(Role::Member)] {
            let parsed = id.parse().expect("an id");
            assert!(desk.act(parsed, deed, None, &Origin::default()).await.is_err());
        }
        ada.get("/api/admin/accounts/acc_1").await.assert_problem(404, "not_found");
    }

    async fn of_two_admins_who_demote_each_other_one_succeeds(db) {
        let app = TestApp::start(db).await;
        let (mut ada, a) = admin(&app, ADA).await;
        let (mut bob, b) = admin(&app, BOB).await;
        let (to_a, to_b) = (format!("/api/admin/accounts/{a}"), format!("/api/admin/accounts/{b}"));
        let demote = json!({ "role": "member" });
        let (one, two) = tokio::join!(ada.call("PATCH", &to_b, demote.clone()), bob.call("PATCH", &to_a, demote));
        assert_eq!([one.status, two.status].iter().filter(|status| **status == 200).count(), 1);
        assert_eq!(app.events("privilege_permissions_changed").await, 3);
    }

    async fn accounts_are_found_by_what_address_or_name_begins_with(db) {
        let app = TestApp::start(db).await;
        let (mut ada, _) = admin(&app, ADA).await;
        settled(&app, BOB).await;
        let mut found = Vec::new();
        for query in ["", "ADA", "bo", "b%25", "_", "%27", "%00", "zz"] {
            let answer = ada.get(&format!("/api/admin/accounts?query={query}")).await;
            assert_eq!(answer.status, 200, "{query}: {}", answer.text());
            assert!(!answer.text().contains("$argon2") && !answer.text().contains("password"));
            found.push(answer.json()["accounts"].as_array().expect("rows").len());
        }
        assert_eq!(found, [2, 2, 1, 0, 0, 0, 0, 0]);
        for cursor in ["x", "bm9wZQ", "eA"] {
            ada.get(&format!("/api/admin/accounts?cursor={cursor}")).await.assert_problem(400, "bad_request");
        }
    }

    async fn pages_hold_every_account_once_by_address_and_then_by_name(db) {
        let app = TestApp::start(db).await;
        let (mut ada, _) = admin(&app, ADA).await;
        for person in 0..120 {
            let (email, name) = (format!("p{person:03}@example.org"), format!("zoë {person:03}"));
            let row = sql("INSERT INTO account (id, email, email_normalised, name, locale, role, created_at, email_sorted, name_normalised)
                           VALUES ($1, $2, $2, $3, 'en', 'member', 0, $2, $3)");
            let id: AccountId = app.services.rng.id(app.services.clock.now());
            let row = row.bind(id.to_string()).bind(email).bind(name);
            row.execute(On::Write(app.db())).await.expect("kept");
        }
        for (query, all) in [("", 121), ("p", 120), ("ZO%C3%8B", 120)] {
            let (mut seen, mut next) = (BTreeSet::new(), String::new());
            loop {
                let page = ada.get(&format!("/api/admin/accounts?query={query}{next}")).await.json();
                for row in page["accounts"].as_array().expect("rows") {
                    assert!(seen.insert(row["account"]["id"].to_string()), "{query}: twice");
                }
                let Some(cursor) = page["next"].as_str() else { break };
                next = format!("&cursor={cursor}");
            }
            assert_eq!(seen.len(), all, "{query}");
        }
    }
}
