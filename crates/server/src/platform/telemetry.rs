//! Logs: one line per event on standard output, as JSON for machines or as text for a person.

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Starts logging. `filter` is in the syntax of `tracing` directives; what does not parse becomes `info`.
pub fn start(filter: &str, json: bool) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    // A second start (tests, tools) keeps the first subscriber.
    let _ = if json {
        registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false),
            )
            .try_init()
    } else {
        registry
            .with(fmt::layer().with_target(false).compact())
            .try_init()
    };
}
