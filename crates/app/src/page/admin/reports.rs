//! What browsers said went wrong in pages: broken content policies and failures, the newest first.

use concierge_core::{
    api::Empty,
    link::Page,
    system::{BrowserReport, ListReports, ReportKind, ReportList},
};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{
    desk::{Desk, Found, Watch, failed, read},
    facts::rows,
};
use crate::{
    client::{Client, call, use_client},
    text::{format::moment, use_locale, use_watch_texts},
};

/// The page.
#[component]
pub(crate) fn Reports() -> impl IntoView {
    let words = &use_watch_texts().reports;
    let client = use_client();
    let found = Resource::new(|| (), move |()| look(client.clone()));
    view! {
        <Title text=words.title />
        <div class="page">
            <div class="page-head">
                <h1>{words.title}</h1>
                <p class="lead">{words.lead}</p>
            </div>
            {Desk::new(found).reading(found, Callback::new(show))}
        </div>
    }
}

async fn look(client: Client) -> Found<Watch> {
    let answer = call::<ListReports>(&client, Empty {}).await;
    read(answer, Watch::Reports)
}

fn show(found: Found<Watch>) -> AnyView {
    let words = &use_watch_texts().reports;
    let reports = match found {
        Ok(Watch::Reports(ReportList { reports })) => reports,
        Err(code) => return failed(code.title(use_locale()), Page::Reports.path()),
        // Not asked for here.
        _ => return ().into_any(),
    };
    let (policies, failures): (Vec<_>, Vec<_>) = reports
        .into_iter()
        .partition(|report| report.kind == ReportKind::Policy);
    view! {
        {card("failures-heading", words.failures, words.no_failures, failures)}
        {card("policies-heading", words.policies, words.no_policies, policies)}
    }
    .into_any()
}

fn card(
    id: &'static str,
    title: &'static str,
    none: &'static str,
    reports: Vec<BrowserReport>,
) -> AnyView {
    let list = match reports.is_empty() {
        true => view! { <p>{none}</p> }.into_any(),
        false => {
            let items = reports.into_iter().map(one);
            view! { <ul class="sessions">{items.collect_view()}</ul> }.into_any()
        }
    };
    view! {
        <section class="card" aria-labelledby=id>
            <h2 id=id>{title}</h2>
            {list}
        </section>
    }
    .into_any()
}

fn one(report: BrowserReport) -> AnyView {
    let words = &use_watch_texts().reports;
    let locale = use_locale();
    let what = match report.what.as_str() {
        "" => words.no_message.to_owned(),
        what => what.to_owned(),
    };
    let page = match report.page.as_str() {
        "other" => words.elsewhere.to_owned(),
        page => page.to_owned(),
    };
    let mut known = vec![
        (words.page, page.into_any()),
        (words.count, report.count.to_string().into_any()),
        (words.last, moment(report.last_at, locale).into_any()),
        (words.first, moment(report.first_at, locale).into_any()),
        (words.build, report.build.into_any()),
    ];
    if !report.source.is_empty() {
        known.insert(0, (words.source, report.source.into_any()));
    }
    view! {
        <li class="ring-key">
            // What a browser said is in no language of ours.
            <h3 class="address" lang="en">
                {what}
            </h3>
            {rows(known)}
        </li>
    }
    .into_any()
}
