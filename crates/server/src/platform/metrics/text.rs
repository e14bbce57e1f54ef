//! Prometheus' text format, version 0.0.4: what its server, Grafana Agent, Datadog's agent and curl all read.

use std::fmt::Write as _;

use super::{BOUNDS, Family, Shape, Spread, Value};

/// What a scrape is told it gets.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes families. One without series is left out: a name without a number says nothing.
pub fn write(families: &[Family]) -> String {
    let mut out = String::with_capacity(16 * 1024);
    for family in families.iter().filter(|family| !family.samples.is_empty()) {
        let kind = match family.shape {
            Shape::Counter => "counter",
            Shape::Gauge => "gauge",
            Shape::Histogram => "histogram",
        };
        let name = family.name;
        push(&mut out, format_args!("# HELP {name} {}\n", family.help));
        push(&mut out, format_args!("# TYPE {name} {kind}\n"));
        for sample in &family.samples {
            let labels: Vec<String> = sample
                .labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escape(value)))
                .collect();
            let labels = labels.join(",");
            match &sample.value {
                Value::Number(value) => line(&mut out, name, "", &labels, *value),
                Value::Spread(spread) => histogram(&mut out, name, &labels, spread),
            }
        }
    }
    out
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the format carries floating point numbers; counts are exact up to 2^53"
)]
fn histogram(out: &mut String, name: &str, labels: &str, spread: &Spread) {
    let bounds = BOUNDS.map(|bound| bound.to_string());
    let bounds = bounds.iter().map(String::as_str).chain(["+Inf"]);
    let separator = if labels.is_empty() { "" } else { "," };
    let mut sum = 0;
    for (count, bound) in spread.buckets.iter().zip(bounds) {
        sum += count;
        let labels = format!("{labels}{separator}le=\"{bound}\"");
        line(out, name, "_bucket", &labels, sum as f64);
    }
    line(out, name, "_sum", labels, spread.sum);
    line(out, name, "_count", labels, sum as f64);
}

fn line(out: &mut String, name: &str, suffix: &str, labels: &str, value: f64) {
    match labels {
        "" => push(out, format_args!("{name}{suffix} {value}\n")),
        _ => push(out, format_args!("{name}{suffix}{{{labels}}} {value}\n")),
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text never fails.
    let _ = out.write_fmt(text);
}

fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_summed_up_and_a_hostile_label_stays_one_value() {
        let mut family = Family::of(Shape::Histogram, "a_seconds", "How long.");
        let mut buckets = vec![0; BOUNDS.len() + 1];
        (buckets[0], buckets[1], buckets[BOUNDS.len()]) = (2, 1, 4);
        let spread = Spread { buckets, sum: 1.5 };
        family.add(&[("route", "/\"x\\\n")], Value::Spread(spread));
        let text = write(&[family, Family::gauge("empty", "Nothing.")]);

        assert!(text.starts_with("# HELP a_seconds How long.\n# TYPE a_seconds histogram\n"));
        assert!(text.contains("a_seconds_bucket{route=\"/\\\"x\\\\\\n\",le=\"0.001\"} 2\n"));
        assert!(text.contains(",le=\"0.005\"} 3\n"), "{text}");
        assert!(text.contains(",le=\"+Inf\"} 7\n"), "{text}");
        assert!(text.contains("a_seconds_count{route=\"/\\\"x\\\\\\n\"} 7\n"));
        assert!(!text.contains("empty"));
    }
}
