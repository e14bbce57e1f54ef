//! From records and metrics to OTLP's messages.

use std::collections::HashMap;

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber},
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
        ResourceMetrics, ScopeMetrics, Sum, metric::Data, number_data_point,
    },
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::SpanKind, status::StatusCode},
};
use prost::Message as _;

use super::records::{Answered, Happened};
use crate::platform::metrics::{BOUNDS, Family, Sample, Shape, Value};

/// Who sends.
#[derive(Debug)]
pub(super) struct Sender {
    /// Of this run of the program; half of every trace's id.
    pub(super) run: [u8; 8],
    pub(super) environment: &'static str,
    /// When it started, in nanoseconds since 1970.
    pub(super) started: u64,
    /// Whether counters tell what was added since the last time, instead of all since the start.
    pub(super) is_delta: bool,
}

/// What each counter stood at when the receiver took it last, and when that was.
#[derive(Debug, Clone, Default)]
pub(super) struct Baseline {
    at: u64,
    values: HashMap<String, Value>,
}

impl Sender {
    fn resource(&self) -> Option<Resource> {
        Some(Resource {
            attributes: vec![
                text("service.name", "concierge"),
                text("service.version", env!("CARGO_PKG_VERSION")),
                text("service.instance.id", &hex::encode(self.run)),
                text("deployment.environment.name", self.environment),
            ],
            ..Resource::default()
        })
    }

    /// The trace and the span of a request. Its id is in the log, in the event and in the answer, so all three lead
    /// to the trace.
    fn ids(&self, request_id: &str) -> (Vec<u8>, Vec<u8>) {
        match hex::decode(request_id) {
            Ok(own) if own.len() == 8 => ([&self.run[..], &own].concat(), own),
            _ => (Vec::new(), Vec::new()),
        }
    }

    pub(super) fn traces(&self, answered: &[Answered]) -> Vec<u8> {
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: self.resource(),
                scope_spans: vec![ScopeSpans {
                    scope: scope(),
                    spans: answered.iter().map(|one| self.span(one)).collect(),
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        };
        request.encode_to_vec()
    }

    fn span(&self, answered: &Answered) -> Span {
        let (trace_id, span_id) = self.ids(&answered.request_id);
        let took = u64::try_from(answered.took.as_nanos()).unwrap_or_default();
        let mut attributes = vec![
            text("http.request.method", &answered.method),
            text("http.route", &answered.route),
            number("http.response.status_code", answered.status),
            number("http.response.body.size", answered.bytes),
        ];
        let is_ours = answered.status >= 500;
        if is_ours {
            attributes.push(text("error.type", &answered.status.to_string()));
        }
        Span {
            trace_id,
            span_id,
            name: format!("{} {}", answered.method, answered.route),
            kind: SpanKind::Server.into(),
            start_time_unix_nano: answered.at.saturating_sub(took),
            end_time_unix_nano: answered.at,
            attributes,
            status: is_ours.then(|| Status {
                code: StatusCode::Error.into(),
                ..Status::default()
            }),
            ..Span::default()
        }
    }

    pub(super) fn logs(&self, happened: &[Happened]) -> Vec<u8> {
        let request = ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                resource: self.resource(),
                scope_logs: vec![ScopeLogs {
                    scope: scope(),
                    log_records: happened.iter().map(|one| self.log(one)).collect(),
                    ..ScopeLogs::default()
                }],
                ..ResourceLogs::default()
            }],
        };
        request.encode_to_vec()
    }

    fn log(&self, happened: &Happened) -> LogRecord {
        let (trace_id, span_id) = self.ids(&happened.request_id);
        let severity = match happened.severity.as_str() {
            "info" => SeverityNumber::Info,
            "notice" => SeverityNumber::Info2,
            "warning" => SeverityNumber::Warn,
            _ => SeverityNumber::Error,
        };
        let attributes = [
            ("reason", &happened.reason),
            ("user.id", &happened.account),
            ("actor.id", &happened.actor),
            ("client.address", &happened.address),
            ("request_id", &happened.request_id),
            ("details", &happened.details),
        ];
        let attributes = attributes.iter().filter(|(_, value)| !value.is_empty());
        LogRecord {
            time_unix_nano: happened.at,
            observed_time_unix_nano: happened.at,
            severity_number: severity.into(),
            severity_text: happened.severity.clone(),
            body: Some(string(&happened.event)),
            event_name: happened.event.clone(),
            attributes: attributes.map(|(name, value)| text(name, value)).collect(),
            trace_id,
            span_id,
            ..LogRecord::default()
        }
    }

    /// The message, and what counters stand at once it is taken.
    pub(super) fn metrics(
        &self,
        families: &[Family],
        now: u64,
        base: &Baseline,
    ) -> (Vec<u8>, Baseline) {
        let mut next = Baseline {
            at: now,
            values: HashMap::new(),
        };
        let metrics = families.iter().filter(|family| !family.samples.is_empty());
        let metrics = metrics.map(|family| self.metric(family, now, base, &mut next));
        let request = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: self.resource(),
                scope_metrics: vec![ScopeMetrics {
                    scope: scope(),
                    metrics: metrics.collect(),
                    ..ScopeMetrics::default()
                }],
                ..ResourceMetrics::default()
            }],
        };
        (request.encode_to_vec(), next)
    }

    fn metric(&self, family: &Family, now: u64, base: &Baseline, next: &mut Baseline) -> Metric {
        let counts = family.shape != Shape::Gauge;
        let began = match self.is_delta && base.at > 0 {
            true => base.at,
            false => self.started,
        };
        let (mut numbers, mut spreads) = (Vec::new(), Vec::new());
        for sample in &family.samples {
            let key = format!("{}{:?}", family.name, sample.labels);
            let mut value = sample.value.clone();
            if self.is_delta && counts {
                next.values.insert(key.clone(), value.clone());
                value = value.since(base.values.get(&key));
            }
            match value {
                Value::Number(value) => numbers.push(NumberDataPoint {
                    attributes: attributes(sample),
                    start_time_unix_nano: if counts { began } else { 0 },
                    time_unix_nano: now,
                    value: Some(number_data_point::Value::AsDouble(value)),
                    ..NumberDataPoint::default()
                }),
                Value::Spread(spread) => spreads.push(HistogramDataPoint {
                    attributes: attributes(sample),
                    start_time_unix_nano: began,
                    time_unix_nano: now,
                    count: spread.buckets.iter().sum(),
                    sum: Some(spread.sum),
                    bucket_counts: spread.buckets,
                    explicit_bounds: BOUNDS.to_vec(),
                    ..HistogramDataPoint::default()
                }),
            }
        }
        Metric {
            name: family.name.to_owned(),
            description: family.help.to_owned(),
            unit: if family.name.ends_with("_seconds") {
                "s"
            } else {
                "1"
            }
            .to_owned(),
            data: Some(self.data(family.shape, numbers, spreads)),
            ..Metric::default()
        }
    }

    fn data(
        &self,
        shape: Shape,
        data_points: Vec<NumberDataPoint>,
        spreads: Vec<HistogramDataPoint>,
    ) -> Data {
        let temporality = match self.is_delta {
            true => AggregationTemporality::Delta,
            false => AggregationTemporality::Cumulative,
        };
        match shape {
            Shape::Gauge => Data::Gauge(Gauge { data_points }),
            Shape::Counter => Data::Sum(Sum {
                data_points,
                aggregation_temporality: temporality.into(),
                is_monotonic: true,
            }),
            Shape::Histogram => Data::Histogram(Histogram {
                data_points: spreads,
                aggregation_temporality: temporality.into(),
            }),
        }
    }
}

fn attributes(sample: &Sample) -> Vec<KeyValue> {
    let labels = sample.labels.iter();
    labels.map(|(name, value)| text(name, value)).collect()
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: "concierge".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    })
}

fn string(value: &str) -> AnyValue {
    AnyValue {
        value: Some(any_value::Value::StringValue(value.to_owned())),
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(string(value)),
        ..KeyValue::default()
    }
}

fn number(key: &str, value: u64) -> KeyValue {
    let value = any_value::Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX));
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(is_delta: bool) -> Sender {
        Sender {
            run: [7; 8],
            environment: "test",
            started: 1,
            is_delta,
        }
    }

    /// What a counter of this value is sent as, since when.
    fn sent(sender: &Sender, value: f64, now: u64, base: &Baseline) -> (f64, u64, Baseline) {
        let family = Family::counter("a_total", "A.").with(value);
        let (bytes, next) = sender.metrics(&[family], now, base);
        let message = ExportMetricsServiceRequest::decode(&*bytes).expect("a message");
        let metric = &message.resource_metrics[0].scope_metrics[0].metrics[0];
        let Some(Data::Sum(sum)) = &metric.data else {
            panic!("no sum: {metric:?}");
        };
        let point = &sum.data_points[0];
        let Some(number_data_point::Value::AsDouble(value)) = point.value else {
            panic!("no number: {point:?}");
        };
        (value, point.start_time_unix_nano, next)
    }

    #[test]
    fn a_delta_is_what_was_added_since_the_receiver_took_the_last_one() {
        let sender = sender(true);
        let (value, since, first) = sent(&sender, 5.0, 10, &Baseline::default());
        assert_eq!((value, since), (5.0, 1));
        // The second one was not taken, so the third one tells what both would have.
        assert_eq!(sent(&sender, 6.0, 20, &first).0, 1.0);
        let (value, since, _) = sent(&sender, 8.0, 30, &first);
        assert_eq!((value, since), (3.0, 10));
    }

    #[test]
    fn cumulative_counters_tell_all_since_the_start() {
        let sender = sender(false);
        let (_, _, first) = sent(&sender, 5.0, 10, &Baseline::default());
        let (value, since, _) = sent(&sender, 8.0, 20, &first);
        assert_eq!((value, since), (8.0, 1));
    }

    #[test]
    fn what_is_no_request_of_ours_belongs_to_no_trace() {
        let sender = sender(false);
        assert_eq!(sender.ids("").0.len(), 0);
        assert_eq!(sender.ids("zz").0.len(), 0);
        let (trace, span) = sender.ids("0011223344556677");
        assert_eq!((trace.len(), span.len()), (16, 8));
        assert!(trace.ends_with(&span));
    }
}
