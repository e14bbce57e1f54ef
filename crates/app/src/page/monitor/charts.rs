//! The charts: which numbers stand together, on which scale, and what they are now.

use concierge_core::{
    locale::Locale,
    monitor::{Metric, Unit, Value, api::Range},
    time::Timestamp,
};
use leptos::prelude::*;

use super::{figure::figure, follow::Host, past::Past};
use crate::{
    text::{
        format::{day, fill_all, minute},
        use_locale, use_watch_texts,
    },
    ui::chart::{Scale, chart, round_up},
};

/// A chart: its lines, and the metric that is the whole of them.
struct Group {
    title: &'static str,
    lines: &'static [Metric],
    whole: Option<Metric>,
}

fn groups() -> [Group; 8] {
    use Metric as M;
    let words = &use_watch_texts().chart;
    let group = |title, lines, whole| Group {
        title,
        lines,
        whole,
    };
    [
        group(words.processor, &[M::Cpu, M::OwnCpu], None),
        group(words.load, &[M::Load1, M::Load5, M::Load15], None),
        group(
            words.memory,
            &[M::Memory, M::MemoryGroup, M::Swap],
            Some(M::MemoryTotal),
        ),
        group(words.disk, &[M::Disk], Some(M::DiskTotal)),
        group(words.traffic, &[M::DiskIo, M::NetworkIo], None),
        group(words.own_memory, &[M::OwnMemory], None),
        group(words.handles, &[M::OpenFiles, M::Sockets, M::Pool], None),
        group(words.lag, &[M::Lag], None),
    ]
}

/// Each metric with the title of its chart, in the order of the charts.
pub(super) fn measures() -> impl Iterator<Item = (&'static str, Metric)> {
    groups()
        .into_iter()
        .flat_map(|group| group.lines.iter().map(move |line| (group.title, *line)))
}

/// What a metric is called within its chart.
pub(super) fn name(metric: Metric) -> &'static str {
    let words = &use_watch_texts().metric;
    match metric {
        Metric::Cpu => words.cpu,
        Metric::Load1 => words.load_1,
        Metric::Load5 => words.load_5,
        Metric::Load15 => words.load_15,
        Metric::Memory => words.memory,
        Metric::MemoryTotal => words.memory_total,
        Metric::MemoryGroup => words.memory_group,
        Metric::Swap => words.swap,
        Metric::Disk => words.disk,
        Metric::DiskTotal => words.disk_total,
        Metric::DiskIo => words.disk_io,
        Metric::NetworkIo => words.network_io,
        Metric::OwnCpu => words.own_cpu,
        Metric::OwnMemory => words.own_memory,
        Metric::OpenFiles => words.open_files,
        Metric::Sockets => words.sockets,
        Metric::Pool => words.pool,
        Metric::Lag => words.lag,
    }
}

/// All of them.
pub(super) fn charts(host: Host) -> AnyView {
    let cards = groups()
        .into_iter()
        .enumerate()
        .map(|(index, group)| card(host, group, index));
    view! { <div class="charts">{cards.collect_view()}</div> }.into_any()
}

fn card(host: Host, group: Group, index: usize) -> AnyView {
    let Group {
        title,
        lines,
        whole,
    } = group;
    let id = format!("chart-{index}");
    // The language is the page's; read here, because a signal is read outside of it.
    let locale = use_locale();
    let words = use_watch_texts();
    let keys = lines.iter().enumerate().map(|(line, metric)| {
        let metric = *metric;
        let now = move || {
            let now = host.with(|past| past.now.get(metric));
            now.map_or(words.page.unknown.to_owned(), |now| {
                figure(now, metric.unit(), locale)
            })
        };
        view! {
            <li class=format!("chart-key chart-key-{}", line + 1)>
                <span>{name(metric)}</span>
                <span class="chart-now">{Signal::derive(now)}</span>
            </li>
        }
    });
    let drawn = lines.iter().map(|metric| {
        let metric = *metric;
        Signal::derive(move || host.with(|past| line(past, metric, lines, whole)))
    });
    let scale = move || {
        let top = host.with(|past| top(past, lines, whole));
        let unit = lines[0].unit();
        fill_all(words.chart.scale, &[&figure(top, unit, locale)])
    };
    view! {
        <section class="card chart-card" aria-labelledby=id.clone()>
            <h2 id=id.clone()>{title}</h2>
            <ul class="chart-keys">{keys.collect_view()}</ul>
            {chart(id.clone(), drawn.collect())}
            {edges(host, locale)}
            <p class="chart-scale">{Signal::derive(scale)}</p>
        </section>
    }
    .into_any()
}

/// From when to when the charts show; once for an eye that looks at one of them, and not again for an ear.
fn edges(host: Host, locale: Locale) -> AnyView {
    let edge = move |which: fn(&Scale) -> i64| {
        Memo::new(move |_| {
            host.with(|past| {
                let at = Timestamp::from_millis(which(&scale(past, 1.0)));
                match past.history.range {
                    Range::Days => day(at, locale),
                    Range::Quarter | Range::Hours => minute(at),
                }
            })
        })
    };
    let (from, to) = (edge(|scale| scale.from), edge(|scale| scale.to));
    view! {
        <p class="chart-edges" aria-hidden="true">
            <span>{from}</span>
            <span>{to}</span>
        </p>
    }
    .into_any()
}

/// The part of the past that is shown, up to a value.
fn scale(past: &Past, top: f32) -> Scale {
    let millis = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let (to, range) = (past.ends_at(), past.history.range);
    Scale {
        from: to - millis(range.span()),
        to,
        top,
        gap: millis(range.gap()),
    }
}

fn line(past: &Past, metric: Metric, lines: &[Metric], whole: Option<Metric>) -> String {
    let Some(column) = past.history.column(metric) else {
        return String::new();
    };
    let scale = scale(past, top(past, lines, whole));
    let values = column.avg.iter().map(|value| value.get());
    scale.line(past.history.at.iter().copied().zip(values))
}

/// The upper edge: the whole where there is one, everything of percents, else a round number above the highest.
fn top(past: &Past, lines: &[Metric], whole: Option<Metric>) -> f32 {
    if let Some(whole) = whole.and_then(|whole| past.now.get(whole)) {
        return whole;
    }
    let values = lines.iter().filter_map(|line| past.history.column(*line));
    let values =
        values.flat_map(|column| column.avg.iter().filter_map(|value: &Value| value.get()));
    let highest = values.fold(0.0, f32::max);
    match lines[0].unit() {
        Unit::Percent => round_up(highest).max(100.0),
        // In steps that stay round when they are read.
        Unit::Bytes | Unit::Rate => {
            let mut step = 1.0;
            while highest / step >= 1024.0 {
                step *= 1024.0;
            }
            round_up(highest / step) * step
        }
        Unit::Load | Unit::Count | Unit::Millis => round_up(highest),
    }
}
