//! Without a mail server: the outbox folder.

use std::{fs, os::unix::fs::PermissionsExt as _};

use concierge_server::config::Environment;

use super::*;
use crate::support::{database::Database, log::logged};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o777
}

on_each_engine! {
    async fn a_mail_is_a_file_for_its_owner_alone_and_leaves_the_table(database) {
        let app = TestApp::start(database).await;
        assert!(!app.services.sends_mail());
        queue(&app, &to_ada(Letter::ResetPassword { token: token() })).await;
        assert_eq!(app.count("outbox").await, 1);
        let mail = app.mail_to(ADA).await;
        assert_eq!((mail.subject.as_str(), mail.token()), ("Set a new password", TOKEN));
        assert_eq!(app.count("outbox").await, 0);
        let folder = app.services.config.data.join("outbox");
        assert_eq!(mode(&folder), 0o700);
        let files: Vec<_> = fs::read_dir(&folder).expect("it is there").map(Result::unwrap).collect();
        let [file] = files.as_slice() else { panic!("{files:?}") };
        assert_eq!(mode(&file.path()), 0o600);
        let name = file.file_name().into_string().expect("text");
        assert!(name.starts_with("2027-01-15T080000.000Z-reset_password-mail_"), "{name}");
        assert!(name.ends_with(".eml"), "{name}");
        // Once sent, it is not sent again.
        app.deliver().await;
        assert_eq!(app.mails().await.len(), 1);
    }

    async fn what_is_rolled_back_is_not_sent(database) {
        let app = TestApp::start(database).await;
        let mut tx = app.db().begin().await.expect("a transaction");
        let mail = to_ada(Letter::PasswordChanged);
        app.services.outbox.queue(&mut tx, &mail).await.expect("queued");
        drop(tx);
        assert!(app.mails().await.is_empty());
    }

    async fn a_file_with_a_live_link_is_not_written_in_production(database) {
        let app = TestApp::with(database, |options| {
            options.config.environment = Environment::Production;
        }).await;
        for letter in every_letter() {
            queue(&app, &to_ada(letter)).await;
        }
        let mails = app.mails().await;
        let without_link = every_letter().iter().filter(|letter| letter.link().is_none()).count();
        assert_eq!(mails.len(), without_link);
        assert!(mails.iter().all(|mail| !mail.source.contains(TOKEN)));
        assert_eq!(app.count("outbox").await, 0);
    }

    async fn a_folder_that_cannot_be_written_to_loses_no_mail(database) {
        let app = TestApp::start(database).await;
        let folder = app.services.config.data.join("outbox");
        fs::write(&folder, "").expect("a file in its place");
        queue(&app, &to_ada(Letter::PasswordChanged)).await;
        app.deliver().await;
        let backlog = app.services.outbox.backlog().await.expect("the backlog");
        assert_eq!((backlog.waiting, backlog.failure.as_deref()), (1, Some("folder")));
        fs::remove_file(&folder).expect("it is there");
        app.advance_seconds(30).await;
        assert_eq!(app.mails().await.len(), 1);
    }
}

#[tokio::test]
async fn asvs_16_2_5_the_log_names_file_and_letter_and_never_address_or_link() {
    let database = Database::sqlite();
    let log = logged(async {
        let app = TestApp::start(&database).await;
        let hidden = TestApp::with(&database, |options| {
            options.config.environment = Environment::Production;
        });
        for letter in every_letter() {
            queue(&app, &to_ada(letter)).await;
        }
        app.deliver().await;
        let hidden = hidden.await;
        queue(&hidden, &to_ada(Letter::ResetPassword { token: token() })).await;
        hidden.deliver().await;
    })
    .await;
    assert!(
        log.contains("Z-password_changed-mail_") && log.contains("Your password was changed"),
        "{log}"
    );
    assert!(log.contains("CONCIERGE_SMTP_URL"), "{log}");
    for secret in [ADA, "ada@", TOKEN, "Hello"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    database.remove().await;
}
