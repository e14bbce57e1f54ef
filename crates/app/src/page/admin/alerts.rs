//! The alerts of the house: what stands out right now, the rules, the channels, and what was told.

use concierge_core::{
    alert::{
        Phase,
        api::{AcknowledgeAlert, Acknowledgement, AlertDesk, AlertView, DeliveryView, GetAlerts},
    },
    api::Empty,
    link::Page,
};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{
    alerts_channels::Channels,
    alerts_parts::{Acts, item, list, name, severity},
    alerts_rules::{Rules, title},
    desk::{Desk, Done, Found, Watch, failed, read},
};
use crate::{
    client::{Client, call, use_client, wire},
    reaction::use_scripted,
    text::{
        format::{fill_all, moment},
        use_locale, use_watch_texts,
    },
    ui::{form::Submission, notice::Alert},
};

/// The page.
#[component]
pub(crate) fn Alerts() -> impl IntoView {
    let words = use_watch_texts();
    let client = use_client();
    let found = Resource::new(|| (), move |()| look(client.clone()));
    let acts = Acts {
        desk: Desk::new(found),
        submission: Submission::new(None),
        scripted: use_scripted(),
    };
    let (rules, channels) = (Rules::new(acts), Channels::new(acts));
    let summary = Signal::derive(move || acts.submission.summary());
    view! {
        <Title text=words.alerts.title />
        <div class="page">
            <div class="page-head">
                <h1>{words.alerts.title}</h1>
                <p class="lead">{words.alerts.lead}</p>
            </div>
            {acts.desk.saying()}
            <Alert text=summary />
            {acts.desk.reading(found, Callback::new(move |found| show(found, acts, rules, channels)))}
        </div>
    }
}

async fn look(client: Client) -> Found<Watch> {
    let answer = call::<GetAlerts>(&client, Empty {}).await;
    read(answer, |desk| Watch::Alerts(Box::new(desk)))
}

fn show(found: Found<Watch>, acts: Acts, rules: Rules, channels: Channels) -> AnyView {
    match found {
        Ok(Watch::Alerts(desk)) => whole(*desk, acts, rules, channels),
        Err(code) => failed(code.title(use_locale()), Page::Alerts.path()),
        // Not asked for here.
        _ => ().into_any(),
    }
}

fn whole(desk: AlertDesk, acts: Acts, rules: Rules, channels: Channels) -> AnyView {
    view! {
        // Its content is text to a browser with script, and must not be hydrated.
        <noscript inner_html=use_watch_texts().alerts.needs_script></noscript>
        {state(&desk, acts)}
        {channels.card(&desk)}
        {log(&desk)}
        // Last, because there are many.
        {rules.card(&desk)}
    }
    .into_any()
}

/// What stands out, and what did.
fn state(desk: &AlertDesk, acts: Acts) -> AnyView {
    let words = &use_watch_texts().alerts;
    let (over, live): (Vec<_>, Vec<_>) = desk
        .alerts
        .iter()
        .partition(|alert| alert.phase == Phase::Resolved);
    let live = match live.is_empty() {
        true => view! {
            <p class="empty-what">{words.calm}</p>
            <p>{words.calm_hint}</p>
        }
        .into_any(),
        false => list(live.into_iter().map(|alert| one(alert, acts)).collect()),
    };
    let over = (!over.is_empty()).then(|| {
        let items = over.into_iter().take(5).map(|alert| one(alert, acts));
        view! {
            <h3>{words.past}</h3>
            {list(items.collect())}
        }
        .into_any()
    });
    view! {
        <section class="card" aria-labelledby="state-heading">
            <h2 id="state-heading">{words.state}</h2>
            {live}
            {over}
        </section>
    }
    .into_any()
}

fn one(alert: &AlertView, acts: Acts) -> AnyView {
    let (words, locale) = (&use_watch_texts().alerts, use_locale());
    let phase = match alert.phase {
        Phase::Pending => words.pending.to_owned(),
        Phase::Firing => words.firing.to_owned(),
        Phase::Acknowledged => {
            let until = alert.acknowledged_until.map(|at| moment(at, locale));
            let by = alert.acknowledged_by.clone().unwrap_or_default();
            fill_all(words.acknowledged, &[&by, &until.unwrap_or_default()])
        }
        Phase::Resolved => {
            let at = alert.resolved_at.map(|at| moment(at, locale));
            fill_all(words.over, &[&at.unwrap_or_default()])
        }
    };
    let facts = format!(
        "{} · {phase} · {} · {}",
        severity(alert.severity),
        fill_all(words.since, &[&moment(alert.began_at, locale)]),
        fill_all(words.value, &[&alert.value.to_string()]),
    );
    let id = alert.id;
    let client = use_client();
    let seen = move |label, minutes| {
        let client = client.clone();
        acts.button(label, move || {
            let wanted = Acknowledgement {
                minutes: Some(minutes),
            };
            let request = wire::<AcknowledgeAlert>(&id, &wanted);
            let done = Done::Say(use_watch_texts().alerts.seen);
            acts.desk.act(&client, acts.submission, request, done);
        })
    };
    let is_told = matches!(alert.phase, Phase::Firing | Phase::Acknowledged);
    let buttons = is_told.then(|| vec![seen(words.seen_hour, 60), seen(words.seen_day, 24 * 60)]);
    item(name(alert).to_owned(), facts, buttons.into_any())
}

/// What was told, and what the receivers answered.
fn log(desk: &AlertDesk) -> AnyView {
    let words = &use_watch_texts().alerts;
    let list = match desk.deliveries.is_empty() {
        true => view! { <p class="empty-what">{words.log_none}</p> }.into_any(),
        false => {
            let items = desk.deliveries.iter().map(|delivery| told(delivery, desk));
            list(items.collect())
        }
    };
    view! {
        <section class="card" aria-labelledby="log-heading">
            <h2 id="log-heading">{words.log}</h2>
            {list}
        </section>
    }
    .into_any()
}

fn told(delivery: &DeliveryView, desk: &AlertDesk) -> AnyView {
    let words = &use_watch_texts().alerts;
    let mut channels = desk.channels.iter();
    let channel = channels.find(|channel| channel.id == delivery.channel);
    let channel = channel.map_or(words.no_channel, |channel| &channel.name);
    let kind = match delivery.kind.as_str() {
        "alert.repeated" => words.repeated,
        "alert.resolved" => words.resolved,
        "alert.digest" => words.digest,
        "alert.test" => words.test,
        _ => words.fired,
    };
    let state = match delivery.state.as_str() {
        "delivered" => words.delivered.to_owned(),
        "handed_over" => words.handed_over.to_owned(),
        "failed" => words.failed.to_owned(),
        _ => fill_all(words.waiting, &[&delivery.tries.to_string()]),
    };
    let mut rules = desk.rules.iter();
    let rule = rules.find(|view| Some(view.id) == delivery.rule);
    let what = rule.map_or(kind.to_owned(), |view| format!("{kind} · {}", title(view)));
    let at = delivery.answered_at.unwrap_or(delivery.created_at);
    let mut facts = format!("{} · {state}", moment(at, use_locale()));
    let code = delivery.code.map(|code| code.to_string());
    let answer = Some(delivery.answer.clone()).filter(|answer| !answer.is_empty());
    let next = delivery
        .next_try_at
        .map(|at| fill_all(words.next, &[&moment(at, use_locale())]));
    for part in code.into_iter().chain(answer).chain(next) {
        facts.push_str(" · ");
        facts.push_str(&part);
    }
    item(format!("{what} → {channel}"), facts, ().into_any())
}
