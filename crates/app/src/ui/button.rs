//! The button that sends a form: says what it does, shows that it is doing it, and waits when it must.

use leptos::prelude::*;

use crate::text::{format::fill, use_texts};

/// A submit button.
#[component]
pub(crate) fn SubmitButton(
    /// What it does.
    label: &'static str,
    /// Whether it is doing it.
    #[prop(into)]
    pending: Signal<bool>,
    /// Seconds until it may be pressed again.
    #[prop(into)]
    wait: Signal<u64>,
    /// Whether it cannot work at all for now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    let template = use_texts().common.wait_button;
    let text = move || match wait.get() {
        0 => label.to_owned(),
        seconds => fill(template, seconds),
    };
    view! {
        <button
            class="button button-primary"
            type="submit"
            aria-busy=move || pending.get().then_some("true")
            disabled=move || pending.get() || wait.get() != 0 || disabled.get()
        >
            {text}
        </button>
    }
}
