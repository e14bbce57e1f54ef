//! Core dumps: none of this program. Its memory holds every key, and a dump is a file that gets about: into a backup, a
//! report to somebody, the store of the system's crash handler, which takes none either where the limit is zero.

use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};

/// Lets no core be dumped of this process, nor of any that it starts.
pub fn forbid() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Ok(setrlimit(Resource::Core, none)?)
}
