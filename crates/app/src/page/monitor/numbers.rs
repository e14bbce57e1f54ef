//! The charts as a table, which can be read aloud.

use leptos::prelude::*;

use super::{
    charts::{measures, name},
    figure::figure,
    follow::Host,
};
use crate::text::{use_locale, use_watch_texts};

/// The table.
pub(super) fn numbers(host: Host) -> AnyView {
    let words = &use_watch_texts().numbers;
    let (locale, unknown) = (use_locale(), use_watch_texts().page.unknown);
    let headings = [
        words.measure,
        words.now,
        words.least,
        words.average,
        words.most,
    ];
    let rows = measures().map(|(chart, metric)| {
        let cells = (0..4).map(|which: usize| {
            let value = move || {
                let value = host.with(|past| match which {
                    0 => past.now.get(metric),
                    _ => past.summary(metric)[which - 1],
                });
                value.map_or(unknown.to_owned(), |value| {
                    figure(value, metric.unit(), locale)
                })
            };
            view! { <td data-label=headings[which + 1]>{Signal::derive(value)}</td> }
        });
        view! {
            <tr>
                <th scope="row">{format!("{chart} · {}", name(metric))}</th>
                {cells.collect_view()}
            </tr>
        }
    });
    view! {
        <section class="card" aria-labelledby="numbers">
            <h2 id="numbers">{words.title}</h2>
            <table class="table numbers">
                <caption>{words.caption}</caption>
                <thead>
                    <tr>
                        {headings
                            .map(|heading| view! { <th scope="col">{heading}</th> })
                            .collect_view()}
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}
