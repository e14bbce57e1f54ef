//! Measures the machine. It blocks, for a millisecond or so: call it on a thread that may.
//!
//! One object for the whole life of the program, because most numbers are differences: a new one has nothing to
//! compare with. So the first reading knows no rate.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use concierge_core::monitor::{Metric, Values, api::Allowance};
use rustix::fs::statvfs;
use sysinfo::{
    DiskRefreshKind, Disks, MemoryRefreshKind, Networks, Pid, ProcessRefreshKind,
    ProcessesToUpdate, System,
};

use crate::platform::cgroup::Group;

/// What measures.
pub struct Probe {
    system: Option<System>,
    disks: Option<Disks>,
    networks: Option<Networks>,
    pid: Pid,
    data: PathBuf,
    group: Group,
    read_at: Option<Instant>,
}

impl Probe {
    /// Begins; `data` names the volume whose space counts. What this machine does not tell stays unknown.
    pub fn start(data: &Path) -> Self {
        // Counts the processors, too.
        let mut system = System::new().ok();
        if let Some(system) = &mut system {
            system.refresh_cpu_usage();
        }
        Self {
            system,
            disks: Disks::new_with_refreshed_list_specifics(io()).ok(),
            networks: Networks::new_with_refreshed_list().ok(),
            pid: Pid::from_u32(std::process::id()),
            data: data.to_owned(),
            group: Group::find(Path::new("/")),
            read_at: None,
        }
    }

    /// What this process may use, which may change while it runs.
    pub fn allowance(&mut self) -> Allowance {
        self.group = Group::find(Path::new("/"));
        let cpus = self.system.as_ref().map_or(1, |system| system.cpus().len());
        Allowance {
            cpus: u32::try_from(cpus).unwrap_or(u32::MAX),
            cpu_limit: self.group.cpus,
            memory_limit: self.group.memory,
        }
    }

    /// Reads every number that is the machine's to tell.
    pub fn read(&mut self) -> Values {
        let mut values = Values::default();
        let now = Instant::now();
        let before = self.read_at.replace(now);
        let elapsed = before.map(|before| now.duration_since(before).as_secs_f32());
        self.read_system(&mut values, elapsed.is_some());
        self.read_disk(&mut values, elapsed);
        self.read_network(&mut values, elapsed);
        read_files(&mut values);
        values
    }

    fn read_system(&mut self, values: &mut Values, has_before: bool) {
        if let Some(used) = self.group.memory_used() {
            values.set(Metric::MemoryGroup, used as f32);
        }
        let Some(system) = &mut self.system else {
            return;
        };
        system.refresh_cpu_usage();
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram().with_swap());
        let own = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[self.pid]), false, own);
        values.set(Metric::Memory, system.used_memory() as f32);
        values.set(Metric::MemoryTotal, system.total_memory() as f32);
        values.set(Metric::Swap, system.used_swap() as f32);
        if has_before {
            values.set(Metric::Cpu, system.global_cpu_usage());
        }
        if let Some(process) = system.process(self.pid) {
            values.set(Metric::OwnMemory, process.memory() as f32);
            if has_before {
                values.set(Metric::OwnCpu, process.cpu_usage());
            }
        }
        if let Ok(load) = System::load_average() {
            values.set(Metric::Load1, load.one as f32);
            values.set(Metric::Load5, load.five as f32);
            values.set(Metric::Load15, load.fifteen as f32);
        }
    }

    fn read_disk(&mut self, values: &mut Values, elapsed: Option<f32>) {
        if let Ok(volume) = statvfs(&self.data) {
            let bytes = |blocks: u64| blocks.saturating_mul(volume.f_frsize) as f32;
            // What is kept for root is neither used nor free; to us it is as good as used.
            let free = volume.f_bavail.min(volume.f_blocks);
            values.set(Metric::Disk, bytes(volume.f_blocks - free));
            values.set(Metric::DiskTotal, bytes(volume.f_blocks));
        }
        let Some(disks) = &mut self.disks else {
            return;
        };
        disks.refresh_specifics(false, io());
        // A volume that is mounted twice is still one disk.
        let mut seen = Vec::new();
        let mut moved = 0;
        for disk in disks.iter() {
            if !seen.contains(&disk.name()) {
                seen.push(disk.name());
                let usage = disk.usage();
                moved += usage.read_bytes + usage.written_bytes;
            }
        }
        if let Some(elapsed) = elapsed {
            values.set(Metric::DiskIo, moved as f32 / elapsed);
        }
    }

    fn read_network(&mut self, values: &mut Values, elapsed: Option<f32>) {
        let Some(networks) = &mut self.networks else {
            return;
        };
        networks.refresh(true);
        let outside = networks.iter().filter(|(name, _)| *name != "lo");
        let moved: u64 = outside
            .map(|(_, network)| network.received() + network.transmitted())
            .sum();
        if let Some(elapsed) = elapsed {
            values.set(Metric::NetworkIo, moved as f32 / elapsed);
        }
    }
}

fn io() -> DiskRefreshKind {
    DiskRefreshKind::nothing().with_io_usage()
}

fn read_files(values: &mut Values) {
    let Ok(open) = fs::read_dir("/proc/self/fd") else {
        return;
    };
    let (mut files, mut sockets) = (0_u32, 0_u32);
    for entry in open.flatten() {
        files += 1;
        let target = fs::read_link(entry.path());
        let is_socket = target.is_ok_and(|target| {
            target
                .as_os_str()
                .as_encoded_bytes()
                .starts_with(b"socket:")
        });
        sockets += u32::from(is_socket);
    }
    // Less the folder that was just read.
    values.set(Metric::OpenFiles, files.saturating_sub(1) as f32);
    values.set(Metric::Sockets, sockets as f32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_tells_its_numbers_and_the_first_reading_no_rate() {
        let mut probe = Probe::start(Path::new("."));
        let first = probe.read();
        assert_eq!(first.get(Metric::Cpu), None);
        assert_eq!(first.get(Metric::NetworkIo), None);
        let second = probe.read();
        for metric in [Metric::MemoryTotal, Metric::DiskTotal, Metric::OwnMemory] {
            assert!(second.get(metric) > Some(1e6), "{metric:?}");
        }
        assert!(second.get(Metric::Memory) < second.get(Metric::MemoryTotal));
        assert!(second.get(Metric::Cpu).is_some());
        assert!(probe.allowance().cpus > 0);
    }

    #[test]
    fn an_open_socket_counts_among_the_files() {
        let read = || {
            let mut values = Values::default();
            read_files(&mut values);
            values
        };
        let held: Vec<_> = (0..64)
            .map(|_| std::net::UdpSocket::bind("127.0.0.1:0").expect("a port"))
            .collect();
        let values = read();
        assert!(values.get(Metric::Sockets) >= Some(64.0));
        assert!(values.get(Metric::OpenFiles) > values.get(Metric::Sockets));
        drop(held);
    }
}
