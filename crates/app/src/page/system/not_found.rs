//! What stands at an address where there is nothing; the server answers it with 404.

use concierge_core::link::Page;
use leptos::prelude::*;

use crate::{layout::door::Door, text::use_texts};

/// The page that is not there.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let words = use_texts();
    view! {
        <Door title=words.system.not_found>
            <p>{words.system.not_found_text}</p>
            <p class="door-foot">
                <a href=Page::Home.path()>{words.system.home}</a>
            </p>
        </Door>
    }
}
