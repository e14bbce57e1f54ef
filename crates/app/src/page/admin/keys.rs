//! The keys of the house: the checklist, both rings with what can be done about them, and the incidents.

use concierge_core::{
    api::Empty,
    keys::api::{GetKeys, KeyDesk},
    link::Page,
};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{
    checklist,
    desk::{Desk, Found, House, failed, read},
    incidents,
    key_acts::KeyActs,
    ring,
};
use crate::{
    client::{Client, call, use_client},
    text::{
        format::{fill, fill_all},
        use_admin_texts, use_locale,
    },
    ui::notice::Alert,
};

/// The page.
#[component]
pub(crate) fn Keys() -> impl IntoView {
    let words = use_admin_texts();
    let client = use_client();
    let found = Resource::new(|| (), move |()| look(client.clone()));
    let desk = Desk::new(found);
    let acts = KeyActs::new(desk);
    view! {
        <Title text=words.keys.title />
        <div class="page">
            <div class="page-head">
                <h1>{words.keys.title}</h1>
                <p class="lead">{words.keys.lead}</p>
            </div>
            <Alert text=acts.stranded() />
            {desk.reading(found, Callback::new(move |found| show(found, acts)))}
        </div>
    }
}

async fn look(client: Client) -> Found<House> {
    let answer = call::<GetKeys>(&client, Empty {}).await;
    read(answer, |desk| House::Keys(Box::new(desk)))
}

fn show(found: Found<House>, acts: KeyActs) -> AnyView {
    match found {
        Ok(House::Keys(desk)) => whole(*desk, acts),
        Err(code) => failed(code.title(use_locale()), Page::Keys.path()),
        // Not asked for here.
        _ => ().into_any(),
    }
}

fn whole(desk: KeyDesk, acts: KeyActs) -> AnyView {
    let words = &use_admin_texts().keys;
    let rings = desk
        .rings
        .into_iter()
        .map(|ring| ring::card(ring, desk.live_sessions, acts))
        .collect_view();
    acts.shown();
    view! {
        {checklist::card(&desk.checklist)}
        <p class="session-facts">
            {fill_all(words.instances, &[&desk.instances.to_string()])} " "
            {fill(words.sessions, desk.live_sessions)}
        </p>
        // Its content is text to a browser with script, and must not be hydrated.
        <noscript inner_html=words.needs_script></noscript>
        <div class="halves">{rings}</div>
        {incidents::card(desk.incidents)}
    }
    .into_any()
}
