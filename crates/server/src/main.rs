//! The program `concierge`.

use std::process::ExitCode;

fn main() -> ExitCode {
    concierge_server::cli::run()
}
