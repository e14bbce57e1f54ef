//! Drawings: the mark, which is a desk bell in one path as in the favicon, and the small icons.
//!
//! They are ornaments: each says nothing that the words beside it do not.

use leptos::prelude::*;

/// The desk bell.
const BELL: &str = r#"<svg viewBox="0 0 32 32" focusable="false"><path d="M14 4h4v3h-1v2.06A11 11 0 0 1 27 20v1H5v-1A11 11 0 0 1 15 9.06V7h-1zM3 23h26v4H3z"/></svg>"#;

/// A drawing by its markup, which is a constant of ours and never made from data.
#[component]
pub(crate) fn Drawing(class: &'static str, markup: &'static str) -> impl IntoView {
    view! { <span class=class aria-hidden="true" inner_html=markup></span> }
}

/// The mark.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! { <Drawing class="mark" markup=BELL /> }
}
