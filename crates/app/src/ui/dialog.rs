//! A modal dialog on the browser's own `<dialog>`: focus, the rest of the page and Escape are its business.

use leptos::{html, prelude::*};

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
    children: Children,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    let title_id = format!("{id}-title");
    let labelled_by = title_id.clone();
    Effect::new(move |_| {
        if let Some(dialog) = element.get() {
            match (open.get(), dialog.open()) {
                // It can only fail for an element that left the page.
                (true, false) => drop(dialog.show_modal()),
                (false, true) => dialog.close(),
                _ => {}
            }
        }
    });
    view! {
        <dialog class="dialog" id=id aria-labelledby=labelled_by node_ref=element>
            <h2 id=title_id>{title}</h2>
            {children()}
        </dialog>
    }
}
