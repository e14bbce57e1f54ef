//! What became of compromised keys: one record for each that was revoked, the newest first.

use concierge_core::{
    account::AccountId,
    keys::{RingName, api::Incident},
    link::Page,
};
use leptos::prelude::*;

use super::facts::rows;
use crate::text::{
    format::{fill_all, moment},
    use_admin_texts, use_locale,
};

/// The records, or what one would be.
pub(super) fn card(incidents: Vec<Incident>) -> AnyView {
    let words = &use_admin_texts().incidents;
    let list = match incidents.is_empty() {
        true => view! {
            <p class="empty-what">{words.none}</p>
            <p>{words.none_hint}</p>
        }
        .into_any(),
        false => {
            let items = incidents.into_iter().map(one);
            view! { <ul class="sessions">{items.collect_view()}</ul> }.into_any()
        }
    };
    view! {
        <section class="card" aria-labelledby="incidents-heading">
            <h2 id="incidents-heading">{words.title}</h2>
            {list}
        </section>
    }
    .into_any()
}

fn one(incident: Incident) -> AnyView {
    let words = &use_admin_texts().incidents;
    let key = match incident.ring {
        RingName::Signing => words.of_signing,
        RingName::Sealing => words.of_sealing,
    };
    let counts = [incident.sessions_before, incident.sessions_after].map(|count| count.to_string());
    let known = vec![
        (words.key, fill_all(key, &[&incident.kid]).into_any()),
        (words.reason, incident.reason.clone().into_any()),
        (words.by, who(&incident)),
        (
            words.sessions,
            fill_all(words.counts, &[&counts[0], &counts[1]]).into_any(),
        ),
        (words.notes, notes(&incident)),
    ];
    view! {
        <li class="ring-key">
            <h3>{moment(incident.at, use_locale())}</h3>
            {rows(known)}
        </li>
    }
    .into_any()
}

/// An account is led to; a user of the command line is only named.
fn who(incident: &Incident) -> AnyView {
    let words = &use_admin_texts().incidents;
    let text = fill_all(words.on, &[&incident.actor, &incident.host]);
    match incident.actor.parse::<AccountId>() {
        Ok(id) => {
            let path = format!("{}?id={id}", Page::Accounts.path());
            view! { <a href=path>{text}</a> }.into_any()
        }
        Err(_) => text.into_any(),
    }
}

fn notes(incident: &Incident) -> AnyView {
    if incident.notes.is_empty() {
        return use_admin_texts().incidents.no_notes.into_any();
    }
    let locale = use_locale();
    let notes = incident.notes.iter().map(|note| {
        view! {
            <li>
                <p>{note.text.clone()}</p>
                <p class="session-facts">{note.author.clone()} " · " {moment(note.at, locale)}</p>
            </li>
        }
    });
    view! { <ul class="remedies">{notes.collect_view()}</ul> }.into_any()
}
