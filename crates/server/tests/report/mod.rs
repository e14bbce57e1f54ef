//! What browsers report: taken in both formats, cut down, counted together, kept small, and shown to admins alone.

use axum::{body::Body, http::header};
use serde_json::{Value, json};

use crate::support::{
    app::TestApp,
    browser::{Answer, Browser},
    database::Database,
    log::logged,
};

const SECRET: &str = "hunter2hunter2hunter2";

async fn report(browser: &mut Browser, media_type: &str, body: &Value) -> Answer {
    let builder = browser.request("POST", "/api/csp-report");
    let builder = builder.header(header::CONTENT_TYPE, media_type);
    let request = builder.body(Body::from(body.to_string()));
    browser.send(request.expect("a request")).await
}

fn legacy() -> Value {
    json!({ "csp-report": {
        "document-uri": format!("http://localhost:3000/profile?token={SECRET}"),
        "referrer": format!("http://localhost:3000/?{SECRET}"),
        "violated-directive": "img-src 'self'",
        "blocked-uri": format!("https://cdn.example/x.png?key={SECRET}"),
        "script-sample": SECRET,
    }})
}

fn modern() -> Value {
    json!([{ "type": "csp-violation", "age": 3, "url": format!("http://localhost:3000/profile?{SECRET}"), "user_agent": "x",
        "body": {
            "documentURL": format!("http://localhost:3000/profile#{SECRET}"),
            "effectiveDirective": "img-src",
            "blockedURL": format!("https://u:{SECRET}@cdn.example/y"),
            "sample": SECRET,
        } }])
}

/// As many reports as a body may hold, none like another.
fn inventions(number: u32) -> Value {
    let one = |at: u32| {
        json!({ "type": "csp-violation", "body": {
            "documentURL": "http://localhost:3000/profile",
            "effectiveDirective": "img-src",
            "blockedURL": format!("https://made-up-{number}-{at}.example/"),
        } })
    };
    (0..20).map(one).collect()
}

/// What an admin is shown.
async fn shown(admin: &mut Browser) -> Vec<Value> {
    let answer = admin.get("/api/admin/reports").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!answer.text().contains(SECRET), "{}", answer.text());
    let reports = answer.json()["reports"].as_array().cloned();
    reports.expect("a list")
}

on_each_engine! {
    async fn both_formats_and_failures_are_counted_together_and_shown_to_admins_alone(db) {
        let app = TestApp::start(db).await;
        let mut admin = app.signed_in_admin().await;
        let mut browser = app.browser();
        for _ in 0..3 {
            assert_eq!(report(&mut browser, "application/csp-report", &legacy()).await.status, 204);
        }
        let answer = report(&mut browser, "application/reports+json; charset=utf-8", &modern()).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        let failure = json!({ "message": format!("panicked at https://localhost:3000/x?{SECRET} for ada@example.org"), "page": "/admin/keys" });
        assert_eq!(browser.post("/api/client-errors", failure.clone()).await.status, 204);
        // An admin may look while the minute ends.
        let reports = &app.services.browser_reports;
        let (one, other) = tokio::join!(reports.flush(app.db()), reports.flush(app.db()));
        one.and(other).expect("written once");
        app.clock.advance(std::time::Duration::from_secs(60));
        assert_eq!(browser.post("/api/client-errors", failure).await.status, 204);

        let reports = shown(&mut admin).await;
        let facts = |at: usize| ["kind", "what", "source", "page", "count"].map(|name| reports[at][name].clone());
        assert_eq!(reports.len(), 2, "{reports:?}");
        assert_eq!(facts(0), [json!("failure"), json!("panicked at https://localhost:3000 for …"), json!(""), json!("/admin/keys"), json!(2)]);
        assert_eq!(facts(1), [json!("policy"), json!("img-src"), json!("https://cdn.example"), json!("/profile"), json!(4)]);
        assert_ne!(reports[0]["first_at"], reports[0]["last_at"]);

        let mut member = app.registered("bob@example.org").await;
        assert_eq!(member.get("/api/admin/reports").await.status, 403);
        assert_eq!(app.browser().get("/api/admin/reports").await.status, 401);
        let page = admin.visit("/admin/reports").await;
        assert!(page.text().contains("https://cdn.example"), "{}", page.text());
        assert!(!member.visit("/admin/reports").await.text().contains("cdn.example"));
        assert!(!page.text().contains(SECRET));
    }

    async fn strangers_can_make_neither_many_rows_nor_many_lines(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.browser();
        for minute in 0..7 {
            for number in 0..150_u8 {
                browser.peer = ([192, 0, 2, number / 5], 40_000).into();
                let failure = json!({ "message": format!("broken {minute} {number}"), "page": "/" });
                assert_eq!(browser.post("/api/client-errors", failure).await.status, 204);
            }
            app.services.record_refusals().await.expect("written");
            app.clock.advance(std::time::Duration::from_secs(60));
        }
        assert_eq!(app.count("browser_report").await, 500);
        let mut admin = app.signed_in_admin().await;
        let reports = shown(&mut admin).await;
        let newest = reports[0]["what"].as_str().expect("a message");
        assert!(newest.starts_with("broken 6 "), "{newest}");
    }

    async fn one_stranger_crowds_nobody_else_out(db) {
        let app = TestApp::start(db).await;
        let mut stranger = app.browser();
        for number in 0..10 {
            let answer = report(&mut stranger, "application/reports+json", &inventions(number)).await;
            assert_eq!(answer.status, 204, "{}", answer.text());
        }
        let mut honest = app.browser();
        honest.peer = ([192, 0, 2, 1], 40_000).into();
        assert_eq!(report(&mut honest, "application/csp-report", &legacy()).await.status, 204);
        let mut admin = app.signed_in_admin().await;
        let reports = shown(&mut admin).await;
        assert_eq!(reports.len(), 6, "{reports:?}");
        assert!(reports.iter().any(|one| one["source"] == "https://cdn.example"), "{reports:?}");
    }

    async fn each_report_of_a_body_is_counted_by_the_limit(db) {
        let app = TestApp::with(db, |options| options.config.address_limit_factor = 1).await;
        let mut browser = app.browser();
        let one = report(&mut browser, "application/reports+json", &inventions(0)).await;
        assert_eq!(one.status, 204, "{}", one.text());
        let next = report(&mut browser, "application/reports+json", &inventions(1)).await;
        next.assert_problem(429, "throttled");
    }

    async fn two_processes_write_the_same_reports_at_once(db) {
        let app = TestApp::start(db).await;
        let beside = app.beside(db).await;
        for round in 0..5 {
            for number in 0..100_u8 {
                let failure = json!({ "message": format!("broken {number}"), "page": "/" });
                for app in [&app, &beside] {
                    let mut browser = app.browser();
                    browser.peer = ([192, 0, 2, number / 5], 40_000).into();
                    assert_eq!(browser.post("/api/client-errors", failure.clone()).await.status, 204);
                }
            }
            let (one, other) = tokio::join!(
                app.services.browser_reports.flush(app.db()),
                beside.services.browser_reports.flush(beside.db())
            );
            one.and(other).unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
        assert_eq!(app.count("browser_report").await, 100);
    }

    async fn what_never_comes_again_is_forgotten_after_a_month(db) {
        let app = TestApp::start(db).await;
        report(&mut app.browser(), "application/csp-report", &legacy()).await;
        app.services.record_refusals().await.expect("written");
        let day = std::time::Duration::from_secs(24 * 3600);
        app.clock.advance(day * 29);
        assert_eq!(app.services.purge_reports().await.expect("purged"), 0);
        app.clock.advance(day * 2);
        assert_eq!(app.services.purge_reports().await.expect("purged"), 1);
    }

    async fn what_is_no_report_is_refused_and_not_kept(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.browser();
        let mut foreign = legacy();
        foreign["csp-report"]["document-uri"] = json!("https://evil.example/");
        for (media_type, body, status) in [
            ("application/csp-report", foreign, 400),
            ("application/csp-report", modern(), 400),
            ("application/reports+json", legacy(), 400),
            ("application/json", legacy(), 415),
            ("text/plain", legacy(), 415),
            ("application/csp-report-not", legacy(), 415),
            ("application/csp-report", json!({ "csp-report": { "x": "y".repeat(70_000) } }), 413),
        ] {
            assert_eq!(report(&mut browser, media_type, &body).await.status, status, "{media_type}");
        }
        app.services.record_refusals().await.expect("written");
        assert_eq!(app.count("browser_report").await, 0);
    }
}

#[tokio::test]
async fn a_report_is_one_line_in_a_minute_and_tells_no_secret() {
    let database = Database::sqlite();
    let app = TestApp::start(&database).await;
    let log = logged(async {
        for _ in 0..3 {
            report(&mut app.browser(), "application/csp-report", &legacy()).await;
            let failure =
                json!({ "message": format!("at /x?{SECRET}"), "page": format!("/{SECRET}") });
            app.browser().post("/api/client-errors", failure).await;
        }
    });
    let log = log.await;
    assert!(!log.contains(SECRET), "{log}");
    assert_eq!(
        log.matches("a page broke its content policy").count(),
        1,
        "{log}"
    );
    assert_eq!(
        log.matches("a page failed in the browser").count(),
        1,
        "{log}"
    );
}
