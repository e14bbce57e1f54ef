//! The warning before an idle session ends: any key or click keeps it (WCAG 2.2.1).

use leptos::prelude::*;

use crate::{
    client::refresh::use_keeper,
    text::{format::clock, use_texts},
    ui::dialog::Dialog,
};

/// The warning; closed most of the time. The keeper hears every key and click, so the button needs no
/// listener: it is there to be found.
#[component]
pub(crate) fn IdleWarning() -> impl IntoView {
    let words = use_texts();
    let keeper = use_keeper();
    let open = Memo::new(move |_| keeper.warning().is_some());
    view! {
        <Dialog id="idle" title=words.session.idle_title open=open>
            <p>{words.session.idle_text}</p>
            <p class="dialog-clock">
                {words.session.idle_left} " "
                <span class="clock">{move || clock(keeper.warning().unwrap_or(0))}</span>
            </p>
            <button class="button button-primary" type="button">
                {words.session.stay}
            </button>
        </Dialog>
    }
}
