//! What a viewer may send, how much, and what silence costs.

use std::time::Duration;

use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::House;
use crate::support::app::TestApp;

on_each_engine! {
    async fn what_no_client_of_ours_sends_closes_the_socket(db) {
        let house = House::open(TestApp::start(db).await).await;
        let messages = [
            Message::text(""),
            Message::text("renew"),
            Message::text(r#"{"t":"renew","now":true}"#),
            Message::text(r#"{"t":"s","v":[]}"#),
            Message::binary(br#"{"t":"renew"}"#.to_vec()),
            Message::Frame(Frame::message(b"\xff\xfe".to_vec(), OpCode::Data(Data::Text), true)),
            Message::Frame(Frame::message(b"x".to_vec(), OpCode::Data(Data::Continue), true)),
        ];
        for message in messages {
            let mut watching = house.watch().await;
            watching.send(message.clone()).await;
            assert_eq!(watching.closed().await, 1008, "{message:?}");
        }
    }

    async fn a_message_over_64_kib_closes_the_socket(db) {
        let house = House::open(TestApp::start(db).await).await;
        let mut watching = house.watch().await;
        watching.say(&"x".repeat(64 * 1024 + 1)).await;
        assert_eq!(watching.closed().await, 1009);
        let mut watching = house.watch().await;
        watching.say(&"x".repeat(64 * 1024)).await;
        assert_eq!(watching.closed().await, 1008);
    }

    async fn the_hundred_and_first_message_of_a_minute_closes_the_socket(db) {
        let house = House::open(TestApp::start(db).await).await;
        let mut watching = house.watch().await;
        for _ in 0..99 {
            watching.say(r#"{"t":"renew"}"#).await;
        }
        watching.is_heard().await;
        watching.say(r#"{"t":"renew"}"#).await;
        assert_eq!(watching.closed().await, 1008);
    }

    async fn who_gives_no_sign_of_life_is_closed(db) {
        let house = House::open(TestApp::start(db).await).await;
        let watching = house.watch().await;
        house.app.advance_seconds(44).await;
        house.measure(1.0);
        house.app.advance_seconds(1).await;
        house.measure(1.0);
        // Not before it is over: whoever reads answers, and that is a sign of life.
        house.only_so_many_watch(0).await;
        assert_eq!(watching.closed().await, 1008);
    }

    async fn a_sign_of_life_is_asked_for_after_20_seconds(db) {
        let house = House::open(TestApp::start(db).await).await;
        let mut watching = house.watch().await;
        house.app.advance_seconds(19).await;
        house.measure(1.0);
        assert!(!watching.told_after_pings().await.1);
        house.app.advance_seconds(1).await;
        house.measure(1.0);
        // With the sample or a moment before it; the next sample comes after it in any case.
        let asked = watching.told_after_pings().await.1;
        house.measure(1.0);
        assert!(watching.told_after_pings().await.1 || asked);
    }

    async fn who_takes_nothing_is_cut_off_and_harms_nobody(db) {
        let house = House::open(TestApp::start(db).await).await;
        let stalled = house.watch().await;
        let mut watching = house.watch().await;
        // More than the buffers of a connection hold.
        for _ in 0..30_000 {
            house.measure(1.0);
            tokio::task::yield_now().await;
        }
        house.second().await;
        watching.is_heard().await;
        house.app.clock.advance(Duration::from_secs(44));
        house.app.hear().await;
        house.measure(1.0);
        house.only_so_many_watch(1).await;
        watching.is_heard().await;
        drop(stalled);
    }
}
