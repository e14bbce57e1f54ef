//! What every act at the desk has in common: it is an event with actor and target, an unknown account is not found,
//! and nobody closes themself or the last admin.

use concierge_server::store::sql;
use serde_json::json;

use super::{BOB, admin, settled};
use crate::support::{ADA, PASSWORD, app::TestApp};

/// Method and path of each act, with the event that it leaves.
const ACTS: [(&str, &str, &str); 6] = [
    ("POST", "/lock", "user_updated"),
    ("POST", "/unlock", "user_updated"),
    ("POST", "/sign-out", "authn_token_revoked"),
    ("POST", "/reset-link", "authn_password_reset_requested"),
    ("DELETE", "/second-factor", "authn_mfa_disabled"),
    ("DELETE", "", "user_deleted"),
];

on_each_engine! {
    async fn asvs_16_2_1_every_act_is_an_event_with_actor_and_target(db) {
        let app = TestApp::start(db).await;
        let (mut ada, own) = admin(&app, ADA).await;
        let (mut bob, id) = settled(&app, BOB).await;
        let (authenticator, _) = app.enrolled(&mut bob).await;
        for (method, act, name) in ACTS {
            let of_actor = || async {
                let query = "SELECT COUNT(*) AS n FROM event WHERE name = $1 AND actor_id = $2 AND account_id = $3";
                let row = sql(query).bind(name).bind(own.as_str()).bind(id.as_str());
                row.fetch_one(app.db()).await.and_then(|row| row.int("n")).expect("a count")
            };
            // With a session to end, whose event names the actor as well.
            if act == "/sign-out" {
                let code = authenticator.code(&app, 0);
                assert_eq!(app.half_way(BOB).await.totp(&code).await.status, 200);
            }
            let before = of_actor().await;
            let done = ada.call(method, &format!("/api/admin/accounts/{id}{act}"), json!({})).await;
            assert!(done.status < 300, "{act}: {}", done.text());
            let own = 1 + i64::from(act == "/sign-out");
            assert_eq!(of_actor().await, before + own, "{act}");
        }
        app.browser().sign_in(BOB, PASSWORD).await.assert_problem(401, "bad_credentials");
        assert!(app.mails().await.iter().any(|mail| mail.to == BOB && mail.subject == "Your account was closed"));
    }

    async fn an_account_that_is_not_there_is_not_found_whatever_is_done(db) {
        let app = TestApp::start(db).await;
        let (mut ada, _) = admin(&app, ADA).await;
        for id in ["acc_00000000-0000-7000-8000-000000000000", "acc_x", "%00", "ses_1"] {
            ada.get(&format!("/api/admin/accounts/{id}")).await.assert_problem(404, "not_found");
            for (method, act, _) in ACTS {
                let path = format!("/api/admin/accounts/{id}{act}");
                ada.call(method, &path, json!({})).await.assert_problem(404, "not_found");
            }
        }
        assert_eq!(app.count("account").await, 1);
    }

    async fn nobody_closes_themself_or_the_last_admin_at_the_desk(db) {
        let app = TestApp::start(db).await;
        let (mut ada, own) = admin(&app, ADA).await;
        let path = |id: &str| format!("/api/admin/accounts/{id}");
        ada.call("DELETE", &path(&own), json!({})).await.assert_problem(409, "conflict");
        let (mut bob, id) = admin(&app, BOB).await;
        ada.call("DELETE", &path(&own), json!({})).await.assert_problem(409, "conflict");
        // Two admins close each other at the same moment: one stays.
        let (one, two) = (path(&id), path(&own));
        let (one, two) = tokio::join!(ada.call("DELETE", &one, json!({})), bob.call("DELETE", &two, json!({})));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses[0], 204, "{statuses:?}");
        assert!(statuses[1] >= 400, "{statuses:?}");
        assert_eq!((app.count("account").await, app.events("user_deleted").await), (1, 1));
    }

    async fn hostile_names_come_back_as_they_are_and_only_as_json(db) {
        let app = TestApp::start(db).await;
        let (mut ada, _) = admin(&app, ADA).await;
        let mut eve = app.browser();
        for bad in ["a\u{202e}b", "a\nb", "a\u{0}b"] {
            let body = json!({ "email": "eve@example.org", "password": PASSWORD, "name": bad });
            eve.post("/api/auth/register", body).await.assert_problem(422, "invalid_fields");
        }
        let name = "<script>alert(1)</script>";
        let body = json!({ "email": "eve@example.org", "password": PASSWORD, "name": name });
        assert_eq!(eve.post("/api/auth/register", body).await.status, 201);
        let found = ada.get("/api/admin/accounts?query=%3Cscript").await;
        assert_eq!(found.json()["accounts"][0]["account"]["name"], name);
        assert_eq!(found.header("content-type"), "application/json; charset=utf-8");
    }

    async fn unlocking_clears_the_waits_of_the_address(db) {
        let app = TestApp::start(db).await;
        let (mut ada, _) = admin(&app, ADA).await;
        let (_, id) = settled(&app, BOB).await;
        for _ in 0..4 {
            app.browser().sign_in(BOB, "wrong wrong wrong wrong").await;
        }
        app.browser().sign_in(BOB, PASSWORD).await.assert_problem(429, "throttled");
        assert_eq!(ada.poke(&format!("/api/admin/accounts/{id}/unlock")).await.status, 200);
        assert_eq!(app.browser().sign_in(BOB, PASSWORD).await.status, 200);
    }
}
