//! The database: reached, whole, as new as the program, closed to others, and how long it takes to write.

use std::time::Instant;

use super::{Area, Outcome, clock, permissions, store};
use crate::{
    config::{DatabaseUrl, Environment},
    platform::clock::Clock,
    store::{Db, StoreError, sqlite_file},
};

const NAME: &str = "DATABASE_URL";
const MIGRATIONS: &str = "migrations";

/// What is looked at.
pub(super) struct Examined<'a> {
    pub(super) url: &'a DatabaseUrl,
    pub(super) environment: Environment,
    /// Whether `serve` brings the schema up to date.
    pub(super) migrates: bool,
}

impl Examined<'_> {
    /// Opens the database as it is, asks it and closes it again.
    pub(super) async fn examine(&self, clock: &dyn Clock) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        if self.url.is_sqlite() {
            let Some(file) = sqlite_file(self.url.expose()).filter(|file| file.exists()) else {
                return vec![self.not_there_yet()];
            };
            outcomes.extend(permissions::database(&file, self.environment));
        } else {
            outcomes.push(self.encryption());
        }
        match Db::open(self.url.expose()).await {
            Ok(db) => {
                outcomes.extend(self.ask(&db, clock).await);
                db.close().await;
            }
            Err(error) => outcomes.push(self.unreachable(&error)),
        }
        outcomes
    }

    fn not_there_yet(&self) -> Outcome {
        let message = format!("there is no file at {} yet", self.url);
        let remedy = if self.migrates {
            "`concierge serve` makes it; if there should be one, mend CONCIERGE_DATA or DATABASE_URL"
        } else {
            "`concierge migrate` makes it; if there should be one, mend CONCIERGE_DATA or DATABASE_URL"
        };
        Outcome::warning(Area::Database, NAME, message, remedy)
    }

    /// In production a plain connection to another host is a finding of the configuration.
    fn encryption(&self) -> Outcome {
        const SSLMODE: &str = "sslmode";
        if self.url.is_remote_without_tls() {
            let message = "the connection to another host is not encrypted for certain";
            let remedy = format!("set DATABASE_URL={}", self.url.with_tls());
            return Outcome::warning(Area::Database, SSLMODE, message, remedy);
        }
        let message = "the host is this machine, or TLS is demanded";
        Outcome::ok(Area::Database, SSLMODE, message)
    }

    fn unreachable(&self, error: &StoreError) -> Outcome {
        if self.url.is_sqlite() {
            return damaged(&error.to_string());
        }
        let message = format!("{}: {error}", self.url);
        let remedy = "start PostgreSQL (`pg_isready` asks it), or mend host, user, password and sslmode in DATABASE_URL";
        Outcome::error(Area::Database, NAME, message, remedy)
    }

    async fn ask(&self, db: &Db, clock: &dyn Clock) -> Vec<Outcome> {
        let is_sqlite = self.url.is_sqlite();
        let version = match store::find_version(db, is_sqlite).await {
            Ok(version) => version,
            Err(error) => return vec![self.unreachable(&error)],
        };
        let engine = if is_sqlite { "SQLite" } else { "PostgreSQL" };
        let reached = format!("{engine} {version} answers at {}", self.url);
        let mut outcomes = vec![Outcome::ok(Area::Database, NAME, reached)];
        if is_sqlite {
            let whole = whole(db).await;
            let is_damaged = whole.remedy.is_some();
            outcomes.push(whole);
            // What a broken file says of its schema is worth nothing.
            if is_damaged {
                return outcomes;
            }
        } else {
            outcomes.push(time(db, clock).await);
        }
        let (schema, is_current) = self.schema(db).await;
        outcomes.push(schema);
        if is_current {
            outcomes.push(writing(db).await);
        }
        outcomes
    }

    /// Whether the schema is the program's, and the word on it.
    async fn schema(&self, db: &Db) -> (Outcome, bool) {
        let outcome = match db.pending_migrations().await {
            Ok(pending) if pending.migrations.is_empty() => {
                let message = "the schema is as new as the program";
                return (Outcome::ok(Area::Database, MIGRATIONS, message), true);
            }
            Ok(pending) => {
                let message = format!(
                    "the schema is behind the program: {}",
                    pending.migrations.join(", ")
                );
                let remedy = "`concierge migrate`, or start the server with CONCIERGE_MIGRATE=on";
                Outcome::error(Area::Database, MIGRATIONS, message, remedy).strict(!self.migrates)
            }
            Err(error) => Outcome::error(
                Area::Database,
                MIGRATIONS,
                error.to_string(),
                "run the program that made this schema, or restore the backup from before the upgrade",
            ),
        };
        (outcome, false)
    }
}

async fn whole(db: &Db) -> Outcome {
    match store::list_damage(db).await {
        Ok(damage) if damage.is_empty() => Outcome::ok(
            Area::Database,
            "integrity",
            "SQLite's quick check finds the file whole",
        ),
        Ok(damage) => damaged(&damage.join("; ")),
        Err(error) => damaged(&error.to_string()),
    }
}

fn damaged(message: &str) -> Outcome {
    Outcome::error(
        Area::Database,
        "integrity",
        message,
        "stop the server, put a copy of the file and those beside it aside, and restore the last backup; check the disk (`dmesg`)",
    )
}

async fn time(db: &Db, clock: &dyn Clock) -> Outcome {
    let before = clock.now();
    match store::find_time(db).await {
        Ok(theirs) => clock::agrees(before, theirs, clock.now()),
        Err(error) => Outcome::warning(
            Area::Clock,
            "time of the database",
            error.to_string(),
            "mend the database first",
        ),
    }
}

async fn writing(db: &Db) -> Outcome {
    const SUBJECT: &str = "writing";
    let started = Instant::now();
    match store::mark_nothing(db).await {
        Ok(()) => {
            let time = started.elapsed().as_secs_f64() * 1_000.0;
            let message = format!("a small write, undone again, takes {time:.1} ms");
            Outcome::ok(Area::Database, SUBJECT, message)
        }
        Err(error) => Outcome::error(
            Area::Database,
            SUBJECT,
            error.to_string(),
            "see that the disk is not full, that this user may write, and that nothing holds a long transaction",
        ),
    }
}
