//! What the control group allows: in a container that is less than what the host has.
//!
//! Version 2 is read with its ancestors, because the tightest of them counts; version 1 as far as the two numbers go.
//! Whatever can't be read counts as not limited: a figure is missing then, and nothing is decided by it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Version 1 says "no limit" with a number close to this.
const UNLIMITED: u64 = 1 << 60;

/// The control group of this process.
#[derive(Debug, Default, PartialEq)]
pub struct Group {
    /// Processors it may use.
    pub cpus: Option<f32>,
    /// Bytes of memory it may use.
    pub memory: Option<u64>,
    /// Bytes in use, the file of that, and the file of what they are made of.
    usage: Option<(PathBuf, PathBuf)>,
}

impl Group {
    /// Finds it below a root, which is `/` but for tests.
    pub fn find(root: &Path) -> Self {
        let table = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
        let mounted = root.join("sys/fs/cgroup");
        if mounted.join("cgroup.controllers").exists() {
            let own = path_of(&table, "").unwrap_or_default();
            return Self::second(&mounted, own);
        }
        Self::first(&mounted, &table)
    }

    fn second(mounted: &Path, own: &str) -> Self {
        let own = below(mounted, own);
        let chain = || own.ancestors().take_while(|path| path.starts_with(mounted));
        Self {
            cpus: chain()
                .filter_map(|path| quota(&read(path, "cpu.max")?))
                .reduce(f32::min),
            memory: chain()
                .filter_map(|path| read(path, "memory.max")?.parse().ok())
                .min(),
            usage: Some((own.join("memory.current"), own.join("memory.stat")))
                .filter(|(file, _)| file.exists()),
        }
    }

    fn first(mounted: &Path, table: &str) -> Self {
        let folder = |controller: &str| {
            let own = path_of(table, controller)?;
            Some(below(&mounted.join(controller), own))
        };
        let cpus = folder("cpu").and_then(|cpu| {
            let quota_and_period = format!(
                "{} {}",
                read(&cpu, "cpu.cfs_quota_us")?,
                read(&cpu, "cpu.cfs_period_us")?
            );
            quota(&quota_and_period)
        });
        let memory = folder("memory");
        let limit = memory
            .as_ref()
            .and_then(|memory| read(memory, "memory.limit_in_bytes")?.parse().ok());
        Self {
            cpus,
            memory: limit.filter(|limit| *limit < UNLIMITED),
            usage: memory
                .map(|memory| {
                    (
                        memory.join("memory.usage_in_bytes"),
                        memory.join("memory.stat"),
                    )
                })
                .filter(|(file, _)| file.exists()),
        }
    }

    /// Bytes of memory in use right now, without copies of files that the host drops when it needs the room: they
    /// would fill any limit after one backup.
    pub fn memory_used(&self) -> Option<u64> {
        let (used, parts) = self.usage.as_ref()?;
        let used: u64 = fs::read_to_string(used).ok()?.trim().parse().ok()?;
        let parts = fs::read_to_string(parts).unwrap_or_default();
        let dropped = parts.lines().find_map(|line| {
            let (name, bytes) = line.split_once(' ')?;
            let is_droppable = ["inactive_file", "total_inactive_file"].contains(&name);
            is_droppable.then(|| bytes.parse().ok()).flatten()
        });
        Some(used.saturating_sub(dropped.unwrap_or(0)))
    }
}

fn read(folder: &Path, file: &str) -> Option<String> {
    let text = fs::read_to_string(folder.join(file)).ok()?;
    Some(text.trim().to_owned())
}

/// The group's folder; inside a container the table may name a path that only the host sees.
fn below(mounted: &Path, own: &str) -> PathBuf {
    let folder = mounted.join(own.trim_start_matches('/'));
    if folder.is_dir() {
        folder
    } else {
        mounted.to_owned()
    }
}

/// The path of a controller in `/proc/self/cgroup`, lines such as `4:cpu,cpuacct:/path`; version 2 names none.
fn path_of<'a>(table: &'a str, controller: &str) -> Option<&'a str> {
    table.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (names, path) = (parts.next()?, parts.next()?);
        names
            .split(',')
            .any(|name| name == controller)
            .then_some(path)
    })
}

/// Processors of `quota period` in microseconds; `max` or -1 is no limit.
fn quota(text: &str) -> Option<f32> {
    let (quota, period) = text.split_once(' ')?;
    let (quota, period): (f32, f32) = (quota.parse().ok()?, period.parse().ok()?);
    (quota > 0.0 && period > 0.0).then_some(quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        root
    }

    #[test]
    fn the_tightest_of_the_groups_above_counts() {
        let root = host(&[
            ("proc/self/cgroup", "0::/system.slice/concierge.service\n"),
            ("sys/fs/cgroup/cgroup.controllers", "cpu memory\n"),
            ("sys/fs/cgroup/system.slice/memory.max", "1000000\n"),
            ("sys/fs/cgroup/system.slice/cpu.max", "150000 100000\n"),
            (
                "sys/fs/cgroup/system.slice/concierge.service/memory.max",
                "max\n",
            ),
            (
                "sys/fs/cgroup/system.slice/concierge.service/cpu.max",
                "200000 100000\n",
            ),
            (
                "sys/fs/cgroup/system.slice/concierge.service/memory.current",
                "4242\n",
            ),
            (
                "sys/fs/cgroup/system.slice/concierge.service/memory.stat",
                "anon 4000\ninactive_file 242\nactive_file 7\n",
            ),
        ]);
        let group = Group::find(root.path());
        assert_eq!((group.cpus, group.memory), (Some(1.5), Some(1_000_000)));
        assert_eq!(group.memory_used(), Some(4000));
    }

    #[test]
    fn a_container_sees_its_own_group_as_the_root() {
        let root = host(&[
            ("proc/self/cgroup", "0::/../../docker/abc\n"),
            ("sys/fs/cgroup/cgroup.controllers", ""),
            ("sys/fs/cgroup/memory.max", "536870912\n"),
            ("sys/fs/cgroup/cpu.max", "max 100000\n"),
        ]);
        let group = Group::find(root.path());
        assert_eq!((group.cpus, group.memory), (None, Some(536_870_912)));
        assert_eq!(group.memory_used(), None);
    }

    #[test]
    fn version_1_is_read_controller_by_controller() {
        let root = host(&[
            (
                "proc/self/cgroup",
                "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n",
            ),
            (
                "sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "77\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        ]);
        let group = Group::find(root.path());
        assert_eq!((group.cpus, group.memory), (Some(0.5), None));
        assert_eq!(group.memory_used(), Some(77));
    }

    #[test]
    fn a_machine_without_groups_limits_nothing() {
        let root = host(&[]);
        assert_eq!(Group::find(root.path()), Group::default());
    }
}
