//! Recovery codes: each good once, shown until they are kept.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{ADA, app::TestApp, authenticator::codes_of};

on_each_engine! {
    async fn asvs_6_5_1_a_recovery_code_passes_once(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (_, codes) = app.enrolled(&mut owner).await;
        assert_eq!(codes.len(), 10);
        let mails = app.count("outbox").await;
        let mut browser = app.half_way(ADA).await;
        let answer = browser.recover(&codes[3].to_lowercase().replace('-', " ")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["recovery_codes_left"], 9);
        // One about the code, one about the new device.
        assert_eq!(app.count("outbox").await, mails + 2);
        app.half_way(ADA).await.recover(&codes[3]).await.assert_problem(401, "bad_code");
        app.half_way(ADA).await.recover("AAAAA-AAAAA-AAA").await.assert_problem(401, "bad_code");
        app.half_way(ADA).await.recover("492039").await.assert_problem(401, "bad_code");
        assert_eq!(app.events("authn_recovery_code_used").await, 1);
        assert_eq!(app.events("authn_recovery_code_fail").await, 3);
        assert_eq!(app.half_way(ADA).await.recover(&codes[4]).await.json()["recovery_codes_left"], 8);
    }

    async fn of_parallel_tries_with_one_recovery_code_one_passes(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (_, codes) = app.enrolled(&mut owner).await;
        let mut browsers = Vec::new();
        for _ in 0..8 {
            browsers.push(app.half_way(ADA).await);
        }
        let tries = browsers.iter_mut().map(|browser| browser.recover(&codes[0]));
        let answers = join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    }

    async fn of_codes_made_at_once_ten_count_and_none_without_a_factor(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        app.enrolled(&mut owner).await;
        let mut browsers = vec![owner.clone(); 6];
        let made = browsers.iter_mut().map(|browser| browser.post("/api/recovery/codes", json!({})));
        let made = futures_util::future::join_all(made).await;
        assert!(made.iter().all(|answer| answer.status == 200));
        assert_eq!(app.count("recovery_code").await, 10);
        let (mut making, mut removing) = (owner.clone(), owner.clone());
        let (_, removed) = tokio::join!(
            making.post("/api/recovery/codes", json!({})),
            removing.call("DELETE", "/api/totp", json!({})),
        );
        assert_eq!(removed.status, 204, "{}", removed.text());
        assert_eq!(app.count("recovery_code").await, 0);
        owner.post("/api/recovery/codes", json!({})).await.assert_problem(404, "not_found");
    }

    async fn asvs_6_3_1_wrong_recovery_codes_have_a_budget_of_their_own(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, codes) = app.enrolled(&mut owner).await;
        for _ in 0..2 {
            let mut browser = app.half_way(ADA).await;
            for _ in 0..5 {
                browser.recover("AAAAA-AAAAA-AAA").await.assert_problem(401, "bad_code");
            }
            browser.recover(&codes[0]).await.assert_problem(401, "ticket_expired");
        }
        let mut browser = app.half_way(ADA).await;
        browser.recover(&codes[0]).await.assert_problem(429, "throttled");
        assert_eq!(browser.totp(&authenticator.code(&app, 0)).await.status, 200);
        app.advance_seconds(3600).await;
        assert_eq!(app.half_way(ADA).await.recover(&codes[0]).await.status, 200);
    }

    async fn codes_are_shown_until_they_are_kept(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        owner.get("/api/recovery/codes").await.assert_problem(404, "not_found");
        owner.poke("/api/recovery/codes").await.assert_problem(404, "not_found");
        let (_, codes) = app.enrolled(&mut owner).await;
        assert_eq!(codes_of(&owner.get("/api/recovery/codes").await.json()), codes);
        let renewed = codes_of(&owner.poke("/api/recovery/codes").await.json());
        assert_eq!(codes_of(&owner.get("/api/recovery/codes").await.json()), renewed);
        app.half_way(ADA).await.recover(&codes[0]).await.assert_problem(401, "bad_code");
        let answer = owner.form("/api/recovery/kept", &[]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/security"));
        assert_eq!(app.count("recovery_unkept").await, 0);
        owner.get("/api/recovery/codes").await.assert_problem(404, "not_found");
        assert_eq!(app.half_way(ADA).await.recover(&renewed[0]).await.status, 200);
    }

    async fn codes_that_nobody_keeps_are_shown_for_a_quarter_of_an_hour(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (_, codes) = app.enrolled(&mut owner).await;
        let mut browser = app.half_way(ADA).await;
        app.advance_seconds(869).await;
        assert_eq!(app.services.recovery.purge().await.expect("purged"), 0);
        app.advance_seconds(1).await;
        browser.get("/api/recovery/codes").await.assert_problem(401, "unauthenticated");
        let mut browser = app.half_way(ADA).await;
        assert_eq!(browser.recover(&codes[0]).await.status, 200);
        browser.get("/api/recovery/codes").await.assert_problem(404, "not_found");
        assert_eq!(app.services.recovery.purge().await.expect("purged"), 1);
        assert_eq!(browser.post("/api/recovery/kept", json!({})).await.status, 204);
    }
}
