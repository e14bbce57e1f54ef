//! The page: how it stands with the server, the last events, the charts and the same as numbers.
//!
//! The past comes with the page, so it is complete without script; the socket only goes on from there.

use concierge_core::{
    link::Page,
    monitor::{
        Unit,
        api::{Allowance, GetHistory, History, HistoryQuery, Range},
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{hooks::use_query_map, params::ParamsMap};

use super::{
    alerts::alerts,
    charts::charts,
    events::events,
    figure::figure,
    follow::{Host, Line},
    numbers::numbers,
    past::Past,
};
use crate::{
    client::{
        Client, call,
        refresh::{Keeper, use_keeper},
        use_client,
    },
    page::admin::desk::{Desk, Found, Watch, failed, read},
    reaction::{part, use_scripted},
    text::{format::fill_all, use_locale, use_watch_texts},
};

/// The page.
#[component]
pub(crate) fn Monitor() -> impl IntoView {
    let words = &use_watch_texts().page;
    let (client, keeper) = (use_client(), use_keeper());
    let query = use_query_map();
    let range = Memo::new(move |_| query.with(range_of));
    let asking = client.clone();
    let found = Resource::new(
        move || range.get(),
        move |range| look(asking.clone(), range),
    );
    let desk = Desk::new(found);
    view! {
        <Title text=words.title />
        <div class="page">
            <div class="page-head">
                <h1>{words.title}</h1>
                <p class="lead">{words.lead}</p>
                <Ranges chosen=range />
            </div>
            {desk.reading(found, Callback::new(move |found| show(found, client.clone(), keeper)))}
        </div>
    }
}

fn range_of(query: &ParamsMap) -> Range {
    let named = query.get_str("range").and_then(Range::from_text);
    named.unwrap_or_default()
}

/// Links, so that they work without script and lead back.
#[component]
fn Ranges(chosen: Memo<Range>) -> impl IntoView {
    let words = &use_watch_texts().page;
    let labels = [words.quarter, words.hours, words.days];
    let links = Range::ALL.into_iter().zip(labels).map(|(range, label)| {
        let href = format!("{}?range={}", Page::Monitor.path(), range.as_str());
        let current = move || (chosen.get() == range).then_some("page");
        view! {
            <li>
                <a class="choice" href=href aria-current=current>
                    {label}
                </a>
            </li>
        }
    });
    view! {
        <nav class="choices" aria-label=words.ranges>
            <ul>{links.collect_view()}</ul>
        </nav>
    }
}

async fn look(client: Client, range: Range) -> Found<Watch> {
    let query = HistoryQuery { range, since: None };
    let answer = call::<GetHistory>(&client, query).await;
    read(answer, |history| Watch::History(Box::new(history)))
}

fn show(found: Found<Watch>, client: Client, keeper: Keeper) -> AnyView {
    match found {
        Ok(Watch::History(history)) => whole(*history, client, keeper),
        Err(code) => failed(code.title(use_locale()), Page::Monitor.path()),
        // Not asked for here.
        _ => ().into_any(),
    }
}

fn whole(history: History, client: Client, keeper: Keeper) -> AnyView {
    let words = &use_watch_texts().page;
    let limits = limits(&history.allowance);
    let host = Host::new(Past::new(history), client.clone(), keeper);
    let is_empty = Memo::new(move |_| host.with(|past| past.history.at.is_empty()));
    view! {
        {alerts(host)}
        {standing(host, client)}
        {part(move || match is_empty.get() {
            true => view! { <p>{words.empty}</p> }.into_any(),
            false => ().into_any(),
        })}
        {charts(host)}
        {limits.map(|limits| view! { <p class="session-facts">{limits}</p> })}
        {events(host)}
        {numbers(host)}
    }
    .into_any()
}

/// How the page stands with the server, and the buttons that script brings to life.
fn standing(host: Host, client: Client) -> AnyView {
    let words = &use_watch_texts().page;
    let scripted = use_scripted();
    let said = move || match (host.line(), host.is_paused()) {
        (Line::Open, true) => words.paused,
        (Line::Open, false) => words.open,
        (Line::Opening, _) => words.opening,
        (Line::Waiting, _) => words.waiting,
        (Line::Asleep, _) => words.asleep,
        (Line::Over, _) => words.over,
        (Line::Outdated, _) => words.outdated,
    };
    let label = move || match host.line() == Line::Asleep || host.is_paused() {
        true => words.go_on,
        false => words.pause,
    };
    let press = move |_| match host.line() {
        Line::Asleep => host.wake(&client),
        _ => host.toggle(),
    };
    let class = move || match (scripted.get(), host.line()) {
        (false, _) => "standing-line standing-off",
        (true, Line::Open) => "standing-line standing-live",
        (true, _) => "standing-line",
    };
    view! {
        <div class="live-head">
            // Its content is text to a browser with script, and must not be hydrated.
            <noscript inner_html=words.no_script></noscript>
            <p class=class role="status">
                {Signal::derive(said)}
            </p>
            <button class="button" type="button" disabled=move || !scripted.get() on:click=press>
                {Signal::derive(label)}
            </button>
        </div>
    }
    .into_any()
}

/// What of the host this process may use, where that is not all of it.
fn limits(allowance: &Allowance) -> Option<String> {
    let words = &use_watch_texts().page;
    let locale = use_locale();
    if allowance.cpu_limit.is_none() && allowance.memory_limit.is_none() {
        return None;
    }
    let cpus = allowance.cpu_limit.map(|limit| {
        let limit = figure(limit, Unit::Load, locale);
        format!("{limit}/{}", allowance.cpus)
    });
    let memory = allowance.memory_limit;
    let memory = memory.map(|limit| figure(limit as f32, Unit::Bytes, locale));
    let all = || words.all.to_owned();
    let (cpus, memory) = (cpus.unwrap_or_else(all), memory.unwrap_or_else(all));
    Some(fill_all(words.limits, &[&cpus, &memory]))
}
