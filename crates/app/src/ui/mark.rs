//! The mark: a desk bell in one path, the same as the favicon's.

use leptos::prelude::*;

/// The bell, as an ornament: it says nothing that the words beside it do not.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <path d="M14 4h4v3h-1v2.06A11 11 0 0 1 27 20v1H5v-1A11 11 0 0 1 15 9.06V7h-1zM3 23h26v4H3z" />
        </svg>
    }
}
