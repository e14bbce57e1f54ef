//! Guessing gets slow, owners get in, nobody is locked out for good (D8).

use std::net::SocketAddr;

use concierge_server::store::sql;
use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp, browser::Browser};

const WRONG: &str = "not the right words";

/// Guesses until the door closes; how many guesses were judged.
async fn guess_until_throttled(browser: &mut Browser, email: &str) -> u32 {
    for judged in 0..20 {
        match browser.sign_in(email, WRONG).await.status {
            401 => {}
            429 => return judged,
            status => panic!("{status}"),
        }
    }
    panic!("the door stays open");
}

on_each_engine! {
    async fn of_200_parallel_guesses_three_are_judged(db) {
        let app = TestApp::with(db, |options| options.workers = 8).await;
        let mut owner = app.signed_in().await;
        let guesses = (0..200).map(|number| {
            let mut stranger = app.browser();
            stranger.peer = SocketAddr::from(([203, 0, 113, number], 40_000));
            tokio::spawn(async move { stranger.sign_in(ADA, WRONG).await })
        });
        let guesses: Vec<_> = guesses.collect();
        assert_eq!(owner.sign_in(ADA, PASSWORD).await.status, 200);
        let (mut judged, mut throttled) = (0, 0);
        for guess in guesses {
            let answer = guess.await.expect("an answer");
            match answer.status {
                401 => {
                    answer.assert_problem(401, "bad_credentials");
                    judged += 1;
                }
                _ => {
                    answer.assert_problem(429, "throttled");
                    assert_eq!(answer.header("retry-after"), "1");
                    assert_eq!(answer.json()["retry_after"], 1);
                    throttled += 1;
                }
            }
            assert!(answer.set_cookies().is_empty());
        }
        assert_eq!((judged, throttled), (3, 197));
        assert_eq!(app.events("authn_login_fail").await, 3);
    }

    async fn a_known_device_gets_in_while_the_door_is_closed(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let mut stranger = app.browser();
        assert_eq!(guess_until_throttled(&mut stranger, ADA).await, 3);
        assert_eq!(stranger.sign_in(ADA, PASSWORD).await.status, 429);
        assert_eq!(owner.sign_in(ADA, PASSWORD).await.status, 200);
    }

    async fn ten_failures_void_a_known_device(db) {
        let app = TestApp::start(db).await;
        let mut device = app.signed_in().await;
        for _ in 0..10 {
            device.sign_in(ADA, WRONG).await.assert_problem(401, "bad_credentials");
        }
        assert_eq!(guess_until_throttled(&mut device, ADA).await, 3);
        device.sign_in(ADA, PASSWORD).await.assert_problem(429, "throttled");
        app.advance_seconds(1).await;
        assert_eq!(device.sign_in(ADA, PASSWORD).await.status, 200);
    }

    async fn a_device_of_one_account_is_unknown_to_another(db) {
        let app = TestApp::start(db).await;
        app.registered("eve@example.org").await;
        let mut device = app.signed_in().await;
        assert_eq!(guess_until_throttled(&mut device, "eve@example.org").await, 3);
    }

    async fn the_waits_grow_with_the_failures(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let mut stranger = app.browser();
        let mut waits = Vec::new();
        for _ in 0..12 {
            let answer = stranger.sign_in(ADA, WRONG).await;
            if answer.status == 429 {
                let seconds = answer.header("retry-after").parse().expect("seconds");
                waits.push(seconds);
                app.advance_seconds(seconds).await;
                stranger.sign_in(ADA, WRONG).await.assert_problem(401, "bad_credentials");
            }
        }
        assert_eq!(waits, [1, 1, 1, 1, 1, 1, 3, 3, 3]);
    }

    async fn a_success_takes_its_count_back(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        for _ in 0..20 {
            assert_eq!(app.browser().sign_in(ADA, PASSWORD).await.status, 200);
        }
        assert_eq!(app.browser().sign_in(ADA, WRONG).await.status, 401);
        assert_eq!(app.browser().sign_in(ADA, PASSWORD).await.status, 200);
        let row = sql("SELECT failures FROM throttle").fetch_one(app.db()).await;
        assert_eq!(row.and_then(|row| row.int("failures")).expect("one count"), 1);
    }

    async fn counts_survive_a_restart(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        guess_until_throttled(&mut app.browser(), ADA).await;
        let again = app.beside(db).await;
        again.browser().sign_in(ADA, PASSWORD).await.assert_problem(429, "throttled");
    }

    async fn case_and_spaces_share_one_count(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let mut stranger = app.browser();
        for name in ["ADA@example.org", " ada@example.org", "Ada@Example.Org "] {
            stranger.sign_in(name, WRONG).await.assert_problem(401, "bad_credentials");
        }
        stranger.sign_in(ADA, WRONG).await.assert_problem(429, "throttled");
    }

    async fn one_address_is_limited_whatever_the_names(db) {
        let app = TestApp::with(db, |options| options.config.address_limit_factor = 1).await;
        let mut sprayer = app.browser();
        for number in 0..10 {
            let name = format!("person{number}@example.org");
            assert_eq!(sprayer.sign_in(&name, WRONG).await.status, 401);
        }
        let answer = sprayer.sign_in("person10@example.org", WRONG).await;
        answer.assert_problem(429, "throttled");
        assert_eq!(answer.header("retry-after"), "6");
        let mut neighbour = app.browser();
        neighbour.peer = SocketAddr::from(([203, 0, 113, 9], 40_000));
        assert_eq!(neighbour.sign_in("person11@example.org", WRONG).await.status, 401);
    }

    async fn tries_during_the_pause_of_the_hour_make_no_pause_longer(db) {
        let app = TestApp::with(db, |options| options.config.address_limit_factor = 1).await;
        let mut guesser = app.browser();
        let mut number = 0;
        // Ten a minute are within the limit of the minute, so what refuses is that of the hour.
        let pause: u64 = loop {
            number += 1;
            let answer = guesser.sign_in(&format!("person{number}@example.org"), WRONG).await;
            if answer.status == 429 {
                break answer.header("retry-after").parse().expect("seconds");
            }
            if number % 10 == 0 {
                app.advance_seconds(60).await;
            }
        };
        assert_eq!(pause, 36);
        for _ in 1..pause {
            app.advance_seconds(1).await;
            assert_eq!(guesser.sign_in("one@example.org", WRONG).await.status, 429);
        }
        app.advance_seconds(1).await;
        assert_eq!(guesser.sign_in("one@example.org", WRONG).await.status, 401);
        assert_eq!(guesser.sign_in("two@example.org", WRONG).await.header("retry-after"), "72");
    }

    async fn refreshes_of_one_session_and_of_one_address_are_limited(db) {
        let app = TestApp::with(db, |options| options.config.address_limit_factor = 1).await;
        let mut browsers = Vec::new();
        for name in ["ada", "eve", "bob"] {
            browsers.push(app.registered(&format!("{name}@example.org")).await);
        }
        for browser in &mut browsers[..2] {
            for _ in 0..30 {
                assert_eq!(browser.refresh().await.status, 200);
            }
        }
        for browser in &mut browsers {
            let answer = browser.refresh().await;
            answer.assert_problem(429, "throttled");
            assert_eq!(answer.header("retry-after"), "1");
            assert!(answer.set_cookies().is_empty());
        }
        let mut elsewhere = browsers.swap_remove(0);
        elsewhere.peer = SocketAddr::from(([203, 0, 113, 9], 40_000));
        let answer = elsewhere.refresh().await;
        answer.assert_problem(429, "throttled");
        assert_eq!(answer.header("retry-after"), "2");
    }

    async fn registrations_of_one_address_are_limited(db) {
        let app = TestApp::with(db, |options| options.config.address_limit_factor = 1).await;
        for number in 0..5 {
            app.registered(&format!("person{number}@example.org")).await;
        }
        let body = json!({ "email": ADA, "password": PASSWORD });
        let answer = app.browser().post("/api/auth/register", body).await;
        answer.assert_problem(429, "throttled");
        assert_eq!(answer.header("retry-after"), "720");
        assert_eq!(app.count("account").await, 5);
    }

    async fn a_full_hashing_pool_says_come_back(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let full = TestApp::with(db, |options| options.workers = 0).await;
        let answers = [
            full.browser().sign_in(ADA, PASSWORD).await,
            full.browser()
                .post("/api/auth/register", json!({ "email": "eve@example.org", "password": PASSWORD }))
                .await,
        ];
        for answer in answers {
            answer.assert_problem(503, "overloaded");
            assert_eq!(answer.header("retry-after"), "2");
        }
        assert_eq!(app.count("account").await, 1);
    }
}
