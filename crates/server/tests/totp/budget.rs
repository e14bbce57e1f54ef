//! What guessing comes to: ten wrong codes an hour, a hundred in a row, and the password's door stays open.

use crate::support::{ADA, app::TestApp, authenticator::Authenticator};

/// Wrong codes until the path answers otherwise; answers how many were looked at.
async fn guess(app: &TestApp, authenticator: &Authenticator) -> usize {
    let mut looked_at = 0;
    loop {
        let mut browser = app.half_way(ADA).await;
        for _ in 0..5 {
            let answer = browser.totp(&authenticator.wrong(app)).await;
            if answer.status == 429 {
                let wait: u64 = answer.header("retry-after").parse().expect("seconds");
                assert!((1..=3600).contains(&wait), "{wait}");
                return looked_at;
            }
            answer.assert_problem(401, "bad_code");
            looked_at += 1;
        }
    }
}

on_each_engine! {
    async fn asvs_6_3_1_ten_wrong_codes_an_hour_close_that_path_alone(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, codes) = app.enrolled(&mut owner).await;
        assert_eq!(guess(&app, &authenticator).await, 10);
        let mut browser = app.half_way(ADA).await;
        let right = authenticator.code(&app, 0);
        browser.totp(&right).await.assert_problem(429, "throttled");
        // The other path is open, and opens this one.
        assert_eq!(browser.recover(&codes[0]).await.status, 200);
        assert_eq!(app.half_way(ADA).await.totp(&right).await.status, 200);
        // So does time.
        app.advance_seconds(30).await;
        guess(&app, &authenticator).await;
        app.advance_seconds(3600).await;
        let right = authenticator.code(&app, 0);
        assert_eq!(app.half_way(ADA).await.totp(&right).await.status, 200);
        assert_eq!(app.events("authn_login_fail").await, 0);
    }

    async fn after_a_hundred_in_a_row_only_a_recovery_opens_the_path(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, codes) = app.enrolled(&mut owner).await;
        for _ in 0..10 {
            assert_eq!(guess(&app, &authenticator).await, 10);
            app.advance_seconds(3600).await;
        }
        assert_eq!(app.events("authn_mfa_fail_max").await, 1);
        for hours in [0, 1, 30] {
            app.advance_seconds(hours * 3600).await;
            let right = authenticator.code(&app, 0);
            app.half_way(ADA).await.totp(&right).await.assert_problem(429, "throttled");
        }
        assert_eq!(app.half_way(ADA).await.recover(&codes[0]).await.status, 200);
        let right = authenticator.code(&app, 0);
        assert_eq!(app.half_way(ADA).await.totp(&right).await.status, 200);
    }
}
