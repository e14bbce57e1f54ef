//! Where the key settings come from, to be read again whenever a file has changed.

use std::{fmt, sync::Arc};

use crate::config::{Config, LoadArgs, Reading};

/// Reads the surroundings anew each time: files change while the program runs, its environment does not.
#[derive(Clone)]
pub struct Supply(Arc<dyn Fn() -> Reading + Send + Sync>);

impl Supply {
    /// The surroundings of this process, with what its command line said.
    pub fn of(args: &LoadArgs) -> Self {
        let args = args.clone();
        Self::new(move || Config::read(&args))
    }

    /// Whatever the function answers.
    pub fn new(read: impl Fn() -> Reading + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// What is given right now.
    pub fn read(&self) -> Reading {
        (self.0)()
    }
}

impl fmt::Debug for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Supply")
    }
}
