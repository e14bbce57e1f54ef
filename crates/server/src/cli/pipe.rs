//! `concierge key status | head -1`: whoever reads the output has read enough, and the command ends without a word.
//!
//! Rust ignores SIGPIPE, so `println!` panics when nobody reads any more; to have the signal back needs `unsafe`. What
//! a command prints comes after what it does, or is told with [`tell`] and [`warn`], so nothing is left half done.

use std::{
    any::Any,
    io::{self, Write as _},
    panic::{set_hook, take_hook},
    process::exit,
};

/// What a shell says of a program that SIGPIPE ended: 128 and the number of the signal.
const ENDED_BY_SIGPIPE: i32 = 128 + 13;

/// From now on, output that nobody reads ends the process quietly. Not for a server, which outlives its terminal.
pub(super) fn end_with_the_reader() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        if is_broken_pipe(panic.payload()) {
            exit(ENDED_BY_SIGPIPE);
        }
        usual(panic);
    }));
}

/// Says something before an act, which is done whether anybody reads this or not.
pub(super) fn tell(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

/// Shows what was asked for. Whoever reads no further ends the command; any other failure is told by its caller.
pub(super) fn show(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    let shown = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match shown {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit(ENDED_BY_SIGPIPE),
        shown => shown,
    }
}

/// Says something on standard error, in a line, whether anybody reads it or not.
pub(super) fn warn(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Whether it is the panic of `print!` or `eprint!` for want of a reader. Its text is all that it says; a test with a
/// real pipe notices when it becomes another.
fn is_broken_pipe(payload: &(dyn Any + Send)) -> bool {
    let text = payload.downcast_ref::<String>();
    text.is_some_and(|text| {
        text.starts_with("failed printing to std") && text.contains("Broken pipe")
    })
}
