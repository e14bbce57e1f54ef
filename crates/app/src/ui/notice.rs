//! Messages in the page: an error that announces itself, and quiet information.

use leptos::prelude::*;

/// An error, announced at once. The element is always there, so that assistive technology watches it.
#[component]
pub(crate) fn Alert(
    /// What to say; nothing hides it.
    #[prop(into)]
    text: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <div class="notice notice-danger" role="alert" hidden=move || text.with(Option::is_none)>
            {move || text.get()}
        </div>
    }
}

/// Information that was there when the page came.
#[component]
pub(crate) fn Note(children: Children) -> impl IntoView {
    view! { <div class="notice">{children()}</div> }
}
