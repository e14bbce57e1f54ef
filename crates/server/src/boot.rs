//! From a configuration to a running server, and to the commands that need the same parts.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use crate::{
    config::{Config, Finding, Loaded},
    http,
    key_desk::KeyDeskError,
    keys::{self, Supply, data_keys, emergency::refuse_revoked, epoch_store::list_revoked},
    platform::{
        clock::{Clock, SystemClock},
        descriptors,
        hash::Hasher,
        keyring::{KeyState, Keyrings},
        otlp::Records,
        rng::OsRng,
        shutdown::Shutdown,
    },
    running::{self, Running},
    services::{Parts, Services},
    setup_link,
    store::{Db, StoreError},
    telling,
};

/// How long the end of a command waits for what can't be cut short, such as a name that is being looked up.
const LAST_CALLS: Duration = Duration::from_secs(5);

/// Why the program could not start. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The keys are not there, weak or not to be used here.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Keys(Vec<Finding>),
    /// The database can't be used.
    #[error(
        "the database can't be used: {0}\nsee DATABASE_URL (`concierge config explain` shows where it comes from)"
    )]
    Store(#[from] StoreError),
    /// A data key can't be opened.
    #[error(transparent)]
    DataKey(#[from] data_keys::DataKeyError),
    /// A key that was revoked is given as the active one.
    #[error(
        "the key {0} was revoked: set a new one (`concierge key generate`) where this one comes from, or give `concierge key revoke` again where a store holds it"
    )]
    RevokedKey(String),
    /// What the keyring began can't be finished in the database.
    #[error(transparent)]
    KeyDesk(#[from] KeyDeskError),
    /// The machine said no.
    #[error("{0}: {1}")]
    Io(&'static str, std::io::Error),
    /// The schema is behind and CONCIERGE_MIGRATE is off.
    #[error(
        "the schema is behind the program ({0}); run `concierge migrate`, or set CONCIERGE_MIGRATE=on"
    )]
    SchemaBehind(String),
}

/// `concierge serve`
pub fn serve(loaded: Loaded) -> ExitCode {
    let records = telling::start_log(&loaded.config);
    if let Err(error) = descriptors::raise() {
        tracing::warn!(%error, "the limit of open files stays as it is (`ulimit -n`), and with it that of connections");
    }
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    finish(run(serve_until_told(loaded, records)))
}

/// `concierge migrate [--check]`
pub fn migrate(loaded: Loaded, check: bool) -> ExitCode {
    finish(run(async {
        let db = connect(&loaded.config).await?;
        let pending = db.pending_migrations().await?;
        if check && !pending.migrations.is_empty() {
            return Err(BootError::SchemaBehind(pending.migrations.join(", ")));
        }
        db.migrate().await?;
        db.close().await;
        Ok(())
    }))
}

/// `concierge healthcheck`: asks the running server.
pub fn healthcheck(loaded: Loaded) -> ExitCode {
    finish(run(async {
        let address = loaded.config.listen;
        let io = |error| BootError::Io("the server does not answer", error);
        let stream = tokio::net::TcpStream::connect(address).await.map_err(io)?;
        let answer = http::listen::probe(stream).await.map_err(io)?;
        if answer {
            Ok(())
        } else {
            Err(io(std::io::Error::other("it is not ready")))
        }
    }))
}

/// Runs a command on a small runtime: whatever it needs is I/O.
pub fn run<T>(work: impl Future<Output = Result<T, BootError>>) -> Result<T, BootError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| BootError::Io("no runtime", error))?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LAST_CALLS);
    done
}

#[expect(
    clippy::print_stderr,
    reason = "the end of a command is told to whoever called it"
)]
fn finish(outcome: Result<(), BootError>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn connect(config: &Config) -> Result<Db, BootError> {
    create_private_folder(&config.data)
        .map_err(|error| BootError::Io("the data folder can't be made", error))?;
    Ok(Db::connect(config.database_url.expose()).await?)
}

/// The database with today's schema: brought up to date, or refused when it is behind.
pub async fn open_database(config: &Config, migrates: bool) -> Result<Db, BootError> {
    let db = connect(config).await?;
    if migrates {
        db.migrate().await?;
        return Ok(db);
    }
    let pending = db.pending_migrations().await?.migrations;
    match pending.is_empty() {
        true => Ok(db),
        false => Err(BootError::SchemaBehind(pending.join(", "))),
    }
}

fn create_private_folder(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    if path.is_dir() {
        return std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700));
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// The rings of a configuration, fit to be used.
fn rings(config: &Config) -> Result<Keyrings, BootError> {
    create_private_folder(&config.data)
        .map_err(|error| BootError::Io("the data folder can't be made", error))?;
    let now = SystemClock.now();
    let loaded = keys::load(&config.keys, config.environment, &config.data, now, &OsRng);
    let (rings, warnings) = loaded.map_err(BootError::Keys)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    Ok(rings)
}

/// The services of a configuration: keys, database, schema, everything but the listener.
pub async fn assemble(
    config: Config,
    supply: Supply,
    shutdown: Shutdown,
) -> Result<Arc<Services>, BootError> {
    let rings = rings(&config)?;
    assemble_with(config, rings, supply, shutdown).await
}

/// The same around rings that were read otherwise, for whoever mends keys that a start refuses.
pub async fn assemble_with(
    config: Config,
    rings: Keyrings,
    supply: Supply,
    shutdown: Shutdown,
) -> Result<Arc<Services>, BootError> {
    let (clock, rng) = (Arc::new(SystemClock), Arc::new(OsRng));
    let db = open_database(&config, config.migrate).await?;
    let keys = data_keys::load(&db, &rings.sealing, clock.now(), &*rng).await?;
    supply.begin_with(&config.keys.store.answer, clock.now(), &*rng);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let hasher = Hasher::start(&config.hash, workers)
        .map_err(|error| BootError::Io("no hashing threads", error))?;
    let leptos = crate::config::leptos();
    Ok(Services::assemble(Parts {
        site: http::Site::find(leptos.site_root),
        reload_port: leptos.reload_port,
        config,
        db,
        clock,
        rng,
        supply,
        rings,
        keys,
        hasher,
        shutdown,
    }))
}

async fn serve_until_told(loaded: Loaded, records: Option<Arc<Records>>) -> Result<(), BootError> {
    let shutdown = Shutdown::on_signals().map_err(|error| BootError::Io("no signals", error))?;
    let address = loaded.config.listen;
    let supply = Supply::of(&loaded.args);
    let services = assemble(loaded.config, supply, shutdown.clone()).await?;
    services.report_copy().await?;
    begin_with_keys(&services).await?;
    let ended = services.end_unproven().await?;
    if ended > 0 {
        tracing::info!(
            ended,
            "sessions without a second factor ended: the policy demands one"
        );
    }
    let listener = TcpListener::bind(address).await.map_err(|error| {
        BootError::Io(
            "the address can't be listened on; see CONCIERGE_LISTEN",
            error,
        )
    })?;
    running::record_start(&services).await?;
    let position = services.hear(services.db.feed_position().await?).await?;
    let running = Running::start(&services, position, records);
    tracing::info!(
        "Concierge is open at {}",
        services.config.public_url.origin()
    );
    setup_link::offer(&services).await?;
    http::listen::serve(listener, http::router(Arc::clone(&services)), &shutdown).await;
    running.end(&services).await;
    tracing::info!("Concierge is closed");
    Ok(())
}

/// Takes the keys in with what the database says of them. A key that was revoked opens no door: not in old tokens,
/// and not as the key that a start is given.
async fn begin_with_keys(services: &Services) -> Result<(), BootError> {
    let now = services.clock.now();
    let reading = services.keeper.supply().read();
    let (mut rings, _) = keys::read(&reading, now).map_err(BootError::Keys)?;
    refuse_revoked(&mut rings, &list_revoked(&services.db).await?);
    for key in [rings.signing.active(), rings.sealing.active()] {
        if key.state == KeyState::Revoked {
            return Err(BootError::RevokedKey(key.id.clone()));
        }
    }
    Ok(services.begin_with(&reading, rings).await?)
}
