//! How much memory there is for this process, and how much of it is used: by the host, and by the control group where it
//! has a limit.

use std::{fs, path::Path};

use super::cgroup::Group;

/// The host, but for tests.
const ROOT: &str = "/";

/// The memory there is, in bytes: the host's, or what the control group allows where that is less.
pub fn total() -> Option<u64> {
    let root = Path::new(ROOT);
    let group = Group::find(root).memory;
    of_host(root)
        .map(|(_, total)| total)
        .into_iter()
        .chain(group)
        .min()
}

/// How much of it is used, in per cent: of host and control group the one that is nearer to its end. What can be taken
/// back at once counts as free.
pub fn used_percent() -> Option<i64> {
    used_percent_below(Path::new(ROOT))
}

fn used_percent_below(root: &Path) -> Option<i64> {
    let group = Group::find(root);
    let of_group = group.memory_used().zip(group.memory);
    let both = of_host(root).into_iter().chain(of_group);
    both.filter_map(|(used, total)| percent(used, total)).max()
}

/// Used and all, in bytes.
fn of_host(root: &Path) -> Option<(u64, u64)> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let (total, available) = (kib(&text, "MemTotal:")?, kib(&text, "MemAvailable:")?);
    let used = total.saturating_sub(available);
    Some((used.saturating_mul(1024), total.saturating_mul(1024)))
}

fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// A part of the whole in per cent.
pub fn percent(part: u64, whole: u64) -> Option<i64> {
    let per_cent = part.saturating_mul(100).checked_div(whole)?;
    i64::try_from(per_cent).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_container_on_a_big_host_is_full_by_its_own_limit() {
        let root = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        };
        write("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 900 kB\n");
        assert_eq!(used_percent_below(root.path()), Some(10));
        write("proc/self/cgroup", "0::/\n");
        write("sys/fs/cgroup/cgroup.controllers", "memory\n");
        write("sys/fs/cgroup/memory.current", "95000\n");
        write("sys/fs/cgroup/memory.stat", "inactive_file 1000\n");
        write("sys/fs/cgroup/memory.max", "max\n");
        assert_eq!(used_percent_below(root.path()), Some(10), "no limit");
        write("sys/fs/cgroup/memory.max", "100000\n");
        assert_eq!(used_percent_below(root.path()), Some(94));
        assert_eq!(used_percent_below(Path::new("/no/such/folder")), None);
    }

    #[test]
    fn this_host_has_memory() {
        assert!(total() > Some(1_000_000));
        assert!(matches!(used_percent(), Some(0..=100)));
    }
}
