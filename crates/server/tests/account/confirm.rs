//! Registering where the address is confirmed first: no account before it, no word about who has one, and nobody else's
//! password on one's own address.

use std::time::Duration;

use concierge_core::time::Timestamp;
use concierge_server::{
    config::Registration,
    store::{On, sql},
};
use serde_json::json;

use crate::support::{
    ADA, PASSWORD,
    app::TestApp,
    browser::{Answer, Browser},
    database::Database,
};

const OTHER: &str = "nine paper boats sink";

/// A house that confirms addresses.
async fn house(database: &Database) -> TestApp {
    TestApp::with(database, |options| options.config.confirms_addresses = true).await
}

async fn register(browser: &mut Browser, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password, "name": "Ada", "locale": "fr" });
    browser.post("/api/auth/register", body).await
}

async fn confirm(browser: &mut Browser, token: &str, password: Option<&str>) -> Answer {
    let body = match password {
        Some(password) => json!({ "token": token, "password": password }),
        None => json!({ "token": token }),
    };
    browser.post("/api/account/email/confirm", body).await
}

on_each_engine! {
    async fn an_account_is_made_when_its_address_is_confirmed_and_not_before(db) {
        let app = house(db).await;
        let mut ada = app.browser();
        let answer = register(&mut ada, ADA, PASSWORD).await;
        assert_eq!((answer.status, answer.json()), (202, json!({})), "{}", answer.text());
        assert_eq!((app.count("account").await, app.count("session").await), (0, 0));
        ada.sign_in(ADA, PASSWORD).await.assert_problem(401, "bad_credentials");
        let mail = app.mail_to(ADA).await;
        assert!(mail.subject.contains("Confirmez"), "{}", mail.subject);
        assert_eq!(confirm(&mut ada, mail.token(), None).await.status, 204);
        confirm(&mut ada, mail.token(), None).await.assert_problem(401, "ticket_expired");
        let signed_in = ada.sign_in(ADA, PASSWORD).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.text());
        let account = signed_in.json()["account"].clone();
        assert_eq!((&account["name"], &account["locale"]), (&json!("Ada"), &json!("fr")));
        assert_eq!((app.events("user_registration_requested").await, app.events("user_created").await), (1, 1));
        assert_eq!(app.count("registration").await, 0);
    }

    async fn asvs_6_3_8_a_taken_address_answers_like_a_free_one_and_its_owner_is_told(db) {
        let before = TestApp::start(db).await;
        before.registered(ADA).await;
        let app = before.beside_with(db, |options| options.config.confirms_addresses = true).await;
        let (mut one, mut two) = (app.browser(), app.browser());
        let free = register(&mut one, "free@example.org", OTHER).await;
        let taken = register(&mut two, "ADA@example.org", OTHER).await;
        assert_eq!((free.status, taken.status), (202, 202));
        assert_eq!(free.body, taken.body);
        let names = |browser: &Browser| browser.cookies.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&one), names(&two));
        let headers = |answer: &Answer| {
            let names = answer.headers.keys().map(ToString::to_string);
            names.collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(headers(&free), headers(&taken));
        let told = app.mail_to(ADA).await;
        assert_eq!(told.subject, "You already have an account");
        assert_eq!(app.browser().sign_in(ADA, PASSWORD).await.status, 200);
    }

    async fn a_stranger_who_registered_ones_address_gets_nothing_from_ones_press(db) {
        let app = house(db).await;
        let (mut stranger, mut owner) = (app.browser(), app.browser());
        assert_eq!(register(&mut stranger, ADA, OTHER).await.status, 202);
        let planted = app.mail_to(ADA).await.token().to_owned();
        assert_eq!(register(&mut owner, ADA, PASSWORD).await.status, 202);
        // The owner presses the wrong one of two links: by browser it is not theirs, nor by password.
        confirm(&mut owner, &planted, None).await.assert_problem(401, "bad_credentials");
        confirm(&mut owner, &planted, Some(PASSWORD)).await.assert_problem(401, "bad_credentials");
        assert_eq!(app.count("account").await, 0);
        let mails = app.mails().await;
        let tokens: Vec<_> = mails.iter().map(|mail| mail.token()).collect();
        let own = tokens.iter().find(|token| **token != planted).expect("the second letter");
        assert_eq!(confirm(&mut owner, own, None).await.status, 204);
        app.browser().sign_in(ADA, OTHER).await.assert_problem(401, "bad_credentials");
        // Who wins is settled: the other link makes no second account, and changes nothing of the first.
        confirm(&mut stranger, &planted, None).await.assert_problem(409, "email_taken");
        assert_eq!(owner.sign_in(ADA, PASSWORD).await.status, 200);
    }

    async fn another_browser_confirms_with_the_password_that_was_chosen(db) {
        let app = house(db).await;
        assert_eq!(register(&mut app.browser(), ADA, PASSWORD).await.status, 202);
        let token = app.mail_to(ADA).await.token().to_owned();
        let mut phone = app.browser();
        confirm(&mut phone, &token, None).await.assert_problem(401, "bad_credentials");
        assert_eq!(confirm(&mut phone, &token, Some(PASSWORD)).await.status, 204);
        assert_eq!(phone.sign_in(ADA, PASSWORD).await.status, 200);
    }

    async fn of_twenty_parallel_presses_one_makes_the_account(db) {
        let app = house(db).await;
        let mut ada = app.browser();
        assert_eq!(register(&mut ada, ADA, PASSWORD).await.status, 202);
        let token = app.mail_to(ADA).await.token().to_owned();
        let mut browsers = vec![ada; 20];
        let presses = browsers.iter_mut().map(|browser| confirm(browser, &token, None));
        let answers = futures_util::future::join_all(presses).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
        assert!(answers.iter().all(|answer| [204, 401].contains(&answer.status)));
        assert_eq!(app.count("account").await, 1);
    }

    async fn a_link_ends_after_a_day_and_leaves_nothing(db) {
        let app = house(db).await;
        let mut ada = app.browser();
        assert_eq!(register(&mut ada, ADA, PASSWORD).await.status, 202);
        let token = app.mail_to(ADA).await.token().to_owned();
        app.advance(Duration::from_secs(24 * 3600 + 1)).await;
        confirm(&mut ada, &token, None).await.assert_problem(401, "ticket_expired");
        assert!(app.services.accounts.purge().await.expect("purged") >= 1);
        assert_eq!(app.count("registration").await, 0);
    }

    async fn nobody_is_written_to_more_than_three_times_an_hour(db) {
        let app = house(db).await;
        for _ in 0..5 {
            assert_eq!(register(&mut app.browser(), ADA, PASSWORD).await.status, 202);
        }
        assert_eq!(app.mails().await.len(), 3);
        app.advance(Duration::from_secs(3601)).await;
        assert_eq!(register(&mut app.browser(), ADA, PASSWORD).await.status, 202);
        assert_eq!(app.mails().await.len(), 4);
    }

    async fn a_house_that_was_closed_meanwhile_takes_nobody(db) {
        let open = house(db).await;
        let mut ada = open.browser();
        assert_eq!(register(&mut ada, ADA, PASSWORD).await.status, 202);
        let token = open.mail_to(ADA).await.token().to_owned();
        let closed = open.beside_with(db, |options| options.config.registration = Registration::Closed).await;
        let mut there = closed.browser();
        there.cookies = ada.cookies.clone();
        confirm(&mut there, &token, None).await.assert_problem(403, "registration_closed");
        assert_eq!(closed.count("account").await, 0);
    }

    async fn neither_the_table_nor_the_events_hold_a_token_or_a_password(db) {
        let app = house(db).await;
        assert_eq!(register(&mut app.browser(), ADA, PASSWORD).await.status, 202);
        let token = app.mail_to(ADA).await.token().to_owned();
        for table in ["registration", "event", "outbox"] {
            let text = format!("SELECT * FROM {table}");
            let rows = sql(text.leak()).fetch_all(app.db()).await.expect("rows");
            let text = format!("{rows:?}");
            assert!(!text.contains(&token) && !text.contains(PASSWORD), "{table}");
        }
    }

    async fn without_script_the_form_leads_to_the_word_about_the_mail(db) {
        let app = house(db).await;
        let mut browser = app.browser();
        let fields = [("email", ADA), ("password", PASSWORD), ("name", ""), ("locale", "en"), ("invite", "")];
        let answer = browser.form("/api/auth/register", &fields).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/sign-up?done=sent"));
        let token = app.mail_to(ADA).await.token().to_owned();
        let fields = [("token", token.as_str()), ("password", "")];
        let other = app.browser().form("/api/account/email/confirm", &fields).await;
        assert_eq!(other.header("location"), "/confirm?code=bad_credentials");
        let answer = browser.form("/api/account/email/confirm", &fields).await;
        assert_eq!(answer.header("location"), "/sign-in?done=confirmed");
    }

    async fn a_registration_that_no_version_writes_is_called_corrupt(db) {
        let app = house(db).await;
        let mut ada = app.browser();
        assert_eq!(register(&mut ada, ADA, PASSWORD).await.status, 202);
        let token = app.mail_to(ADA).await.token().to_owned();
        let spoil = sql("UPDATE registration SET locale = 'xx' WHERE expires_at > $1");
        let spoil = spoil.bind(Timestamp::from_millis(0).as_millis());
        spoil.execute(On::Write(app.db())).await.expect("spoilt");
        assert_eq!(confirm(&mut ada, &token, None).await.status, 500);
        assert_eq!(app.count("account").await, 0);
    }
}
