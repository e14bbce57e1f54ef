//! The door pages: one card, one task.

use concierge_core::{
    link::{Page, is_local_path},
    problem::Problem,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use crate::{
    client::refresh::Entered,
    state::use_page_context,
    text::{use_locale, use_texts},
    ui::{form::problem_of_query, mark::Mark},
};

/// A card with the bell, the page's one heading, and the task.
#[component]
pub(crate) fn Door(
    /// The page's title and heading.
    title: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <Title text=title />
        <div class="door">
            <section class="card door-card" aria-labelledby="heading">
                <Mark />
                <h1 id="heading">{title}</h1>
                {children()}
            </section>
            <Contact />
        </div>
    }
}

/// Where a person finds a human, if the operator said so.
#[component]
fn Contact() -> impl IntoView {
    let words = use_texts();
    use_page_context().contact.map(|contact| {
        view! { <p class="contact">{words.common.contact} " " {contact}</p> }
    })
}

/// What a try without script came back with.
pub(crate) fn returned_problem() -> Option<Problem> {
    use_query_map().with_untracked(|query| {
        problem_of_query(
            query.get_str("code"),
            query.get_str("fields"),
            query.get_str("retry_after"),
            use_locale(),
        )
    })
}

/// The hidden field that carries the way back through a form without script.
#[component]
pub(crate) fn NextField() -> impl IntoView {
    use_query_map()
        .with_untracked(|query| query.get("next"))
        .filter(|next| is_local_path(next))
        .map(|next| view! { <input type="hidden" name="next" value=next /> })
}

/// The `code` of a sign-in whose cookies the browser did not keep; not an error of the API.
pub(crate) const COOKIES_BLOCKED: &str = "cookies_blocked";

/// Gives the function that explains, after a success, that the browser dropped the session's cookies.
pub(crate) fn use_cookie_check() -> impl Fn(Entered) + Clone {
    let navigate = use_navigate();
    move |entered| {
        if entered == Entered::WithoutCookies {
            let page = format!("{}?code={COOKIES_BLOCKED}", Page::SignIn.path());
            navigate(&page, NavigateOptions::default());
        }
    }
}
