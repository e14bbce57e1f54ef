//! The door pages: one card, one task.

use concierge_core::{
    link::{COOKIES_BLOCKED, SIGN_UP_MAILED, is_local_path, second_step_then},
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
pub(crate) fn Contact() -> impl IntoView {
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

/// Gives the function that goes on where a sign-in or sign-up that was accepted has not made a session.
pub(crate) fn use_unfinished() -> impl Fn(Entered) + Clone {
    let navigate = use_navigate();
    let next = use_query_map().with_untracked(|query| query.get("next"));
    move |entered| match entered {
        Entered::Yes => {}
        Entered::WithoutCookies => navigate(COOKIES_BLOCKED, NavigateOptions::default()),
        // The browser refuses only what does not parse, and these are plain paths.
        Entered::Step => drop(location().replace(&second_step_then(next.as_deref()))),
        Entered::Mailed => drop(location().replace(SIGN_UP_MAILED)),
    }
}
