//! The lists: who sees what, page after page, with every filter; and the copies.

use std::collections::BTreeSet;

use concierge_core::{
    account::AccountId,
    audit::{
        EventName, Severity,
        api::{EventPage, EventView},
    },
    totp::Policy,
};
use concierge_server::{
    audit::{self, Event, Origin},
    store::sql,
};
use serde_json::json;

use super::{change, record, record_at};
use crate::support::{ADA, app::TestApp, browser::Browser};

const BOB: &str = "bob@example.org";

async fn page(browser: &mut Browser, query: &str) -> EventPage {
    let answer = browser.get(&format!("/api/events?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    serde_json::from_slice(&answer.body).expect("a page")
}

/// Every page of a query.
async fn all(browser: &mut Browser, query: &str) -> Vec<EventView> {
    let mut events = Vec::new();
    let mut next = page(browser, query).await;
    loop {
        assert!(next.events.len() <= 50);
        events.extend(next.events);
        match next.next {
            Some(cursor) => next = page(browser, &format!("{query}&cursor={cursor}")).await,
            None => return events,
        }
    }
}

async fn id(browser: &mut Browser) -> String {
    let profile = browser.get("/api/profile").await.json();
    profile["account"]["id"].as_str().expect("an id").to_owned()
}

on_each_engine! {
    async fn everybody_sees_their_own_and_an_admin_sees_all(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in_admin().await;
        let mut bob = app.registered(BOB).await;
        let (ada_id, bob_id) = (id(&mut ada).await, id(&mut bob).await);
        app.browser().get("/api/events").await.assert_problem(401, "unauthenticated");
        let own = all(&mut bob, "").await;
        assert!(!own.is_empty());
        assert!(own.iter().all(|event| event.account.as_deref() == Some(bob_id.as_str())));
        assert_eq!(own, all(&mut bob, "account=me").await);
        assert_eq!(own, all(&mut bob, &format!("account={bob_id}")).await);
        let refused = bob.get(&format!("/api/events?account={ada_id}")).await;
        refused.assert_problem(403, "forbidden");
        let everything = all(&mut ada, "").await;
        assert_eq!(i64::try_from(everything.len()), Ok(app.count("event").await));
        let of_bob = all(&mut ada, &format!("account={bob_id}")).await;
        assert_eq!(of_bob, own);
        let own = all(&mut ada, "account=me").await;
        assert!(own.len() < everything.len());
        assert!(own.iter().all(|event| event.account.as_deref() == Some(ada_id.as_str())));
    }

    async fn what_waits_for_its_link_and_what_has_it_are_one_list(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in_admin().await;
        record(&app, 70).await;
        app.services.link_events().await.expect("linked");
        // They come between those that are linked: a transaction may commit late.
        let now = app.services.clock.now();
        for seconds in 0..40 {
            record_at(&app, now.minus(std::time::Duration::from_millis(500 + 2000 * seconds))).await;
        }
        let queries = ["", "event=authn_login_success", "severity=notice", "severity=info"];
        let mut before = Vec::new();
        for query in queries {
            let events = all(&mut ada, query).await;
            assert!(events.is_sorted_by(|one, next| (one.at, &one.id) > (next.at, &next.id)), "{query}");
            before.push(events);
        }
        assert_eq!(i64::try_from(before[0].len()), Ok(app.count("event").await));
        assert!(app.services.link_events().await.expect("linked") >= 40);
        for (query, before) in queries.into_iter().zip(before) {
            assert_eq!(all(&mut ada, query).await, before, "{query}");
        }
    }

    async fn where_an_admin_sat_is_shown_to_admins_alone(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in_admin().await;
        let mut bob = app.registered(BOB).await;
        let (ada_id, bob_id) = (id(&mut ada).await, id(&mut bob).await);
        let (admin, member): (AccountId, AccountId) = (ada_id.parse().expect("an id"), bob_id.parse().expect("an id"));
        let origin = Origin { address: "192.0.2.9".to_owned(), user_agent: "Desk/1".to_owned(), request_id: "req_9".to_owned() };
        let event = Event { actor: Some(admin), ..Event::of(EventName::UserUpdated, member, &origin) };
        let mut tx = app.db().begin().await.expect("a transaction");
        audit::record(&mut tx, &event, app.services.clock.now(), &*app.services.rng).await.expect("recorded");
        tx.commit().await.expect("committed");
        let seen = all(&mut bob, "event=user_updated").await;
        assert_eq!((seen[0].address.as_str(), seen[0].user_agent.as_str(), seen[0].request_id.as_str()), ("", "", ""));
        assert_eq!(seen[0].actor.as_deref(), Some(ada_id.as_str()));
        assert_eq!(all(&mut ada, "event=user_updated").await[0].address, "192.0.2.9");
    }

    async fn the_role_needs_its_second_factor_here_as_everywhere(db) {
        let app = TestApp::with(db, |options| options.config.second_factor = Policy::Optional).await;
        let mut ada = app.signed_in_admin().await;
        let strict = app.beside_with(db, |options| options.config.second_factor = Policy::Admins).await;
        let mut elsewhere = strict.browser();
        elsewhere.cookies = ada.cookies.clone();
        elsewhere.get("/api/events").await.assert_problem(403, "second_factor_required");
        assert_eq!(elsewhere.get("/api/events?account=me").await.status, 200);
        assert_eq!(ada.get("/api/events").await.status, 200);
    }

    async fn every_filter_and_every_page_hold_what_they_should_once_and_in_order(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in_admin().await;
        let start = app.services.clock.now();
        record(&app, 60).await;
        // The same time for all, so that the id decides.
        change(&app, sql("UPDATE event SET at = $1 WHERE name = $2").bind(start.as_millis()).bind("authn_login_fail")).await;
        record(&app, 75).await;
        let me = id(&mut ada).await;
        let everything = all(&mut ada, "").await;
        let ids: BTreeSet<&str> = everything.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids.len(), everything.len());
        assert!(everything.is_sorted_by(|a, b| (a.at, &a.id) > (b.at, &b.id)));
        let since = everything[30].at;
        type Holds = fn(&EventView, &str) -> bool;
        let filters: [(&str, Holds); 6] = [
            ("", |_, _| true),
            ("event=authn_login_fail", |event, _| event.event == "authn_login_fail"),
            ("severity=notice", |event, _| event.severity == Severity::Notice),
            ("account=me", |event, me| event.account.as_deref() == Some(me)),
            ("account=me&event=authn_login_success", |event, me| {
                event.account.as_deref() == Some(me) && event.event == "authn_login_success"
            }),
            ("account=me&severity=info", |event, me| {
                event.account.as_deref() == Some(me) && event.severity == Severity::Info
            }),
        ];
        for (query, holds) in filters {
            let wanted = everything.iter().filter(|event| holds(event, &me));
            let wanted: Vec<EventView> = wanted.cloned().collect();
            assert_eq!(all(&mut ada, query).await, wanted, "{query}");
            let young = wanted.into_iter().filter(|event| event.at >= since);
            let young: Vec<EventView> = young.collect();
            let query = format!("{query}&since={}", since.to_rfc3339());
            assert_eq!(all(&mut ada, &query).await, young, "{query}");
        }
        assert!(all(&mut ada, "event=authn_login_fail&severity=critical").await.is_empty());
    }

    async fn what_is_no_filter_is_refused(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in_admin().await;
        for query in ["cursor=x", "event=dance", "severity=loud", "account=you", "since=yesterday", "colour=red", "cursor=%00"] {
            let answer = ada.get(&format!("/api/events?{query}")).await;
            assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        }
        for query in ["", "format=xml", "format=csv&event=dance", "format=csv&cursor=x"] {
            let answer = ada.get(&format!("/api/events/export?{query}")).await;
            assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        }
        assert_eq!(app.events("audit_exported").await, 0);
    }

    async fn an_export_holds_everything_once_and_is_an_event_itself(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in_admin().await;
        record(&app, 1203).await;
        app.hear().await;
        assert_eq!(ada.refresh().await.status, 200);
        let answer = ada.get("/api/events/export?format=jsonl").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "application/x-ndjson");
        assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"events.jsonl\"");
        let text = answer.text();
        let lines = text.lines().map(serde_json::from_str::<EventView>);
        let events: Vec<EventView> = lines.collect::<Result<_, _>>().expect("events");
        assert_eq!(i64::try_from(events.len()), Ok(app.count("event").await));
        let exports = events.iter().filter(|event| event.event == "audit_exported");
        let details: Vec<_> = exports.map(|event| event.details["format"].clone()).collect();
        assert_eq!(details, [json!("jsonl")]);
        let csv = ada.get("/api/events/export?format=csv&event=authn_login_fail").await;
        assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8; header=present");
        let csv = csv.text();
        assert_eq!(csv.matches("\r\n").count(), 1204);
        assert!(csv.starts_with("id,at,event,severity,account,"), "{csv:.60}");
        assert_eq!(app.events("audit_exported").await, 2);
    }

    async fn an_export_is_of_ones_own_events_unless_one_is_an_admin(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in().await;
        let mut bob = app.registered(BOB).await;
        let ada_id = id(&mut ada).await;
        app.browser().get("/api/events/export?format=csv").await.assert_problem(401, "unauthenticated");
        let refused = bob.get(&format!("/api/events/export?format=csv&account={ada_id}")).await;
        refused.assert_problem(403, "forbidden");
        let own = bob.get("/api/events/export?format=jsonl").await.text();
        assert!(!own.contains(&ada_id) && own.contains("audit_exported"), "{own}");
        assert_ne!(ADA, BOB);
    }
}
