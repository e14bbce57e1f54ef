//! The release binary as a child process: a folder and an address of its own, and nothing left of either.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{Outcome, client::Connection};

/// How soon it must be ready.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// The folder of the workspace.
pub fn root() -> Outcome<PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?)
}

/// The release binary with a folder and an address of its own.
pub struct Release {
    /// The program.
    pub binary: PathBuf,
    /// Where it keeps its data.
    pub folder: TempDir,
    port: u16,
    settings: &'static [(&'static str, &'static str)],
}

/// The binary while it serves; dropping it ends it.
pub struct Running {
    /// The process.
    pub child: Child,
    /// Where to knock.
    pub port: u16,
    /// From the start to the first yes of `/readyz`.
    pub ready_after: Duration,
}

impl Release {
    /// What `make build` has built, with these settings beside the defaults.
    pub fn new(settings: &'static [(&'static str, &'static str)]) -> Outcome<Self> {
        let binary = root()?.join("target/release/concierge");
        if !binary.is_file() {
            return Err("there is no target/release/concierge; run `make build` first".into());
        }
        let free = std::net::TcpListener::bind("127.0.0.1:0")?;
        Ok(Self {
            binary,
            folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?,
            port: free.local_addr()?.port(),
            settings,
        })
    }

    /// Starts it and waits until `/readyz` says yes.
    pub async fn start(&self) -> Outcome<Running> {
        let begun = Instant::now();
        let child = Command::new(&self.binary)
            .arg("serve")
            .current_dir(self.folder.path())
            .env("CONCIERGE_LISTEN", format!("127.0.0.1:{}", self.port))
            .env(
                "CONCIERGE_PUBLIC_URL",
                format!("http://localhost:{}", self.port),
            )
            .envs(self.settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut running = Running {
            child,
            port: self.port,
            ready_after: Duration::ZERO,
        };
        while !running.is_ready().await {
            if running.child.try_wait()?.is_some() || begun.elapsed() > READY_WITHIN {
                return Err("the release binary does not become ready".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        running.ready_after = begun.elapsed();
        Ok(running)
    }
}

impl Running {
    /// What it answers to.
    pub fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    async fn is_ready(&self) -> bool {
        let asked = async {
            let mut connection = Connection::open(self.port, &self.host()).await?;
            connection.get("/readyz", "").await
        };
        asked.await.is_ok_and(|answer| answer.status.is_success())
    }

    /// Resident memory in megabytes.
    pub fn resident(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(self.proc("status"))?;
        let kilobytes: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB"))
            .ok_or("the kernel does not tell the memory of a process")?
            .trim()
            .parse()?;
        Ok(kilobytes * 1024.0 / 1e6)
    }

    /// What the kernel tells of the process under this name.
    pub fn proc(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.child.id())
    }

    /// Asks it to end, as systemd does.
    pub fn terminate(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // One that has ended by itself hears nothing.
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Once it has been waited for, its number may be another's.
        if let Ok(None) = self.child.try_wait() {
            self.terminate();
            let _ = self.child.wait();
        }
    }
}
