//! What tells the operator and their tools how the program is while it runs: the log, the listener of `/metrics`, and
//! the sending of traces, metrics and events.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};

use crate::{
    config::{Config, LogFormat},
    http,
    platform::{
        otlp::{Exporter, Records},
        shutdown::Shutdown,
        telemetry,
    },
    services::Services,
};

/// How long the end waits for a receiver to take what is left.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Starts the log; answers what a receiver is to be sent of it, when there is one.
pub(crate) fn start_log(config: &Config) -> Option<Arc<Records>> {
    let records = config.log.otlp.is_some().then(Arc::<Records>::default);
    let json = config.log.format == LogFormat::Json;
    telemetry::start(&config.log.filter, json, records.clone());
    telemetry::tell_panics(!config.environment.is_deployed());
    records
}

/// Both, as far as they are asked for.
pub(crate) struct Telling {
    listener: Option<JoinHandle<()>>,
    sending: Option<(JoinHandle<()>, watch::Sender<bool>)>,
}

impl Telling {
    /// Begins. Neither is worth a start: what can't be done is told in the log.
    pub(crate) fn start(services: &Arc<Services>, records: Option<Arc<Records>>) -> Self {
        let listener = services.config.log.metrics_listen.map(|address| {
            let shutdown = services.shutdown.clone();
            let serving = http::metrics::serve(Arc::clone(services), address, shutdown);
            tokio::spawn(serving)
        });
        Self {
            listener,
            sending: records.and_then(|records| send(services, records)),
        }
    }

    /// Ends after the requests have: theirs are among the last words.
    pub(crate) async fn end(self) {
        if let Some(listener) = self.listener {
            // It has ended with the other listener; whoever was reading has read to the end.
            let _ = listener.await;
        }
        if let Some((sending, end)) = self.sending {
            let _ = end.send(true);
            if tokio::time::timeout(LAST_WORDS, sending).await.is_err() {
                tracing::warn!("the OTLP receiver did not take the last records in time");
            }
        }
    }
}

fn send(
    services: &Arc<Services>,
    records: Arc<Records>,
) -> Option<(JoinHandle<()>, watch::Sender<bool>)> {
    let receiver = services.config.log.otlp.as_ref()?;
    let exporter = Exporter::new(
        receiver,
        records,
        services.config.environment.as_str(),
        Arc::clone(&services.clock),
        &*services.rng,
    );
    let exporter = exporter
        .inspect_err(|error| tracing::warn!(error, "nothing is sent to the OTLP receiver"))
        .ok()?;
    let (end, told) = Shutdown::manual();
    let services = Arc::clone(services);
    let families = move || {
        let services = Arc::clone(&services);
        async move { services.metric_families().await }
    };
    Some((tokio::spawn(exporter.run(families, told)), end))
}
