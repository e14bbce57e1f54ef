//! Mails over a real mail server: encrypted, with a password, each to its reader once.

use std::sync::Arc;

use concierge_server::{
    config::SmtpUrl,
    job,
    platform::clock::{Clock as _, SystemClock},
    store::{On, sql},
};
use serde_json::{Value, json};

use super::{
    server::{DEADLINE, Server, make_certificate},
    *,
};
use crate::support::{database::Database, log::logged, program::Program};

/// The account that the server knows, as it stands in a URL.
const ACCOUNT: &str = "concierge:p%40ss%20w0rd%2B@";

/// A house that sends through a server.
pub async fn sending(database: &Database, url: &str) -> TestApp {
    let url = SmtpUrl::parse(url).expect("a URL");
    TestApp::with(database, |options| {
        options.config.mail.smtp_url = Some(url);
        options.config.mail.patience = DEADLINE;
    })
    .await
}

fn urls(server: &Server, tls: &str, account: &str) -> String {
    let (port, ca) = (server.port, server.certificate.display());
    match tls {
        "implicit" => format!("smtps://{account}localhost:{port}?ca={ca}"),
        _ => format!("smtp://{account}localhost:{port}?tls=required&ca={ca}"),
    }
}

async fn failure(app: &TestApp) -> Option<String> {
    app.services
        .outbox
        .backlog()
        .await
        .expect("the backlog")
        .failure
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

on_each_engine! {
    async fn asvs_12_3_1_mails_leave_over_tls_with_a_password(database) {
        for tls in ["implicit", "starttls"] {
            let Some(server) = Server::start(database.folder.path(), tls) else { return };
            let app = sending(database, &urls(&server, tls, ACCOUNT)).await;
            assert!(app.services.sends_mail());
            let letters = every_letter();
            let names: Vec<_> = letters.iter().map(Letter::as_str).collect();
            for letter in letters {
                queue(&app, &Mail { locale: Locale::Fr, ..to_ada(letter) }).await;
            }
            app.deliver().await;
            let mut peers = std::collections::BTreeSet::new();
            for name in names {
                let mail = server.next();
                assert_eq!((&mail["encrypted"], &mail["authenticated"]), (&true.into(), &true.into()));
                assert_eq!(mail["from"], "concierge@localhost", "{name}");
                assert_eq!(mail["to"], json!([ADA]), "{name}");
                let headers = &mail["headers"];
                assert_eq!(headers["from"], "Concierge <concierge@localhost>");
                assert_eq!(headers["to"], ADA);
                assert_eq!(headers["auto-submitted"], "auto-generated");
                assert!(text(&headers["message-id"]).starts_with("<mail_"));
                assert!(text(&mail["text"]).starts_with("Bonjour"));
                assert!(text(&mail["html"]).contains("<p>Bonjour"));
                peers.insert(mail["peer"].as_u64());
            }
            assert_eq!(peers.len(), 1, "one connection for all");
            assert_eq!(app.count("outbox").await, 0);
        }
    }

    async fn an_alert_arrives_over_tls_with_its_words_and_its_link(database) {
        let Some(server) = Server::start(database.folder.path(), "implicit") else { return };
        let app = sending(database, &urls(&server, "implicit", ACCOUNT)).await;
        let mut admin = app.signed_in_admin().await;
        let channel = json!({ "name": "On call", "way": "mail", "to": "oncall@example.org", "locale": "fr" });
        let made = admin.post("/api/alerts/channels", channel).await;
        assert_eq!(made.status, 201);
        let id = made.json()["channel"]["id"].as_str().expect("an id").to_owned();
        let tested = admin.poke(&format!("/api/alerts/channels/{id}/test")).await.json();
        assert_eq!((&tested["delivered"], &tested["answer"]), (&true.into(), &"250 OK".into()), "what the server said");
        let rule = json!({ "name": "Burst", "watch": "authn_login_fail", "comparator": ">=", "threshold": 1,
                           "window_seconds": 300, "severity": "warning", "tells_end": true, "enabled": true });
        assert_eq!(admin.post("/api/alerts/rules", rule).await.status, 201);
        assert_eq!(app.browser().sign_in("nobody@example.org", "not the right words").await.status, 401);
        app.services.alerts.evaluate().await.expect("evaluated");
        app.services.alerts.deliver(&app.services.shutdown).await.expect("handed over");
        app.deliver().await;
        // The house has more to tell, of the admin and perhaps of this machine.
        let mail = std::iter::repeat_with(|| server.next()).find(|mail| text(&mail["text"]).contains("Burst"));
        let mail = mail.expect("the alert");
        assert_eq!((&mail["encrypted"], &mail["authenticated"]), (&true.into(), &true.into()));
        assert_eq!(mail["to"], json!(["oncall@example.org"]));
        assert_eq!(mail["headers"]["subject"], "Une alerte de sécurité");
        for part in ["text", "html"] {
            assert!(text(&mail[part]).contains("/admin/alerts"), "{mail}");
        }
    }

    async fn asvs_12_3_2_nothing_is_said_to_a_server_that_nobody_vouches_for(database) {
        for tls in ["implicit", "starttls"] {
            let Some(server) = Server::start(database.folder.path(), tls) else { return };
            let (other, _) = make_certificate(database.folder.path());
            let url = urls(&server, tls, ACCOUNT);
            let ours = server.certificate.display().to_string();
            // Another authority, the system's authorities, and a name that the certificate does not hold.
            for url in [
                url.replace(&ours, &other.display().to_string()),
                url.replace(&format!("?ca={ours}"), "").replace(&format!("&ca={ours}"), ""),
                url.replace("localhost:", "127.0.0.1:"),
            ] {
                let app = sending(database, &url).await;
                queue(&app, &to_ada(Letter::PasswordChanged)).await;
                app.deliver().await;
                assert_eq!(failure(&app).await.as_deref(), Some("connection"), "{url}");
                sql("DELETE FROM outbox").execute(On::Write(app.db())).await.expect("emptied");
            }
            assert!(server.others().is_empty());
        }
    }

    async fn a_server_that_offers_no_tls_or_refuses_the_password_gets_no_mail(database) {
        let Some(bare) = Server::start(database.folder.path(), "none") else { return };
        let Some(strict) = Server::start(database.folder.path(), "implicit") else { return };
        for url in [
            urls(&bare, "starttls", ""),
            urls(&strict, "implicit", "concierge:wrong@"),
            urls(&strict, "implicit", ""),
        ] {
            let app = sending(database, &url).await;
            queue(&app, &to_ada(Letter::PasswordChanged)).await;
            app.deliver().await;
            assert_eq!(failure(&app).await.as_deref(), Some("refused"), "{url}");
            assert_eq!(app.count("outbox").await, 1, "it is not given up");
            sql("DELETE FROM outbox").execute(On::Write(app.db())).await.expect("emptied");
        }
        assert!(bare.others().is_empty() && strict.others().is_empty());
    }

    async fn a_reader_whom_the_server_does_not_know_is_given_up_at_once(database) {
        let Some(server) = Server::start(database.folder.path(), "none") else { return };
        let app = sending(database, &format!("smtp://localhost:{}", server.port)).await;
        for to in ["unknown@example.org", "later@example.org", ADA] {
            queue(&app, &Mail { to: to.to_owned(), ..to_ada(Letter::PasswordChanged) }).await;
        }
        app.deliver().await;
        assert_eq!(server.next()["to"], json!([ADA]), "the others do not hold it up");
        assert_eq!(app.events("sys_mail_failed").await, 1);
        let backlog = app.services.outbox.backlog().await.expect("the backlog");
        assert_eq!((backlog.waiting, backlog.failure.as_deref()), (1, Some("rejected: 451")));
        let row = sql("SELECT details FROM event WHERE name = 'sys_mail_failed'").fetch_one(app.db()).await;
        let details = row.and_then(|row| row.text("details")).expect("details");
        let details: Value = serde_json::from_str(&details).expect("JSON");
        assert_eq!(details, json!({ "letter": "password_changed", "failure": "rejected: 550" }));
    }

    async fn a_mail_whose_content_is_not_wanted_holds_up_no_other(database) {
        let Some(server) = Server::start(database.folder.path(), "none") else { return };
        let app = sending(database, &format!("smtp://localhost:{}", server.port)).await;
        for to in ["declined@example.org", "declined.too@example.org", ADA] {
            queue(&app, &Mail { to: to.to_owned(), ..to_ada(Letter::PasswordChanged) }).await;
        }
        app.deliver().await;
        assert_eq!(server.next()["to"], json!([ADA]));
        let backlog = app.services.outbox.backlog().await.expect("the backlog");
        assert_eq!((backlog.waiting, backlog.failure.as_deref()), (2, Some("declined: 554")));
    }

    async fn of_two_instances_one_sends_a_mail(database) {
        let Some(server) = Server::start(database.folder.path(), "none") else { return };
        let url = format!("smtp://localhost:{}", server.port);
        let (one, other) = (sending(database, &url).await, sending(database, &url).await);
        for _ in 0..20 {
            queue(&one, &to_ada(Letter::PasswordChanged)).await;
        }
        tokio::join!(one.deliver(), other.deliver());
        // On PostgreSQL each may have found the other's row taken and nothing else due.
        one.deliver().await;
        let ids: Vec<_> = (0..20).map(|_| server.next()["headers"]["message-id"].to_string()).collect();
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), 20, "{ids:?}");
        assert!(server.others().is_empty());
        assert_eq!(one.count("outbox").await, 0);
    }

    async fn the_job_sends_as_soon_as_a_mail_is_queued_and_ends_when_told(database) {
        let Some(server) = Server::start(database.folder.path(), "none") else { return };
        let app = sending(database, &format!("smtp://localhost:{}", server.port)).await;
        let running = tokio::spawn(job::send_mails(Arc::clone(&app.services)));
        for _ in 0..3 {
            queue(&app, &to_ada(Letter::PasswordChanged)).await;
            server.next();
        }
        app.shutdown.send(true).expect("somebody listens");
        running.await.expect("it ends");
        queue(&app, &to_ada(Letter::PasswordChanged)).await;
        app.deliver().await;
        assert_eq!(app.count("outbox").await, 1, "what comes after the end waits for the next start");
    }

    async fn the_program_trusts_the_authorities_of_the_system(database) {
        let Some(server) = Server::start(database.folder.path(), "implicit") else { return };
        let app = TestApp::start(database).await;
        queue(&app, &to_ada(Letter::ResetPassword { token: token() })).await;
        // The clock of tests is ahead of the program's.
        sql("UPDATE outbox SET created_at = $1, next_try_at = $1").bind(SystemClock.now().as_millis())
            .execute(On::Write(app.db())).await.expect("moved");
        app.db().close().await;
        let url = format!("smtps://{ACCOUNT}localhost:{}", server.port);
        let roots = server.certificate.display().to_string();
        let program = Program::serve(database.folder.path(), &[
            ("DATABASE_URL", &database.url),
            ("CONCIERGE_SMTP_URL", &url),
            ("SSL_CERT_FILE", &roots),
        ]);
        let mail = server.next();
        assert!(text(&mail["text"]).contains(TOKEN));
        let (status, log) = program.terminate();
        assert!(status.success(), "{status}");
        for secret in [ADA, TOKEN, "p@ss", "p%40ss"] {
            assert!(!log.contains(secret), "{log}");
        }
    }
}

#[tokio::test]
async fn asvs_16_2_5_whatever_the_server_says_is_not_logged() {
    let database = Database::sqlite();
    let Some(server) = Server::start(database.folder.path(), "none") else {
        return;
    };
    let Some(strict) = Server::start(database.folder.path(), "implicit") else {
        return;
    };
    let log = logged(async {
        let url = format!("smtp://localhost:{}", server.port);
        let app = sending(&database, &url).await;
        for to in ["unknown@example.org", "later@example.org"] {
            let mail = to_ada(Letter::ResetPassword { token: token() });
            queue(
                &app,
                &Mail {
                    to: to.to_owned(),
                    ..mail
                },
            )
            .await;
        }
        app.deliver().await;
        let app = sending(&database, &urls(&strict, "implicit", "concierge:wr0ng@")).await;
        queue(&app, &to_ada(Letter::PasswordChanged)).await;
        app.deliver().await;
    })
    .await;
    for part in [
        "rejected: 451",
        "rejected: 550",
        "sys_mail_failed",
        "code=535",
    ] {
        assert!(log.contains(part), "{part} not in {log}");
    }
    for secret in ["example.org", "unknown@", TOKEN, "wr0ng"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    database.remove().await;
}
