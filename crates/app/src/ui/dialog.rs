//! A modal dialog on the browser's own `<dialog>`: focus, the rest of the page and Escape are its business.

use leptos::prelude::*;
use web_sys::HtmlDialogElement;

use crate::reaction::{effect, element};

/// A modal dialog.
#[component]
pub(crate) fn Dialog(
    /// Its id; the name's id is made from it.
    id: &'static str,
    /// Its name.
    title: &'static str,
    /// Whether it is open.
    #[prop(into)]
    open: Signal<bool>,
    /// Hears that it was closed by Escape.
    #[prop(optional, into)]
    on_close: Option<Callback<()>>,
    children: Children,
) -> impl IntoView {
    let title_id = format!("{id}-title");
    let labelled_by = title_id.clone();
    effect(move || {
        let open = open.get();
        if let Some(dialog) = element::<HtmlDialogElement>(id) {
            match (open, dialog.open()) {
                // It can only fail for an element that left the page.
                (true, false) => drop(dialog.show_modal()),
                (false, true) => dialog.close(),
                _ => {}
            }
        }
    });
    view! {
        <dialog
            class="dialog"
            id=id
            aria-labelledby=labelled_by
            on:close=move |_| {
                if let Some(hear) = on_close {
                    hear.run(());
                }
            }
        >
            <h2 id=title_id>{title}</h2>
            {children()}
        </dialog>
    }
}
