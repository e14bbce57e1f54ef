//! The field for a code of an authenticator app: takes pasted text and spaces, and sends itself once it is whole.

use leptos::{ev, prelude::*, wasm_bindgen::JsCast};
use web_sys::HtmlInputElement;

use super::field::{FieldNotes, FieldSpec};

/// How many digits a code has (RFC 6238 with the usual length).
const DIGITS: usize = 6;

/// The field for a code; its name is `code`.
#[component]
pub(crate) fn CodeField(
    /// The words above it.
    label: &'static str,
    /// The words below it.
    #[prop(optional_no_strip)]
    hint: Option<&'static str>,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<&'static str>>,
) -> impl IntoView {
    let spec = FieldSpec {
        name: "code",
        label,
        kind: "text",
        autocomplete: "one-time-code",
        required: true,
        hint,
    };
    view! {
        <div class="field">
            <label for=spec.name>{spec.label}</label>
            <input
                class="input input-code"
                id=spec.name
                name=spec.name
                type=spec.kind
                inputmode="numeric"
                autocomplete=spec.autocomplete
                required=true
                aria-describedby=spec.described_by()
                aria-invalid=move || error.get().map(|_| "true")
                on:input=|event| send_if_whole(&event)
            />
            <FieldNotes spec=spec error=error />
        </div>
    }
}

fn send_if_whole(event: &ev::Event) {
    let field = event
        .target()
        .and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    if let Some(field) = field.filter(|field| is_whole(&field.value()))
        && let Some(form) = field.form()
    {
        // A browser that cannot leaves the button.
        drop(form.request_submit());
    }
}

/// Whether this is a whole code, however it is spaced.
fn is_whole(text: &str) -> bool {
    let mut count = 0;
    let digits = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .all(|c| {
            count += 1;
            c.is_ascii_digit()
        });
    digits && count == DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_whole_with_six_digits_however_it_is_spaced() {
        for whole in ["492039", "492 039", " 492039\n", "492-039", "49\u{a0}20 39"] {
            assert!(is_whole(whole), "{whole:?}");
        }
        for not in ["", "49203", "4920390", "49203a", "K7QX2-M4TBA", "492.039"] {
            assert!(!is_whole(not), "{not:?}");
        }
    }
}
