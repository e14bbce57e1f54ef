//! The machine: its cores, who may run on which, and how busy it was.

use std::{
    io,
    process::{Command, Stdio},
};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::Outcome;

/// Where servers run.
const SERVER_CORE: usize = 0;
/// Where load is made.
const LOAD_CORE: usize = 1;

/// A command on the server's core.
pub fn on_server_core(program: &str) -> Command {
    on_core(SERVER_CORE, program)
}

/// A command on the core of the load.
pub fn on_load_core(program: &str) -> Command {
    on_core(LOAD_CORE, program)
}

fn on_core(core: usize, program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string(), program]);
    command
}

/// This very program, to be run with a hidden argument.
pub fn ourselves() -> Outcome<String> {
    let path = std::env::current_exe()?.into_os_string().into_string();
    path.map_err(|path| format!("{} is no text", path.display()).into())
}

/// Says which programs are missing.
pub fn require(programs: &[&str]) -> Outcome<()> {
    for program in programs {
        let started = Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if started.is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Err(format!("{program} is not installed").into());
        }
    }
    Ok(())
}

/// Does a piece of work as the load: on its core, on one thread.
pub fn as_load<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let everywhere = sched_getaffinity(None)?;
    let mut core = CpuSet::new();
    core.set(LOAD_CORE);
    sched_setaffinity(None, &core).map_err(|error| format!("two cores are needed: {error}"))?;
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(work));
    sched_setaffinity(None, &everywhere)?;
    done
}

/// Does a piece of work on all cores.
pub fn on_all_cores<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// What the kernel counted of the processors' time when the bench began.
pub struct Machine {
    began: Ticks,
}

/// Ticks of all cores since the machine started.
struct Ticks {
    all: u64,
    stolen: u64,
}

impl Machine {
    /// From now on.
    pub fn watch() -> Self {
        Self {
            began: Ticks::now(),
        }
    }

    /// One line under the table: a busy machine makes figures that say little, and a virtual one whose host gives its
    /// cores to others makes late ones.
    pub fn describe(&self) -> String {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or("?");
        let now = Ticks::now();
        let all = now.all.saturating_sub(self.began.all).max(1);
        let stolen = 100.0 * now.stolen.saturating_sub(self.began.stolen) as f64 / all as f64;
        format!(
            "{cores} cores; load average of the last minute {load}, this bench included; the host kept {stolen:.1} % of \
             their time for others"
        )
    }
}

impl Ticks {
    /// The first line of `/proc/stat` (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal. What
    /// guests take stands in the first two already.
    fn now() -> Self {
        let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        let fields = first.split_whitespace().skip(1).take(8);
        let ticks: Vec<u64> = fields.filter_map(|ticks| ticks.parse().ok()).collect();
        Self {
            all: ticks.iter().sum(),
            stolen: ticks.get(7).copied().unwrap_or_default(),
        }
    }
}
