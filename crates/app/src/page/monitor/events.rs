//! The last security events, the newest first.

use concierge_core::{
    audit::{EventName, Severity},
    link::Page,
    monitor::live::Occurrence,
};
use leptos::prelude::*;

use super::follow::Host;
use crate::{
    reaction::part,
    text::{
        format::{fill_all, moment},
        use_locale, use_watch_texts,
    },
};

/// The list.
pub(super) fn events(host: Host) -> AnyView {
    let words = &use_watch_texts().happened;
    let locale = use_locale();
    let shown = Memo::new(move |_| host.with(|past| past.history.events.clone()));
    view! {
        <section class="card" aria-labelledby="events">
            <h2 id="events">{words.title}</h2>
            {part(move || {
                let shown = shown.get();
                if shown.is_empty() {
                    return view! { <p>{words.none}</p> }.into_any();
                }
                let rows = shown.iter().map(|event| row(event, moment(event.at, locale)));
                view! { <ol class="happened">{rows.collect_view()}</ol> }.into_any()
            })}
        </section>
    }
    .into_any()
}

/// What happened in words; the stable name of one that this page has no words for.
fn titled(name: &str) -> String {
    match EventName::from_text(name) {
        Some(known) => known.title(use_locale()).to_owned(),
        None => name.to_owned(),
    }
}

fn row(event: &Occurrence, at: String) -> AnyView {
    let words = &use_watch_texts().happened;
    let severity = [
        (Severity::Info, words.info),
        (Severity::Notice, words.notice),
        (Severity::Warning, words.warning),
        (Severity::Critical, words.critical),
    ];
    let severity = severity
        .into_iter()
        .find(|(severity, _)| severity.as_str() == event.severity)
        .map_or(event.severity.clone(), |(_, words)| words.to_owned());
    let class = match event.is_grave() {
        true => "happened-severity happened-grave",
        false => "happened-severity",
    };
    let from = event
        .address
        .as_deref()
        .map(|address| fill_all(words.from, &[address]));
    let name = titled(&event.name);
    let name = match &event.account {
        Some(account) => {
            let href = format!("{}?id={account}", Page::Accounts.path());
            view! { <a href=href>{name}</a> }.into_any()
        }
        None => view! { <span>{name}</span> }.into_any(),
    };
    view! {
        <li>
            <span class=class>{severity}</span>
            {name}
            <span class="session-facts">{at} " " {from}</span>
        </li>
    }
    .into_any()
}
