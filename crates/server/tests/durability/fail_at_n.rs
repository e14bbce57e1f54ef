//! An error at the Nth storage operation of each use case, for every N: the answer is a 5xx, nothing is half written,
//! and the same request succeeds afterwards.
//!
//! Writes and commits fail by triggers that count down inside the database, on both engines and without any door
//! for it in the program. On PostgreSQL the connection is cut, too, before each message, so that reads, `BEGIN`
//! and `COMMIT` fail as well.

use concierge_server::store::{On, sql};

use super::scene::{Scene, UseCase};
use crate::support::{app::TestApp, database::Database, line::Line};

/// Tables that requests write.
const TABLES: [&str; 21] = [
    "account",
    "password",
    "session",
    "device",
    "event",
    "revocation",
    "feed",
    "throttle",
    "setup_token",
    "ticket",
    "totp",
    "recovery_code",
    "recovery_unkept",
    "budget",
    "recovery_link",
    "not_me_link",
    "email_change",
    "outbox",
    "registration",
    "invitation",
    "desk",
];

/// What must stand as it did before a request that failed. Counts of attempts are not here: they are written
/// before the work, and stay.
const STATE: [&str; 18] = [
    "SELECT id || email || email_sorted || name || locale || role || COALESCE(locked_at, 0) || ' '
         || COALESCE(second_factor_at, 0) AS row FROM account ORDER BY id",
    "SELECT account_id || phc || version || ' ' || COALESCE(must_reset_at, 0) AS row FROM password ORDER BY account_id",
    "SELECT digest || COALESCE(used_at, 0) AS row FROM ticket ORDER BY digest",
    "SELECT account_id || last_step || ' ' || COALESCE(confirmed_at, 0) AS row FROM totp ORDER BY account_id",
    "SELECT account_id || phc || COALESCE(used_at, 0) AS row FROM recovery_code ORDER BY account_id, phc",
    "SELECT account_id || created_at AS row FROM recovery_unkept ORDER BY account_id",
    "SELECT digest || version || ' ' || COALESCE(used_at, 0) AS row FROM recovery_link ORDER BY digest",
    "SELECT digest || COALESCE(used_at, 0) AS row FROM not_me_link ORDER BY digest",
    "SELECT digest || email AS row FROM email_change ORDER BY digest",
    "SELECT id || letter AS row FROM outbox ORDER BY id",
    "SELECT digest || email AS row FROM registration ORDER BY digest",
    "SELECT id || digest AS row FROM invitation ORDER BY id",
    "SELECT id || ' ' || generation || ' ' || seen_generation || ' ' || rotated_at || ' ' || idle_expires_at || ' '
         || COALESCE(end_reason, 'live') AS row FROM session ORDER BY id",
    "SELECT account_id || digest AS row FROM device ORDER BY account_id, digest",
    "SELECT id || name || details AS row FROM event ORDER BY id",
    "SELECT position || ' ' || COALESCE(session_id, account_id) AS row FROM revocation ORDER BY position",
    "SELECT CAST(position AS TEXT) AS row FROM feed",
    "SELECT digest || ' ' || COALESCE(used_at, 0) AS row FROM setup_token",
];

/// Rows that contradict each other, were there any.
const BROKEN: [&str; 7] = [
    "SELECT COUNT(*) AS n FROM account WHERE id NOT IN (SELECT account_id FROM password)",
    "SELECT COUNT(*) AS n FROM account WHERE NOT EXISTS
         (SELECT 1 FROM event WHERE event.account_id = account.id AND event.name = 'user_created')",
    "SELECT COUNT(*) AS n FROM session WHERE ended_at IS NOT NULL AND NOT EXISTS
         (SELECT 1 FROM event WHERE event.account_id = session.account_id AND event.details LIKE '%' || session.id || '%')",
    "SELECT COUNT(*) AS n FROM session WHERE ended_at IS NOT NULL AND NOT EXISTS
         (SELECT 1 FROM revocation WHERE revocation.session_id = session.id)",
    "SELECT position - (SELECT COUNT(*) FROM revocation) AS n FROM feed",
    "SELECT COUNT(*) AS n FROM (SELECT account_id FROM session WHERE ended_at IS NULL
         GROUP BY account_id HAVING COUNT(*) > 1) AS many",
    "SELECT COUNT(*) AS n FROM setup_token WHERE used_at IS NOT NULL AND NOT EXISTS
         (SELECT 1 FROM account WHERE role = 'admin')",
];

/// What fails at N.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// The Nth row that is written.
    Write,
    /// The commit of the transaction in which the Nth row is written.
    Commit,
    /// The connection, before the Nth message to PostgreSQL.
    Connection,
}

/// The application, and what can be broken about it.
struct House<'a> {
    app: TestApp,
    line: Option<&'a Line>,
}

async fn run(app: &TestApp, statement: impl Into<String>) {
    let statement = sql(statement.into().leak());
    statement
        .execute(On::Write(app.db()))
        .await
        .expect("it runs");
}

impl House<'_> {
    /// Sets the triggers up. A deferred foreign key is what a commit can fail on in both engines.
    async fn rig(&self) {
        for statement in [
            "CREATE TABLE fault (countdown BIGINT NOT NULL, at_commit BIGINT NOT NULL)",
            "CREATE TABLE fault_parent (id BIGINT NOT NULL PRIMARY KEY)",
            "CREATE TABLE fault_orphan (id BIGINT REFERENCES fault_parent (id) DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO fault VALUES (0, 0)",
        ] {
            run(&self.app, statement).await;
        }
        if self.line.is_some() {
            run(
                &self.app,
                "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                     UPDATE fault SET countdown = countdown - 1;
                     INSERT INTO fault_orphan SELECT 1 FROM fault WHERE countdown = 0 AND at_commit = 1;
                     IF EXISTS (SELECT 1 FROM fault WHERE countdown = 0 AND at_commit = 0) THEN
                         RAISE EXCEPTION 'injected' USING ERRCODE = '53100';
                     END IF;
                     RETURN COALESCE(NEW, OLD);
                 END $$",
            )
            .await;
        }
        for (table, act) in TABLES
            .iter()
            .flat_map(|table| ["INSERT", "UPDATE", "DELETE"].map(|act| (table, act)))
        {
            let body = match self.line {
                Some(_) => "EXECUTE FUNCTION fault()",
                None => {
                    "BEGIN
                         UPDATE fault SET countdown = countdown - 1;
                         INSERT INTO fault_orphan SELECT 1 FROM fault WHERE countdown = 0 AND at_commit = 1;
                         SELECT RAISE(ABORT, 'injected') FROM fault WHERE countdown = 0 AND at_commit = 0;
                     END"
                }
            };
            let head =
                format!("CREATE TRIGGER fault_{table}_{act} BEFORE {act} ON {table} FOR EACH ROW");
            run(&self.app, format!("{head} {body}")).await;
        }
    }

    async fn break_at(&self, fault: Fault, n: i64) {
        match (fault, self.line) {
            (Fault::Connection, Some(line)) => line.cut_after(n - 1),
            _ => {
                let at_commit = i64::from(fault == Fault::Commit);
                let statement = sql("UPDATE fault SET countdown = $1, at_commit = $2");
                let armed = statement
                    .bind(n)
                    .bind(at_commit)
                    .execute(On::Write(self.app.db()));
                armed.await.expect("armed");
            }
        }
    }

    async fn mend(&self) {
        if let Some(line) = self.line {
            line.mend();
        }
        run(&self.app, "UPDATE fault SET countdown = 0").await;
    }

    async fn state(&self) -> Vec<String> {
        let mut state = Vec::new();
        for query in STATE {
            let rows = sql(query).fetch_all(self.app.db()).await.expect("rows");
            state.extend(rows.iter().map(|row| row.text("row").expect("text")));
        }
        state
    }

    async fn assert_whole(&self) {
        for query in BROKEN {
            let row = sql(query).fetch_one(self.app.db()).await;
            let broken = row.and_then(|row| row.int("n")).expect("a count");
            assert_eq!(broken, 0, "{query}");
        }
    }

    /// Breaks a use case at 1, 2, ... until it has nothing left to break.
    async fn break_everywhere(&self, use_case: UseCase, fault: Fault) {
        for n in 1..200 {
            let email = format!("{use_case:?}.{fault:?}.{n}@example.org");
            let mut scene = Scene::set(&self.app, use_case, &email).await;
            let before = self.state().await;
            self.break_at(fault, n).await;
            let answer = scene.play().await;
            self.mend().await;
            self.assert_whole().await;
            if answer.status < 500 {
                assert!(answer.status < 300 && n > 1, "{n}: {}", answer.text());
                return;
            }
            let what = format!("{use_case:?}, {fault:?} {n}");
            assert!(
                answer
                    .header("content-type")
                    .starts_with("application/problem+json"),
                "{what}"
            );
            assert!(answer.set_cookies().is_empty(), "{what}");
            let mut changed = self.state().await;
            changed.retain(|row| !before.contains(row));
            assert_eq!(
                (changed, self.state().await.len()),
                (Vec::new(), before.len()),
                "{what}"
            );
            scene.assert_untouched(&what).await;
            let again = scene.play().await;
            assert!(again.status < 300, "{what}, then {}", again.text());
            self.assert_whole().await;
        }
        panic!("{use_case:?} never succeeds");
    }
}

/// Breaks a use case in every way its engine knows.
async fn survives(database: &mut Database, use_case: UseCase) {
    let line = database.is_postgres().then(|| Line::to(&database.url));
    if let Some(line) = &line {
        database.url = line.through(&database.url);
    }
    let house = House {
        app: TestApp::with(database, |options| {
            options.config.confirms_addresses = use_case == UseCase::ConfirmRegistration;
        })
        .await,
        line: line.as_ref(),
    };
    house.rig().await;
    for fault in [Fault::Write, Fault::Commit] {
        house.break_everywhere(use_case, fault).await;
    }
    // The first use is noted by a write of its own, and who locks an account is shown it afterwards: what fails after
    // the write does not take it back.
    let reads_on = matches!(use_case, UseCase::FirstUse | UseCase::Lock);
    if line.is_some() && !reads_on {
        house.break_everywhere(use_case, Fault::Connection).await;
    }
    house.app.db().close().await;
}

macro_rules! survives {
    ($($name:ident: $use_case:expr;)+) => {$(
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                survives(&mut Database::sqlite(), $use_case).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                if let Some(mut database) = Database::postgres().await {
                    survives(&mut database, $use_case).await;
                    database.remove().await;
                }
            }
        }
    )+};
}

survives! {
    a_registration_happens_whole_or_not_at_all: UseCase::Register;
    a_setup_happens_whole_or_not_at_all: UseCase::SetUp;
    a_sign_in_happens_whole_or_not_at_all: UseCase::SignIn;
    a_refresh_happens_whole_or_not_at_all: UseCase::Refresh;
    the_first_use_of_a_token_is_noted_or_refused: UseCase::FirstUse;
    a_changed_profile_happens_whole_or_not_at_all: UseCase::Edit;
    a_sign_out_happens_whole_or_not_at_all: UseCase::SignOut;
    a_second_step_happens_whole_or_not_at_all: UseCase::SecondStep;
    a_recovery_code_is_used_whole_or_not_at_all: UseCase::RecoveryCode;
    a_second_factor_is_set_up_whole_or_not_at_all: UseCase::ConfirmFactor;
    a_second_factor_is_removed_whole_or_not_at_all: UseCase::RemoveFactor;
    a_reset_happens_whole_or_not_at_all: UseCase::Reset;
    a_word_that_it_was_not_me_counts_whole_or_not_at_all: UseCase::NotMe;
    a_changed_password_happens_whole_or_not_at_all: UseCase::ChangePassword;
    a_new_address_counts_whole_or_not_at_all: UseCase::ConfirmAddress;
    a_confirmed_registration_happens_whole_or_not_at_all: UseCase::ConfirmRegistration;
    an_invitation_is_used_whole_or_not_at_all: UseCase::AcceptInvitation;
    an_account_is_closed_whole_or_not_at_all: UseCase::Close;
    an_account_is_locked_whole_or_not_at_all: UseCase::Lock;
}
