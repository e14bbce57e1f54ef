//! Hashes grow with their parameters, and only then.

use concierge_server::store::sql;

use crate::support::{ADA, PASSWORD, app::TestApp};

async fn phc(app: &TestApp) -> String {
    let row = sql("SELECT phc FROM password").fetch_one(app.db()).await;
    row.and_then(|row| row.text("phc")).expect("one hash")
}

on_each_engine! {
    async fn a_hash_is_renewed_at_sign_in_when_the_parameters_rose(db) {
        let weak = TestApp::start(db).await;
        weak.registered(ADA).await;
        let old = phc(&weak).await;
        assert!(old.starts_with("$argon2id$v=19$m=256,t=1,p=1$"), "{old}");
        let strong = TestApp::with(db, |options| options.config.hash.memory_kib = 512).await;
        assert_eq!(strong.browser().sign_in(ADA, "not the right words").await.status, 401);
        assert_eq!(phc(&strong).await, old);
        assert_eq!(strong.browser().sign_in(ADA, PASSWORD).await.status, 200);
        let new = phc(&strong).await;
        assert!(new.starts_with("$argon2id$v=19$m=512,t=1,p=1$"), "{new}");
        assert_eq!(strong.events("authn_password_rehash").await, 1);
        assert_eq!(weak.browser().sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(phc(&weak).await, new);
    }

    async fn parallel_sign_ins_renew_a_hash_once(db) {
        let weak = TestApp::start(db).await;
        weak.registered(ADA).await;
        let strong = TestApp::with(db, |options| {
            options.config.hash.memory_kib = 512;
            options.config.session.per_account = 50;
        })
        .await;
        let mut owner = strong.browser();
        let mut tries = vec![strong.browser(); 2];
        let tries = tries.iter_mut().map(|browser| browser.sign_in(ADA, PASSWORD));
        for answer in futures_util::future::join_all(tries).await {
            assert_eq!(answer.status, 200);
        }
        assert_eq!(owner.sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(strong.events("authn_password_rehash").await, 1);
    }

    async fn a_password_is_compared_exactly_as_received(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        for other in [" four brass bells ring", "Four brass bells ring", "four brass bells ring\n"] {
            let mut browser = app.browser();
            browser.sign_in(ADA, other).await.assert_problem(401, "bad_credentials");
        }
    }
}
