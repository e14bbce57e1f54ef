//! An error at the Nth row that is written while an alert comes up and is sent, for every N: the next look makes up for
//! it, and the receiver gets the one message, under one id however often it comes.

use std::collections::BTreeSet;

use super::*;

const TABLES: [&str; 5] = ["alert", "alert_rule", "alert_delivery", "lease", "reading"];

/// Sets up triggers that count down and then refuse a row.
async fn rig(app: &TestApp, is_postgres: bool) {
    run(
        app,
        "CREATE TABLE fault (countdown BIGINT NOT NULL)".to_owned(),
    )
    .await;
    run(app, "INSERT INTO fault VALUES (0)".to_owned()).await;
    let body = if is_postgres {
        run(
            app,
            "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 UPDATE fault SET countdown = countdown - 1;
                 IF EXISTS (SELECT 1 FROM fault WHERE countdown = 0) THEN
                     RAISE EXCEPTION 'injected' USING ERRCODE = '53100';
                 END IF;
                 RETURN COALESCE(NEW, OLD);
             END $$"
                .to_owned(),
        )
        .await;
        "EXECUTE FUNCTION fault()"
    } else {
        "BEGIN
             UPDATE fault SET countdown = countdown - 1;
             SELECT RAISE(ABORT, 'injected') FROM fault WHERE countdown = 0;
         END"
    };
    for table in TABLES {
        for act in ["INSERT", "UPDATE", "DELETE"] {
            let name = format!("fault_{table}_{act}");
            run(
                app,
                format!("CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW {body}"),
            )
            .await;
        }
    }
}

async fn run(app: &TestApp, statement: String) {
    let done = sql(statement.leak()).execute(On::Write(app.db())).await;
    done.expect("it runs");
}

async fn set(app: &TestApp, countdown: i64) {
    run(app, format!("UPDATE fault SET countdown = {countdown}")).await;
}

/// The ids of the messages of this type that came since the last time.
fn ids(receiver: &Receiver, kind: &str) -> BTreeSet<String> {
    let got = receiver.taken().into_iter();
    let got = got.filter(|got| got.json()["type"] == kind);
    got.map(|got| got.header("webhook-id").to_owned()).collect()
}

on_each_engine! {
    async fn an_error_at_any_row_loses_no_alert_and_doubles_none(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let receiver = Receiver::start().await;
        channel(&mut admin, "webhook", &receiver.url()).await;
        rule(&mut admin, burst(1)).await;
        rig(&app, db.is_postgres()).await;
        for n in 1.. {
            guess(&app, &format!("nobody{n}@example.org"), [203, 0, 113, 1]).await;
            app.advance_seconds(11).await;
            set(&app, n).await;
            // Either may fail; on SQLite a trigger that refuses takes its own count back.
            let looked = app.services.alerts.evaluate().await;
            let sent = app.services.alerts.deliver(&app.services.shutdown).await;
            let failed = looked.is_err() || sent.is_err();
            set(&app, 0).await;
            app.advance_seconds(61).await;
            look(&app).await;
            assert_eq!(ids(&receiver, "alert.fired").len(), 1, "row {n}");
            app.advance_seconds(400).await;
            look(&app).await;
            assert_eq!(ids(&receiver, "alert.resolved").len(), 1, "row {n}");
            if !failed {
                assert!(n > 5, "only {n} rows were written");
                break;
            }
        }
        assert_eq!(app.count("alert_delivery").await % 2, 0);
    }
}
