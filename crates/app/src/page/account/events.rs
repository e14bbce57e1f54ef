//! What happened to one's own account, the newest first.
//!
//! The pages are plain links, so the list works without script.

use concierge_core::{
    audit::api::{EventQuery, EventView, ListEvents, OWN},
    link::Page,
    problem::ErrorCode,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::event_list::{copies, list, ways};
use crate::{
    client::{Client, call, use_client},
    text::{use_desk_texts, use_locale},
    ui::notice::Note,
};

/// The page.
#[component]
pub(crate) fn Events() -> impl IntoView {
    let words = &use_desk_texts().events;
    let client = use_client();
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.with(|query| query.get("cursor")));
    let found = Resource::new(
        move || cursor.get(),
        move |cursor| look(client.clone(), cursor),
    );
    let loading = use_desk_texts().common.loading;
    view! {
        <Title text=words.title />
        <div class="page">
            <div class="page-head">
                <h1>{words.title}</h1>
                <p class="lead">{words.lead}</p>
            </div>
            <Suspense fallback=move || view! { <p>{loading}</p> }>
                {move || Suspend::new(async move {
                    match found.await {
                        Ok((events, next)) => {
                            let begins = cursor.get_untracked().is_none();
                            let path = Page::Events.path();
                            let asked = [("account", OWN.to_owned())];
                            view! {
                                {list(events, false)}
                                {ways(path, &[], begins, next)}
                                {copies(&asked)}
                            }
                            .into_any()
                        }
                        Err(code) => view! { <Note>{code.title(use_locale())}</Note> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

async fn look(
    client: Client,
    cursor: Option<String>,
) -> Result<(Vec<EventView>, Option<String>), ErrorCode> {
    let query = EventQuery {
        cursor,
        account: Some(OWN.to_owned()),
        ..EventQuery::default()
    };
    let page = call::<ListEvents>(&client, query).await;
    page.map(|page| (page.events, page.next))
        .map_err(|problem| problem.code)
}
