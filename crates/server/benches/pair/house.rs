//! Two processes in production, as behind a balancer: one database, one folder with the keyring, one public address.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use url::Url;

use crate::{ACCESS, GRACE, Outcome, client::Connection};

/// How soon it must be ready.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// What people type.
pub const HOST: &str = "accounts.example.org";
const KEYRING: &str = "data/secrets.production.toml";

/// The two, and what they share; dropping it ends them.
pub struct House {
    binary: PathBuf,
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
    processes: Vec<Child>,
    ports: Vec<u16>,
}

impl Drop for House {
    fn drop(&mut self) {
        for process in &mut self.processes {
            // One that has ended by itself is ended.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl House {
    /// Makes keys and a database, and starts both.
    pub async fn open() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let binary = root.join("target/release/concierge");
        let binary = binary
            .canonicalize()
            .map_err(|_| "there is no target/release/concierge; run `make build` first")?;
        let variables = [
            ("CONCIERGE_ENV", "production".to_owned()),
            ("CONCIERGE_PUBLIC_URL", format!("https://{HOST}")),
            ("CONCIERGE_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("CONCIERGE_SECOND_FACTOR", "optional".to_owned()),
            ("CONCIERGE_REGISTRATION", "open".to_owned()),
            ("CONCIERGE_ACCESS_TTL", format!("{}s", ACCESS.as_secs())),
            ("CONCIERGE_KEY_GRACE", format!("{}s", GRACE.as_secs())),
            ("CONCIERGE_LOG", "warn".to_owned()),
            ("DATABASE_URL", database().await?),
        ];
        let mut house = Self {
            binary,
            folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?,
            variables: variables.into(),
            processes: Vec::new(),
            ports: Vec::new(),
        };
        house.run(&["key", "generate", "--out", KEYRING]).await?;
        for _ in 0..2 {
            house.start().await?;
        }
        Ok(house)
    }

    /// Where to knock.
    pub fn ports(&self) -> [u16; 2] {
        [self.ports[0], self.ports[1]]
    }

    /// Rotates both rings, as an operator does.
    pub async fn rotate(&self, grace: Duration) -> Outcome<()> {
        let grace = format!("{}s", grace.as_secs());
        self.run(&["key", "rotate", "--grace", &grace]).await
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(words).current_dir(self.folder.path());
        command.env_clear();
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Runs a command that succeeds, while the traffic goes on.
    async fn run(&self, words: &[&str]) -> Outcome<()> {
        let mut command = self.command(words);
        command.stderr(Stdio::piped());
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("{words:?}: {}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }

    async fn start(&mut self) -> Outcome<()> {
        let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let begun = Instant::now();
        let mut command = self.command(&["serve"]);
        command.env("CONCIERGE_LISTEN", free.to_string());
        let mut child = command.spawn()?;
        while !is_ready(free.port()).await {
            if child.try_wait()?.is_some() || begun.elapsed() > READY_WITHIN {
                return Err("the release binary does not become ready".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.processes.push(child);
        self.ports.push(free.port());
        Ok(())
    }
}

async fn is_ready(port: u16) -> bool {
    let asked = async {
        let mut connection = Connection::open(port, HOST).await?;
        connection.get("/readyz", "").await
    };
    asked.await.is_ok_and(|answer| answer.status.is_success())
}

/// A new database of the cluster.
async fn database() -> Outcome<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a bench learns of the cluster from its surroundings"
    )]
    let admin = std::env::var("TEST_DATABASE_URL");
    let admin = admin.map_err(|_| "run it by scripts/postgres.sh")?;
    let mut connection = PgConnection::connect(&admin).await?;
    for statement in [
        "DROP DATABASE IF EXISTS concierge_pair WITH (FORCE)",
        "CREATE DATABASE concierge_pair",
    ] {
        sqlx::query(statement).execute(&mut connection).await?;
    }
    connection.close().await?;
    let mut url = Url::parse(&admin)?;
    url.set_path("concierge_pair");
    Ok(url.into())
}
