//! The lines to set by hand where keys come from a place that this program can't write.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use crate::{
    keys::{self, Purpose},
    services::Services,
};

/// Shows a new key and the one before it as lines, on a terminal only: they are secrets.
pub(super) fn show(services: &Services, purpose: Purpose, grace: Option<Duration>) {
    if !io::stdout().is_terminal() {
        eprintln!("Run this on a terminal to be shown the lines to set: they hold the new key.");
        return;
    }
    let grace = grace.unwrap_or(services.config.key_grace);
    let Some(lines) = keys::lines_for_hand(
        &services.keeper.supply().read(),
        purpose,
        services.clock.now().plus(grace),
        services.clock.now(),
        &*services.rng,
    ) else {
        eprintln!("error: the source of randomness is broken");
        return;
    };
    eprintln!(
        "\nSet these lines there, restart, and remove the _PREVIOUS line when its time is over:\n"
    );
    print!("{}", lines.expose());
}
