//! What a person sees when the server failed. The shell sends it without script: whatever broke, this works.

use concierge_core::link::Page;
use leptos::prelude::*;

use crate::{layout::door::Door, text::use_texts};

/// The page that failed.
#[component]
pub(crate) fn Failed() -> impl IntoView {
    let words = use_texts();
    view! {
        <Door title=words.system.failed>
            <p>{words.system.failed_text}</p>
            <p class="door-foot">
                <a href="">{words.system.again}</a>
                " · "
                <a href=Page::Home.path()>{words.system.home}</a>
            </p>
        </Door>
    }
}
