//! The alerts that last, on top of everything else.

use concierge_core::{
    alert::{Phase, api::AlertView},
    link::Page,
};
use leptos::prelude::*;

use super::follow::Host;
use crate::{
    page::admin::alerts_parts::{name, severity},
    reaction::part,
    text::{
        format::{fill_all, moment},
        use_locale, use_watch_texts,
    },
};

/// The state: calm, or what lasts, each leading to where one acts on it.
pub(super) fn alerts(host: Host) -> AnyView {
    let words = &use_watch_texts().lasting;
    view! {
        <section class="alert-state" aria-label=words.title aria-live="polite">
            {part(move || match host.alerts().as_deref() {
                None => ().into_any(),
                Some([]) => view! { <p>{words.calm}</p> }.into_any(),
                Some(lasting) => {
                    view! { <ul class="happened">{lasting.iter().map(row).collect_view()}</ul> }.into_any()
                }
            })}
        </section>
    }
    .into_any()
}

fn row(alert: &AlertView) -> AnyView {
    let locale = use_locale();
    let is_seen = alert.phase == Phase::Acknowledged;
    let class = match is_seen {
        true => "happened-severity",
        false => "happened-severity happened-grave",
    };
    let seen = is_seen.then(|| use_watch_texts().lasting.seen);
    let since = fill_all(
        use_watch_texts().alerts.since,
        &[&moment(alert.began_at, locale)],
    );
    view! {
        <li>
            <span class=class>{severity(alert.severity)}</span>
            <a href=Page::Alerts.path()>{name(alert).to_owned()}</a>
            <span class="session-facts">{since} " " {seen}</span>
        </li>
    }
    .into_any()
}
