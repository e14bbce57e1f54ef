//! Logs: one line per event on standard output, as JSON for machines or as text for a person.

use std::{panic, sync::Arc};

use tracing::{Level, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::{FilterExt as _, Targets},
    fmt,
    prelude::*,
    registry::LookupSpan,
};

use super::otlp::{Records, Tap};

/// The line of a panic. No filter hides it: nothing else tells of it.
const PANIC: &str = "panic";

/// Libraries that carry keys and tokens over the network. In their finest levels some write down what they send, and
/// no filter of an operator may ask for that.
fn discreet() -> Targets {
    let carriers = [
        "aws", "azure", "h2", "hyper", "reqwest", "rustls", "typespec",
    ];
    let carriers = carriers.map(|target| (target, Level::WARN));
    Targets::new()
        .with_default(Level::TRACE)
        .with_targets(carriers)
}

/// Starts logging. `filter` is a level and `target=level` directives; what does not parse becomes `info`. What `records`
/// take does not depend on it.
///
/// Directives can't name spans or fields: asking that at each step of each request costs more than it tells.
pub fn start(filter: &str, json: bool, records: Option<Arc<Records>>) {
    let filter = self::filter(filter);
    let registry = tracing_subscriber::registry();
    // A second start (tests, tools) keeps the first subscriber.
    let _ = match records {
        // One filter for all costs less than one for each.
        None => registry
            .with(filter)
            .with(discreet())
            .with(lines(json))
            .try_init(),
        Some(records) => registry
            .with(lines(json).with_filter(filter.and(discreet())))
            .with(Tap(records).with_filter(Tap::filter()))
            .try_init(),
    };
}

fn filter(text: &str) -> Targets {
    let everything = || Targets::new().with_default(Level::INFO);
    let filter: Targets = text.parse().unwrap_or_else(|_| everything());
    filter.with_target(PANIC, Level::ERROR)
}

/// Tells each panic as one line of the log: where it was, and never its message, which may hold whatever the code had
/// at hand. `shows_message` writes that to standard error all the same, for whoever develops.
pub fn tell_panics(shows_message: bool) {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let location = info.location().map(ToString::to_string);
        let location = location.unwrap_or_default();
        tracing::error!(target: PANIC, location, "the program has a fault: a task of it ended");
        if shows_message {
            usual(info);
        }
    }));
}

fn lines<S>(json: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if json {
        fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed()
    } else {
        fmt::layer().with_target(false).compact().boxed()
    }
}

/// Whether such a filter lets the ordinary events of a target through.
pub fn shows(filter: &str, target: &str) -> bool {
    let filter = filter.parse::<Targets>();
    filter.is_ok_and(|filter| filter.would_enable(target, &Level::INFO))
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Mutex, PoisonError},
    };

    use super::*;

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_in_a_task_is_one_line_that_says_where_and_not_what() {
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = fmt::layer().json().flatten_event(true);
        let lines = lines.with_writer(move || writer.clone());
        // Tests that fail meanwhile say so as ever.
        tell_panics(true);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let ended = runtime
                .expect("a runtime")
                .block_on(async { tokio::spawn(async { panic!("hunter2") }).await });
            assert!(ended.is_err_and(|error| error.is_panic()));
        });
        let log = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        let log = String::from_utf8_lossy(&log);
        let line: serde_json::Value = serde_json::from_str(&log).expect("one line of JSON");
        assert_eq!(
            (&line["target"], &line["level"]),
            (&"panic".into(), &"ERROR".into())
        );
        let location = line["location"].as_str().expect("a place");
        assert!(location.contains("telemetry.rs:"), "{location}");
        assert!(!log.contains("hunter2"), "{log}");
    }

    #[test]
    fn no_filter_hides_a_panic() {
        for text in ["off", "panic=off", "warn,panic=off", "no filter at all!"] {
            assert!(filter(text).would_enable(PANIC, &Level::ERROR), "{text}");
        }
        assert!(!filter("off").would_enable("security", &Level::ERROR));
    }

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
