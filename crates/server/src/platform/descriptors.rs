//! File descriptors: each connection is one. The usual soft limit of 1,024 is for programs that can't name more; this one
//! can, and the hard limit is what its operator meant.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Enough for every connection that is ever taken, the database and files.
const ENOUGH: u64 = 4096;

/// Raises the soft limit to what is enough, as far as the hard one lets it.
pub fn raise() -> std::io::Result<()> {
    match raised(getrlimit(Resource::Nofile)) {
        Some(limit) => Ok(setrlimit(Resource::Nofile, limit)?),
        None => Ok(()),
    }
}

/// The limit in the place of one that is too low; a number that is missing is no limit.
fn raised(limit: Rlimit) -> Option<Rlimit> {
    let wanted = limit.maximum.map_or(ENOUGH, |most| most.min(ENOUGH));
    let is_low = limit.current.is_some_and(|current| current < wanted);
    is_low.then_some(Rlimit {
        current: Some(wanted),
        ..limit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_limit_is_raised_as_far_as_the_hard_one_lets_it() {
        let table = [
            ((Some(1024), Some(1_048_576)), Some(4096)),
            ((Some(1024), Some(2000)), Some(2000)),
            ((Some(1024), None), Some(4096)),
            ((Some(1024), Some(1024)), None),
            ((Some(20_000), Some(20_000)), None),
            ((None, None), None),
        ];
        for ((current, maximum), wanted) in table {
            let raised = raised(Rlimit { current, maximum });
            assert_eq!(raised.and_then(|limit| limit.current), wanted);
            assert!(raised.is_none_or(|limit| limit.maximum == maximum));
        }
    }
}
