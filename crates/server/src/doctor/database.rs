//! The database: reached, whole, as new as the program, closed to others, and how long it takes to write.

use std::{
    io,
    path::{Path, PathBuf},
    time::Instant,
};

use super::{Area, Level, Outcome, clock, permissions, store};
use crate::{
    config::{DatabaseUrl, Environment},
    platform::clock::Clock,
    store::{Db, StoreError, sqlite_file},
};

const NAME: &str = "DATABASE_URL";
const INTEGRITY: &str = "integrity";
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
            let file = sqlite_file(self.url.expose()).unwrap_or_default();
            match file.try_exists() {
                Ok(true) => outcomes.extend(permissions::database(&file, self.environment)),
                Ok(false) => return vec![self.not_there_yet()],
                // "Not to be seen" is not "not there": nobody shall make a second one.
                Err(error) => return vec![self.not_to_be_seen(&error)],
            }
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

    /// The folder of a SQLite file that lies outside the data folder: its disk counts as well.
    pub(super) fn elsewhere(&self, data: &Path) -> Option<PathBuf> {
        let file = sqlite_file(self.url.expose()).filter(|_| self.url.is_sqlite())?;
        let folder = match file.parent()? {
            here if here.as_os_str().is_empty() => Path::new("."),
            folder => folder,
        };
        let same = match (folder.canonicalize(), data.canonicalize()) {
            (Ok(one), Ok(other)) => one == other,
            _ => folder == data,
        };
        (!same).then(|| folder.to_owned())
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

    fn not_to_be_seen(&self, error: &io::Error) -> Outcome {
        let message = format!("{} can't be looked at: {error}", self.url);
        let remedy = "run the doctor as the user that runs concierge, and mend the path in CONCIERGE_DATA or DATABASE_URL";
        Outcome::error(Area::Database, NAME, message, remedy)
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

    /// What the server says of the connection it really has, whatever was asked for.
    fn encrypted(&self, said: Result<Option<Option<String>>, StoreError>) -> Option<Outcome> {
        const SUBJECT: &str = "connection";
        let message = match said {
            Ok(None) => return None,
            Ok(Some(Some(protocol))) => {
                let message = format!("the server says that it is encrypted with {protocol}");
                return Some(Outcome::ok(Area::Database, SUBJECT, message));
            }
            Ok(Some(None)) if !self.url.is_remote() => {
                let message = "not encrypted, and it does not leave this machine";
                return Some(Outcome::ok(Area::Database, SUBJECT, message));
            }
            Ok(Some(None)) => {
                "the server says that it is not encrypted, and it goes to another host".to_owned()
            }
            Err(error) => format!("it is not known whether it is encrypted: {error}"),
        };
        let remedy = format!(
            "set DATABASE_URL={}, and `ssl = on` with a certificate on the server",
            self.url.with_tls()
        );
        let outcome = Outcome::error(Area::Database, SUBJECT, message, remedy);
        Some(outcome.strict(self.environment.is_deployed() && self.url.is_remote()))
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
        let mut outcomes = match db.version().await {
            Ok(version) => {
                let message = format!("{version} answers at {}", self.url);
                vec![Outcome::ok(Area::Database, NAME, message)]
            }
            Err(error) => return vec![self.unreachable(&error)],
        };
        outcomes.extend(self.encrypted(db.encryption().await));
        let whole = whole(db).await;
        let is_damaged = whole.as_ref().is_some_and(|one| one.level == Level::Error);
        outcomes.extend(whole);
        // What a broken file says of its schema is worth nothing.
        if is_damaged {
            return outcomes;
        }
        outcomes.extend(time(db, clock).await);
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
            Err(error) => {
                let message = match error {
                    StoreError::Driver(text) => text,
                    other => other.to_string(),
                };
                let remedy = "run the program that made this schema, or restore the backup from before the upgrade";
                Outcome::error(Area::Database, MIGRATIONS, message, remedy)
            }
        };
        (outcome, false)
    }
}

/// Whether the file is whole, where there is one to look at.
async fn whole(db: &Db) -> Option<Outcome> {
    let damage = match db.damage().await {
        Ok(damage) => damage?,
        Err(error) => vec![error.to_string()],
    };
    if !damage.is_empty() {
        return Some(damaged(&damage.join("; ")));
    }
    let message = "SQLite's quick check finds the file whole";
    Some(Outcome::ok(Area::Database, INTEGRITY, message))
}

fn damaged(message: &str) -> Outcome {
    Outcome::error(
        Area::Database,
        INTEGRITY,
        message,
        "stop the server, put a copy of the file and those beside it aside, and restore the last backup; check the disk (`dmesg`)",
    )
}

/// The time of a database that has a clock of its own.
async fn time(db: &Db, clock: &dyn Clock) -> Option<Outcome> {
    let before = clock.now();
    match db.time().await {
        Ok(theirs) => theirs.map(|theirs| clock::agrees(before, theirs, clock.now())),
        Err(error) => Some(Outcome::warning(
            Area::Clock,
            "time of the database",
            error.to_string(),
            "mend the database first",
        )),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::clock::SystemClock;

    fn examined(url: &DatabaseUrl) -> Examined<'_> {
        Examined {
            url,
            environment: Environment::Staging,
            migrates: true,
        }
    }

    #[test]
    fn a_plain_connection_to_another_host_is_a_warning_with_the_line_to_set() {
        for (text, level) in [
            ("postgres://ada:hunter2@db.example.org/x", Level::Warning),
            (
                "postgres://ada:hunter2@db.example.org/x?sslmode=verify-full",
                Level::Ok,
            ),
            ("postgres://ada:hunter2@localhost/x", Level::Ok),
        ] {
            let url = DatabaseUrl::parse(text).unwrap();
            let outcome = examined(&url).encryption();
            assert_eq!(outcome.level, level, "{text}");
            assert!(!format!("{outcome:?}").contains("hunter2"));
            if let Some(remedy) = outcome.remedy {
                assert!(remedy.ends_with("ada:***@db.example.org/x?sslmode=verify-full"));
            }
        }
    }

    #[test]
    fn a_connection_to_another_host_that_really_is_plain_is_an_error_where_it_is_deployed() {
        let plain = || Ok(Some(None));
        let protected = || Ok(Some(Some("TLSv1.3".to_owned())));
        let unknown = || Err(StoreError::Unavailable("gone".to_owned()));
        let (remote, local) = (
            "postgres://ada:hunter2@db.example.org/x",
            "postgres://localhost/x",
        );
        for (text, environment, said, level) in [
            (remote, Environment::Staging, plain(), Level::Error),
            (remote, Environment::Development, plain(), Level::Warning),
            (remote, Environment::Production, unknown(), Level::Error),
            (remote, Environment::Production, protected(), Level::Ok),
            (local, Environment::Production, plain(), Level::Ok),
            (local, Environment::Production, unknown(), Level::Warning),
        ] {
            let url = DatabaseUrl::parse(text).unwrap();
            let here = Examined {
                environment,
                ..examined(&url)
            };
            let outcome = here.encrypted(said).unwrap();
            assert_eq!(outcome.level, level, "{outcome:?}");
            assert!(!format!("{outcome:?}").contains("hunter2"));
        }
        let url = DatabaseUrl::parse(local).unwrap();
        assert_eq!(examined(&url).encrypted(Ok(None)), None);
    }

    #[test]
    fn only_a_file_outside_the_data_folder_has_a_disk_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = |text: &str| {
            let url = DatabaseUrl::parse(text).unwrap();
            examined(&url).elsewhere(folder.path())
        };
        let own = folder.path().join("x.db").display().to_string();
        assert_eq!(elsewhere(&format!("sqlite:{own}")), None);
        assert_eq!(elsewhere("postgres://localhost/x"), None);
        for (url, other) in [("sqlite:/srv/else/x.db", "/srv/else"), ("sqlite:x.db", ".")] {
            assert_eq!(elsewhere(url), Some(PathBuf::from(other)));
        }
    }

    #[tokio::test]
    async fn a_file_that_can_not_be_seen_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        // A link to itself: the path leads nowhere, for root too.
        let link = folder.path().join("data");
        std::os::unix::fs::symlink(&link, &link).unwrap();
        let url = DatabaseUrl::in_folder(&link);
        let outcomes = examined(&url).examine(&SystemClock).await;
        assert_eq!(outcomes[0].level, Level::Error, "{outcomes:?}");
        assert!(outcomes[0].message.contains("can't be looked at"));
    }
}
