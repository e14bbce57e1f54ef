//! Logs: one line per event on standard output, as JSON for machines or as text for a person.

use tracing_subscriber::{filter::Targets, fmt, prelude::*};

/// Libraries that carry keys and tokens over the network. In their finest levels some write down what they send, and
/// no filter of an operator may ask for that.
fn discreet() -> Targets {
    let carriers = [
        "aws", "azure", "h2", "hyper", "reqwest", "rustls", "typespec",
    ];
    let carriers = carriers.map(|target| (target, tracing::Level::WARN));
    Targets::new()
        .with_default(tracing::Level::TRACE)
        .with_targets(carriers)
}

/// Starts logging. `filter` is a level and `target=level` directives; what does not parse becomes `info`.
///
/// Directives can't name spans or fields: asking that at each step of each request costs more than it tells.
pub fn start(filter: &str, json: bool) {
    let everything = || Targets::new().with_default(tracing::Level::INFO);
    let filter: Targets = filter.parse().unwrap_or_else(|_| everything());
    let registry = tracing_subscriber::registry().with(filter).with(discreet());
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

/// Whether such a filter lets the ordinary events of a target through.
pub fn shows(filter: &str, target: &str) -> bool {
    let filter = filter.parse::<Targets>();
    filter.is_ok_and(|filter| filter.would_enable(target, &tracing::Level::INFO))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn what_carries_keys_over_the_network_tells_warnings_at_most() {
        let discreet = discreet();
        for carrier in [
            "aws_smithy_runtime::client",
            "azure_core",
            "hyper_util",
            "rustls",
        ] {
            assert!(discreet.would_enable(carrier, &Level::WARN));
            assert!(!discreet.would_enable(carrier, &Level::INFO));
        }
        for ours in ["concierge_server::keys", "security", "sqlx"] {
            assert!(discreet.would_enable(ours, &Level::TRACE));
        }
    }

    #[test]
    fn a_filter_shows_a_target_by_its_level_or_by_name() {
        for (filter, is_shown) in [
            ("info", true),
            ("warn", false),
            ("warn,security=info", true),
            ("info,security=error", false),
            ("off", false),
        ] {
            assert_eq!(shows(filter, "security"), is_shown, "{filter}");
        }
    }
}
