//! What a person sees when the server failed. The shell sends it without script: whatever broke, this works.

use concierge_core::{link::Page, problem::ErrorCode};
use leptos::prelude::*;

use crate::{
    layout::door::Door,
    text::{use_locale, use_texts},
};

/// The page that failed. Only a fault of ours is called one: who came too fast, or at a busy moment, is told so.
#[component]
pub(crate) fn Failed(code: ErrorCode) -> impl IntoView {
    let words = use_texts();
    let (title, text) = match code {
        ErrorCode::Throttled | ErrorCode::Overloaded | ErrorCode::Unavailable => {
            (words.system.moment, code.title(use_locale()))
        }
        _ => (words.system.failed, words.system.failed_text),
    };
    view! {
        <Door title=title>
            <p>{text}</p>
            <p class="door-foot">
                <a href="">{words.system.again}</a>
                " · "
                <a href=Page::Home.path()>{words.system.home}</a>
            </p>
        </Door>
    }
}
