//! What happened in the house: every event, with filters that stand in the address.
//!
//! The filters are a plain form, so they work without script, and a link leads back to what was asked for.

use concierge_core::{
    audit::{
        EventName, Severity,
        api::{EventQuery, ListEvents},
    },
    link::Page,
    problem::ErrorCode,
    time::Timestamp,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{hooks::use_query_map, params::ParamsMap};

use super::desk::{Desk, Found, Watch, failed, read};
use crate::{
    client::{Client, call, use_client},
    page::account::event_list::{copies, list, ways},
    reaction::part,
    text::{use_desk_texts, use_locale, use_watch_texts},
};

/// The filters, by their names in the address.
const FILTERS: [&str; 4] = ["event", "severity", "account", "since"];

/// The page.
#[component]
pub(crate) fn AllEvents() -> impl IntoView {
    let client = use_client();
    let query = use_query_map();
    let found = Resource::new(
        move || query.get(),
        move |query| look(client.clone(), query),
    );
    let desk = Desk::new(found);
    let words = &use_watch_texts().events;
    view! {
        <Title text=words.title />
        <div class="page">
            <div class="page-head">
                <h1>{words.title}</h1>
                <p class="lead">{words.lead}</p>
            </div>
            {part(move || filters(&query.read()))}
            {desk.reading(found, Callback::new(move |found| show(found, &query.read_untracked())))}
        </div>
    }
}

/// What was asked for; a field that was left empty asks for nothing.
fn asked(query: &ParamsMap) -> Vec<(&'static str, String)> {
    let given = |name| Some((name, query.get(name).filter(|value| !value.is_empty())?));
    FILTERS.into_iter().filter_map(given).collect()
}

/// The question to the server, and the same as the query of another address; none where a filter is no such thing.
fn question(query: &ParamsMap) -> Option<(EventQuery, Vec<(&'static str, String)>)> {
    let mut question = EventQuery {
        cursor: query.get("cursor"),
        ..EventQuery::default()
    };
    let mut asked = asked(query);
    for (name, value) in &mut asked {
        match *name {
            "event" => question.event = Some(value.clone()),
            "severity" => question.severity = Some(Severity::from_text(value)?),
            "account" => question.account = Some(value.trim().to_owned()),
            _ => {
                let since = day(value)?;
                question.since = Some(since);
                *value = since.to_rfc3339();
            }
        }
    }
    Some((question, asked))
}

/// The beginning of a day, as a field for a date sends it; or a whole time.
fn day(text: &str) -> Option<Timestamp> {
    let begins = Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z"));
    begins.or_else(|| Timestamp::parse_rfc3339(text))
}

async fn look(client: Client, query: ParamsMap) -> Found<Watch> {
    match question(&query) {
        Some((question, _)) => read(call::<ListEvents>(&client, question).await, Watch::Events),
        None => Err(ErrorCode::BadRequest),
    }
}

fn show(found: Found<Watch>, query: &ParamsMap) -> AnyView {
    let path = Page::AllEvents.path();
    match found {
        Ok(Watch::Events(page)) => {
            let exact = question(query).map(|(_, exact)| exact).unwrap_or_default();
            let begins = query.get("cursor").is_none();
            view! {
                {copies(&exact)}
                {list(page.events, true)}
                {ways(path, &asked(query), begins, page.next)}
            }
            .into_any()
        }
        Err(code) => failed(code.title(use_locale()), path),
        // Not asked for here.
        _ => ().into_any(),
    }
}

/// Every event with its words, in their order.
pub(super) fn titles() -> Vec<(&'static str, &'static str)> {
    let locale = use_locale();
    // Put in one by one: what sorts weighs three kilobytes in the module.
    let mut titles: Vec<(&str, &str)> = Vec::new();
    for name in EventName::ALL {
        let title = name.title(locale);
        let place = titles.partition_point(|(_, before)| *before < title);
        titles.insert(place, (name.as_str(), title));
    }
    titles
}

fn filters(query: &ParamsMap) -> AnyView {
    let (words, severities) = (&use_watch_texts().events, &use_desk_texts().events);
    let given = |name| query.get(name).unwrap_or_default();
    let names = titles();
    let known = Severity::ALL.into_iter().zip([
        severities.info,
        severities.notice,
        severities.warning,
        severities.critical,
    ]);
    let known = known.map(|(severity, title)| (severity.as_str(), title));
    view! {
        <form class="search" method="get" action=Page::AllEvents.path() role="search">
            {choice("event", words.event, words.any_event, &given("event"), names)}
            {choice("severity", words.severity, words.any_severity, &given("severity"), known.collect())}
            {field("account", words.account, "text", given("account"))}
            {field("since", words.since, "date", given("since"))}
            <button class="button" type="submit">
                {words.submit}
            </button>
        </form>
    }
    .into_any()
}

fn choice(
    name: &'static str,
    label: &'static str,
    any: &'static str,
    given: &str,
    values: Vec<(&'static str, &'static str)>,
) -> AnyView {
    let options = [("", any)].into_iter().chain(values).map(|(value, title)| {
        view! {
            <option value=value selected=value == given>
                {title}
            </option>
        }
    });
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select class="input" id=name name=name>
                {options.collect_view()}
            </select>
        </div>
    }
    .into_any()
}

fn field(name: &'static str, label: &'static str, kind: &'static str, given: String) -> AnyView {
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input class="input" id=name name=name type=kind autocomplete="off" maxlength="64" value=given />
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> ParamsMap {
        let mut query = ParamsMap::new();
        for (name, value) in pairs {
            query.insert((*name).to_owned(), (*value).to_owned());
        }
        query
    }

    #[test]
    fn an_empty_filter_asks_for_nothing_and_a_day_begins_at_midnight() {
        let (nothing, exact) =
            question(&query(&[("event", ""), ("since", "")])).expect("a question");
        assert_eq!(nothing, EventQuery::default());
        assert!(exact.is_empty());
        let pairs = [
            ("account", " acc_1 "),
            ("since", "2026-11-21"),
            ("cursor", "x"),
        ];
        let (question, exact) = question(&query(&pairs)).expect("a question");
        assert_eq!(question.account.as_deref(), Some("acc_1"));
        assert_eq!(
            question
                .since
                .map(|at| at.to_rfc3339()[..19].to_owned())
                .as_deref(),
            Some("2026-11-21T00:00:00")
        );
        assert_eq!(question.cursor.as_deref(), Some("x"));
        assert!(exact[1].1.starts_with("2026-11-21T00:00:00"), "{exact:?}");
    }

    #[test]
    fn what_is_no_filter_is_no_question() {
        for pair in [("severity", "loud"), ("since", "yesterday")] {
            assert!(question(&query(&[pair])).is_none(), "{pair:?}");
        }
    }
}
