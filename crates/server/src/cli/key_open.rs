//! What commands on the keys in use need: configuration, rings and database, also where a start would refuse the keys.

use std::{process::ExitCode, sync::Arc};

use super::{read, report};
use crate::{
    boot,
    config::{Finding, LoadArgs},
    keys::{self, Supply},
    platform::{
        clock::{Clock as _, SystemClock},
        shutdown::Shutdown,
    },
    services::Services,
};

/// Goes on with services around the keys as they are: a weak key must be openable to be rotated away.
pub(super) fn with_keys(
    args: &LoadArgs,
    json: bool,
    next: impl AsyncFnOnce(Arc<Services>) -> ExitCode,
) -> ExitCode {
    let reading = read(args);
    let rings = match keys::open(&reading, SystemClock.now()) {
        Ok(rings) => rings,
        Err(findings) => return report(findings, json),
    };
    if reading.findings.iter().any(Finding::is_error) {
        return report(reading.findings, json);
    }
    let Ok(loaded) = reading.accept() else {
        return ExitCode::FAILURE;
    };
    let outcome = boot::run(async {
        let (_, shutdown) = Shutdown::manual();
        let services =
            boot::assemble_with(loaded.config, rings, Supply::of(args), shutdown).await?;
        let code = next(Arc::clone(&services)).await;
        services.db.close().await;
        Ok(code)
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
