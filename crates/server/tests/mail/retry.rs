//! A server that is down or hangs: tried again by plan, given up in the end, and nobody waits for it.

use std::{sync::Arc, time::Duration};

use concierge_core::admin::api::MailBacklog;
use concierge_server::{
    config::SmtpUrl,
    platform::clock::Clock as _,
    store::{On, sql},
};

use super::{
    server::{nobody, silent},
    *,
};
use crate::support::database::Database;

async fn sending_to(database: &Database, port: u16) -> TestApp {
    let url = SmtpUrl::parse(&format!("smtp://127.0.0.1:{port}")).expect("a URL");
    TestApp::with(database, |options| {
        options.config.mail.smtp_url = Some(url);
        options.config.mail.patience = Duration::from_millis(200);
    })
    .await
}

/// How often the one mail was tried; `None` when it is gone.
async fn tries(app: &TestApp) -> Option<i64> {
    let row = sql("SELECT tries FROM outbox")
        .fetch_optional(app.db())
        .await;
    row.expect("an answer")
        .map(|row| row.int("tries").expect("a number"))
}

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

on_each_engine! {
    async fn a_mail_is_tried_again_by_plan_and_given_up_after_three_days(database) {
        let app = sending_to(database, nobody()).await;
        queue(&app, &to_ada(Letter::PasswordChanged)).await;
        app.deliver().await;
        assert_eq!(tries(&app).await, Some(1));
        let mut passed = 0;
        for (tried, wait) in [(2, 30), (3, 120), (4, 600), (5, HOUR), (6, HOUR)] {
            app.advance_seconds(wait - 1).await;
            app.deliver().await;
            assert_eq!(tries(&app).await, Some(tried - 1), "not yet after {passed} s");
            app.advance_seconds(1).await;
            app.deliver().await;
            assert_eq!(tries(&app).await, Some(tried));
            passed += wait;
        }
        assert_eq!(app.services.outbox.backlog().await.expect("the backlog").failure.as_deref(), Some("connection"));
        while passed + HOUR < 3 * DAY {
            assert!(tries(&app).await.is_some(), "given up after {passed} s");
            assert_eq!(app.events("sys_mail_failed").await, 0);
            app.advance_seconds(HOUR).await;
            app.deliver().await;
            passed += HOUR;
        }
        assert_eq!(tries(&app).await, None);
        assert_eq!(app.events("sys_mail_failed").await, 1);
    }

    async fn a_link_that_works_no_more_is_not_sent(database) {
        let app = TestApp::start(database).await;
        queue(&app, &to_ada(Letter::ResetPassword { token: token() })).await;
        queue(&app, &to_ada(Letter::PasswordChanged)).await;
        // The program stood still for longer than the link works.
        app.advance_seconds(HOUR / 2).await;
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].subject, "Your password was changed");
        assert_eq!(app.events("sys_mail_failed").await, 1);
        assert_eq!(app.count("outbox").await, 0);
    }

    async fn a_server_that_hangs_costs_its_limit_and_no_request_waits(database) {
        let silent = silent();
        let port = silent.local_addr().expect("an address").port();
        let app = sending_to(database, port).await;
        queue(&app, &to_ada(Letter::PasswordChanged)).await;
        let (_, mut browser) = tokio::join!(app.deliver(), app.registered("grace@example.org"));
        assert_eq!(browser.get("/readyz").await.status, 200);
        let backlog = app.services.outbox.backlog().await.expect("the backlog");
        assert_eq!((backlog.waiting, backlog.failure.as_deref()), (1, Some("timeout")));
    }

    async fn a_server_that_fails_is_left_alone_however_many_mails_wait(database) {
        let app = sending_to(database, nobody()).await;
        for _ in 0..3 {
            queue(&app, &to_ada(Letter::PasswordChanged)).await;
        }
        app.deliver().await;
        app.deliver().await;
        let tried = async || {
            let row = sql("SELECT COUNT(*) AS n FROM outbox WHERE tries > 0").fetch_one(app.db()).await;
            row.and_then(|row| row.int("n")).expect("a number")
        };
        assert_eq!(tried().await, 1);
        app.advance_seconds(30).await;
        app.deliver().await;
        assert_eq!(tried().await, 2);
    }

    async fn a_mail_whose_sender_dies_is_sent_by_another(database) {
        let silent = silent();
        let port = silent.local_addr().expect("an address").port();
        let app = Arc::new(sending_to(database, port).await);
        queue(&app, &to_ada(Letter::PasswordChanged)).await;
        let sending = tokio::spawn({
            let app = Arc::clone(&app);
            async move { app.deliver().await }
        });
        let call = tokio::task::spawn_blocking(move || silent.accept()).await;
        call.expect("it runs").expect("it is called");
        sending.abort();
        let _ = sending.await;
        let other = app.beside(database).await;
        assert!(other.mails().await.is_empty(), "it may still be on its way");
        other.advance_seconds(30).await;
        assert_eq!(other.mails().await.len(), 1);
        assert_eq!(app.count("outbox").await, 0);
    }

    async fn the_backlog_says_how_many_wait_and_since_when(database) {
        let app = sending_to(database, nobody()).await;
        let backlog = async || app.services.outbox.backlog().await.expect("the backlog");
        assert_eq!(backlog().await, MailBacklog { waiting: 0, oldest_at: None, failure: None });
        let since = app.clock.now();
        queue(&app, &to_ada(Letter::PasswordChanged)).await;
        app.advance_seconds(5).await;
        queue(&app, &to_ada(Letter::AccountClosed)).await;
        assert_eq!(backlog().await, MailBacklog { waiting: 2, oldest_at: Some(since), failure: None });
        app.deliver().await;
        assert_eq!(backlog().await.failure.as_deref(), Some("connection"));
    }

    async fn an_admin_sees_that_mails_do_not_leave_and_a_member_does_not(database) {
        let app = sending_to(database, nobody()).await;
        queue(&app, &to_ada(Letter::PasswordChanged)).await;
        app.deliver().await;
        let mut admin = app.signed_in_admin().await;
        let seen = admin.get("/api/admin/mail").await;
        assert_eq!(seen.status, 200, "{}", seen.text());
        assert_eq!((&seen.json()["waiting"], &seen.json()["failure"]), (&1.into(), &"connection".into()));
        assert!(!seen.text().contains(ADA), "{}", seen.text());
        let mut member = app.registered("bob@example.org").await;
        member.get("/api/admin/mail").await.assert_problem(403, "forbidden");
    }

    async fn a_row_that_does_not_open_is_kept_for_an_instance_that_can_read_it(database) {
        let app = TestApp::start(database).await;
        queue(&app, &to_ada(Letter::PasswordChanged)).await;
        queue(&app, &to_ada(Letter::AccountClosed)).await;
        sql("UPDATE outbox SET sealed = $1 WHERE letter = 'account_closed'").bind(vec![0_u8; 64])
            .execute(On::Write(app.db())).await.expect("broken");
        assert_eq!(app.mails().await.len(), 1);
        let backlog = app.services.outbox.backlog().await.expect("the backlog");
        assert_eq!((backlog.waiting, backlog.failure.as_deref()), (1, Some("unreadable")));
    }
}
