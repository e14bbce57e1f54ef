//! A password field: can be shown, says when Caps Lock is on, and takes pasted text like any other.

use leptos::{ev, prelude::*};

use super::{
    field::{FieldNotes, FieldSpec},
    mark::Drawing,
};
use crate::{reaction::use_scripted, text::use_texts};

/// An eye, which the style strikes through while the password shows.
const EYE: &str = r#"<svg viewBox="0 0 24 24" focusable="false"><path d="M2 12c2-4 5.5-6.5 10-6.5S20 8 22 12c-2 4-5.5 6.5-10 6.5S4 16 2 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z"/><path class="strike" d="M4 20 20 4"/></svg>"#;

/// A password field.
#[component]
pub(crate) fn PasswordField(
    /// What is fixed about it; its kind is not looked at.
    spec: FieldSpec,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<&'static str>>,
    /// Hears each new value.
    #[prop(optional, into)]
    on_input: Option<Callback<String>>,
    /// Whether it shows what it holds; by default only its own button says so.
    #[prop(optional)]
    shown: RwSignal<bool>,
) -> impl IntoView {
    let words = use_texts();
    let caps = RwSignal::new(false);
    let see_caps = move |event: ev::KeyboardEvent| caps.set(event.get_modifier_state("CapsLock"));
    view! {
        <div class="field">
            <label for=spec.name>{spec.label}</label>
            <div class="password">
                <input
                    class="input"
                    id=spec.name
                    name=spec.name
                    type=move || if shown.get() { "text" } else { "password" }
                    autocomplete=spec.autocomplete
                    required=spec.required
                    aria-describedby=spec.described_by()
                    aria-invalid=move || error.get().map(|_| "true")
                    on:keyup=see_caps
                    on:input=move |event| {
                        if let Some(hear) = on_input {
                            hear.run(event_target_value(&event));
                        }
                    }
                />
                <Reveal shown=shown />
            </div>
            <p class="field-hint field-caps" role="status">
                {Signal::derive(move || caps.get().then_some(words.common.caps_lock))}
            </p>
            <FieldNotes spec=spec error=error />
        </div>
    }
}

/// The button that shows the password; hidden until script can make it work.
#[component]
fn Reveal(shown: RwSignal<bool>) -> impl IntoView {
    let words = use_texts();
    let scripted = use_scripted();
    let label = move || match shown.get() {
        true => words.common.hide_password,
        false => words.common.show_password,
    };
    view! {
        <button
            class="reveal"
            type="button"
            hidden=move || !scripted.get()
            aria-label=label
            on:click=move |_| shown.update(|shown| *shown = !*shown)
        >
            <Drawing class="icon" markup=EYE />
        </button>
    }
}
