//! The doctor: looks at everything a running house needs and says of each thing whether it is well, and if not, what
//! to do.
//!
//! Every check is a function from what it needs to a list of [`Outcome`]s; what was looked at is named also when it
//! is well, so that silence never passes for health. Nothing is written, made or changed: the database is opened as it
//! is, its one write transaction is dropped, the one file has no name. No value of a secret reaches an outcome.

mod address;
mod argon;
mod boot;
mod clock;
mod database;
mod disk;
mod keys;
mod outcome;
mod permissions;
mod proxy;
mod store;

pub use self::outcome::{Area, Level, Outcome};
use crate::{
    config::{Config, Environment, Reading},
    platform::clock::Clock,
};

/// Looks at everything a configuration speaks of; what belongs together stands together.
///
/// Takes a second of one processor for the measurement of Argon2, and some more where something does not answer.
pub async fn examine(reading: &Reading, clock: &dyn Clock) -> Vec<Outcome> {
    let (environment, data) = (reading.environment, reading.data.as_path());
    let now = clock.now();
    let mut outcomes = boot::configuration(reading);
    outcomes.extend(keys::examine(reading.keys(), environment, data, now));
    outcomes.push(clock::plausible(now));
    outcomes.extend(disk::examine(data));
    outcomes.extend(permissions::folder(data, environment));
    match &reading.config {
        Ok(config) => outcomes.extend(configured(config, environment, clock).await),
        Err(_) => outcomes.push(boot::not_looked_at()),
    }
    // Stable: within its area each outcome stays where its check put it.
    outcomes.sort_by_key(|outcome| outcome.area);
    outcomes
}

/// The checks that need to know where things are.
async fn configured(config: &Config, environment: Environment, clock: &dyn Clock) -> Vec<Outcome> {
    let mut outcomes = vec![boot::listen(config.listen).await];
    let database = database::Examined {
        url: &config.database_url,
        environment,
        migrates: config.migrate,
    };
    outcomes.extend(database.examine(clock).await);
    if let Some(folder) = database.elsewhere(&config.data) {
        outcomes.extend(disk::examine(&folder));
    }
    outcomes.extend(address::examine(&config.public_url, config.hsts).await);
    outcomes.extend(proxy::examine(
        config.listen,
        &config.trusted_proxies,
        config.public_url.is_https(),
    ));
    outcomes.push(argon::examine(&config.hash));
    outcomes
}
