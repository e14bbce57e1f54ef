//! What ends an open socket, and with which code: a sign-out, a lock, a demotion, a revoke, the end of the token.

use std::time::Duration;

use super::{House, Watching, request};
use crate::support::{ADA, PASSWORD, app::TestApp};
use concierge_core::account::Role;
use concierge_server::account::Deed;

const RENEW: &str = r#"{"t":"renew"}"#;

/// Lets time pass for viewers who give signs of life.
async fn stay(house: &House, watching: &mut [&mut Watching], seconds: u64) {
    for _ in 0..seconds / 10 {
        house.app.advance_seconds(10).await;
        house.measure(1.0);
        for one in watching.iter_mut() {
            one.is_heard().await;
        }
    }
}

on_each_engine! {
    async fn a_sign_out_closes_the_socket_with_the_next_news(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        let watching = house.watch().await;
        house.admin.poke("/api/auth/logout").await;
        house.app.hear().await;
        assert_eq!(watching.closed().await, 4403);
    }

    async fn a_lock_closes_the_socket(db) {
        let house = House::open(TestApp::start(db).await).await;
        house.another("bea@example.org").await;
        let watching = house.watch().await;
        assert!(house.app.set_locked(ADA, true).await);
        house.app.hear().await;
        assert_eq!(watching.closed().await, 4403);
    }

    async fn a_demotion_closes_the_socket(db) {
        let house = House::open(TestApp::start(db).await).await;
        house.another("bea@example.org").await;
        let watching = house.watch().await;
        assert!(house.app.act(ADA, Deed::SetRole(Role::Member)).await);
        house.app.hear().await;
        assert_eq!(watching.closed().await, 4403);
    }

    async fn what_another_process_ends_is_over_here_too(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        let beside = house.app.beside(db).await;
        let watching = house.watch().await;
        let mut elsewhere = beside.browser();
        elsewhere.cookies = house.admin.cookies.clone();
        elsewhere.poke("/api/auth/logout").await;
        house.app.hear().await;
        assert_eq!(watching.closed().await, 4403);
        assert_eq!(house.admin.get("/api/profile").await.status, 401);
    }

    async fn without_the_feed_the_next_sample_asks_the_database(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        let watching = house.watch().await;
        house.admin.poke("/api/auth/logout").await;
        house.app.clock.advance(Duration::from_secs(2));
        house.measure(1.0);
        assert_eq!(watching.closed().await, 4403);
    }

    async fn without_a_database_nobody_watches(db) {
        let house = House::open(TestApp::start(db).await).await;
        let watching = house.watch().await;
        house.app.db().close().await;
        house.app.clock.advance(Duration::from_secs(2));
        house.measure(1.0);
        assert_eq!(watching.closed().await, 1013);
    }

    async fn the_end_of_the_token_closes_the_socket(db) {
        let house = House::open(TestApp::start(db).await).await;
        let mut watching = house.watch().await;
        stay(&house, &mut [&mut watching], 590).await;
        house.app.advance_seconds(10).await;
        house.measure(1.0);
        assert_eq!(watching.closed().await, 4401);
    }

    async fn only_a_refresh_that_was_told_moves_the_end(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        let (mut told, mut untold) = (house.watch().await, house.watch().await);
        // Without a refresh it moves nothing.
        told.say(RENEW).await;
        untold.say(RENEW).await;
        stay(&house, &mut [&mut told, &mut untold], 300).await;
        assert_eq!(house.admin.refresh().await.status, 200);
        told.say(RENEW).await;
        stay(&house, &mut [&mut told, &mut untold], 290).await;
        house.app.advance_seconds(10).await;
        house.measure(1.0);
        assert_eq!(untold.closed().await, 4401);
        stay(&house, &mut [&mut told], 290).await;
        house.app.advance_seconds(10).await;
        house.measure(1.0);
        assert_eq!(told.closed().await, 4401);
    }

    async fn a_refresh_on_another_process_counts(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        let beside = house.app.beside(db).await;
        let mut watching = house.watch().await;
        stay(&house, &mut [&mut watching], 300).await;
        beside.hear().await;
        let mut elsewhere = beside.browser();
        elsewhere.cookies = house.admin.cookies.clone();
        assert_eq!(elsewhere.refresh().await.status, 200);
        house.admin.cookies = elsewhere.cookies;
        watching.say(RENEW).await;
        stay(&house, &mut [&mut watching], 590).await;
    }

    async fn the_end_of_the_house_is_said(db) {
        let house = House::open(TestApp::start(db).await).await;
        let watching = house.watch().await;
        house.app.shutdown.send(true).expect("somebody listens");
        assert_eq!(watching.closed().await, 1001);
    }

    async fn a_session_that_another_sign_in_replaced_is_over(db) {
        let house = House::open(TestApp::start(db).await).await;
        let watching = house.watch().await;
        let mut other = house.app.browser();
        assert_eq!(other.sign_in(ADA, PASSWORD).await.status, 200);
        house.app.hear().await;
        assert_eq!(watching.closed().await, 4403);
        house.knock(request(&other, "")).await.expect("the new session watches");
    }
}
