//! The past by request.

use concierge_core::monitor::{METRICS, api::History};

use super::House;
use crate::support::app::TestApp;

async fn history(house: &mut House, query: &str) -> History {
    let path = format!("/api/monitor/history{query}");
    let answer = house.admin.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).expect("a history")
}

on_each_engine! {
    async fn the_past_comes_by_column_and_the_socket_goes_on(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        for _ in 0..5 {
            house.second().await;
        }
        let past = history(&mut house, "").await;
        assert_eq!((past.at.len(), past.columns.len()), (5, METRICS));
        assert_eq!(past.last, past.at.last().copied());
        assert!(past.columns.iter().all(|column| column.avg.len() == 5 && column.min.is_empty()));
        assert!(past.events.iter().any(|event| event.name == "authn_login_success"));

        let since = format!("?range=15m&since={}", past.at[2]);
        assert_eq!(history(&mut house, &since).await.at, past.at[3..]);
        let mut watching = house.watch_from(&format!("?since={}", past.at[3])).await;
        assert_eq!(watching.told().await["v"][0], past.at[4]);
    }

    async fn the_longer_ranges_are_folded(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        house.measure(10.0);
        house.app.advance_seconds(1).await;
        house.measure(20.0);
        house.app.advance_seconds(600).await;
        house.measure(30.0);
        assert_eq!(house.admin.refresh().await.status, 200);
        for range in ["16h", "7d"] {
            let past = history(&mut house, &format!("?range={range}")).await;
            assert_eq!(past.at.len(), 2, "{range}");
            let text = serde_json::to_value(&past.columns[0]).expect("JSON");
            let expected = serde_json::json!({
                "metric": "cpu", "avg": [15, 30], "min": [10, 30], "max": [20, 30],
            });
            assert_eq!(text, expected);
        }
    }

    async fn only_an_admin_sees_the_past(db) {
        let house = House::open(TestApp::start(db).await).await;
        let path = "/api/monitor/history";
        house.app.browser().get(path).await.assert_problem(401, "unauthenticated");
        let mut member = house.app.registered("bea@example.org").await;
        member.get(path).await.assert_problem(403, "forbidden");
        let mut admin = house.admin.clone();
        for query in ["?range=1h", "?since=x", "?range=15m&range=7d", "?until=1"] {
            let answer = admin.get(&format!("{path}{query}")).await;
            answer.assert_problem(400, "bad_request");
        }
    }

    async fn a_quarter_of_an_hour_is_no_longer_than_that(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        for _ in 0..60 {
            house.app.advance_seconds(20).await;
            house.measure(1.0);
        }
        assert_eq!(house.admin.refresh().await.status, 200);
        let past = history(&mut house, "?range=15m").await;
        assert_eq!(past.at.len(), 46);
        assert_eq!(past.at[0], house.now() - 900_000);
    }

    async fn the_past_is_compressed(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        for second in 0..900_u16 {
            house.app.advance_seconds(1).await;
            house.measure(f32::from(second * 7 % 100));
        }
        assert_eq!(house.admin.refresh().await.status, 200);
        house.admin.headers.push(("accept-encoding", "br".to_owned()));
        let answer = house.admin.get("/api/monitor/history").await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, "br"));
        assert!(answer.body.len() < 26 * 1024, "{}", answer.body.len());
    }
}
