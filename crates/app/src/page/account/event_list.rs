//! How events are shown: each with its severity, its facts and what few readers need, folded away; the ways to older ones
//! and to copies. Plain links, so they work without script.

use concierge_core::{
    audit::{Severity, api::EventView},
    link::encode_query,
};
use leptos::prelude::*;

use super::sessions::device;
use crate::text::{format::moment, use_desk_texts, use_locale};

/// The events of a page; for admins with the account of each.
pub(crate) fn list(events: Vec<EventView>, of_all: bool) -> AnyView {
    let words = &use_desk_texts().events;
    if events.is_empty() {
        return view! {
            <section class="card empty">
                <p class="empty-what">{words.none}</p>
            </section>
        }
        .into_any();
    }
    let items = events.into_iter().map(|event| one(event, of_all));
    view! {
        <section class="card">
            <ul class="sessions events">{items.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn one(event: EventView, of_all: bool) -> AnyView {
    let words = use_desk_texts();
    let (severity, tone) = match event.severity {
        Severity::Info => (words.events.info, "tag"),
        Severity::Notice => (words.events.notice, "tag"),
        Severity::Warning => (words.events.warning, "tag tag-warning"),
        Severity::Critical => (words.events.critical, "tag tag-danger"),
    };
    let with = device((&event.browser, &event.system), words.sessions.on, "");
    let facts = [event.address.clone(), with];
    let facts = facts.into_iter().filter(|fact| !fact.is_empty());
    let facts: String = facts.map(|fact| format!(" · {fact}")).collect();
    view! {
        <li class="session event">
            <h2 class="event-what">
                {event.title.clone()} " " <span class=tone>{severity}</span>
            </h2>
            <p class="session-facts">
                <time datetime=event.at.to_rfc3339()>{moment(event.at, use_locale())}</time>
                {facts}
            </p>
            {more(event, of_all)}
        </li>
    }
    .into_any()
}

/// What few readers need, folded away.
fn more(event: EventView, of_all: bool) -> AnyView {
    let words = &use_desk_texts().events;
    let account = of_all.then_some((words.account, event.account.unwrap_or_default()));
    let details = match &event.details {
        serde_json::Value::Object(fields) if fields.is_empty() => String::new(),
        details => details.to_string(),
    };
    let known = [
        Some((words.name, event.event)),
        account,
        Some((words.actor, event.actor.unwrap_or_default())),
        Some((words.client, event.user_agent)),
        Some((words.request, event.request_id)),
        Some((words.details, details)),
        Some((words.id, event.id)),
    ];
    let known = known
        .into_iter()
        .flatten()
        .filter(|(_, fact)| !fact.is_empty());
    let rows = known.map(|(what, fact)| {
        view! {
            <div>
                <dt>{what}</dt>
                <dd>
                    <code>{fact}</code>
                </dd>
            </div>
        }
    });
    view! {
        <details>
            <summary>{words.more}</summary>
            <dl class="facts facts-close">{rows.collect_view()}</dl>
        </details>
    }
    .into_any()
}

/// The ways to the other pages of a list, which keep what was asked for.
pub(crate) fn ways(
    path: &str,
    asked: &[(&str, String)],
    begins: bool,
    next: Option<String>,
) -> AnyView {
    let words = &use_desk_texts().events;
    let first = (!begins).then(|| (words.first, with_query(path, asked, &[])));
    let next = next.map(|cursor| (words.next, with_query(path, asked, &[("cursor", cursor)])));
    let ways = [first, next].into_iter().flatten().map(|(label, path)| {
        // `external`: another list is another page, and the focus begins at its top.
        view! { <a class="button" href=path rel="external">{label}</a> }
    });
    let ways = ways.collect_view();
    match ways.is_empty() {
        true => ().into_any(),
        false => view! {
            <nav class="actions" aria-label=words.pages>
                {ways}
            </nav>
        }
        .into_any(),
    }
}

/// The ways to a copy of everything that was asked for.
pub(crate) fn copies(asked: &[(&str, String)]) -> AnyView {
    let words = &use_desk_texts().events;
    let way = |format: &str, label: &'static str| {
        let path = with_query(
            "/api/events/export",
            &[("format", format.to_owned())],
            asked,
        );
        // `external`: the server answers with a file, not with a page of ours.
        view! { <a href=path rel="external" download="">{label}</a> }
    };
    view! {
        <p class="copies">
            {words.export} " " {way("csv", words.csv)} " · " {way("jsonl", words.jsonl)}
        </p>
    }
    .into_any()
}

fn with_query(path: &str, first: &[(&str, String)], then: &[(&str, String)]) -> String {
    let mut path = path.to_owned();
    for (name, value) in first.iter().chain(then) {
        path.push(if path.contains('?') { '&' } else { '?' });
        path.push_str(name);
        path.push('=');
        path.push_str(&encode_query(value));
    }
    path
}
