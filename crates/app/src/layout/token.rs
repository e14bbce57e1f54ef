//! One-time tokens of links: they come in the fragment, which no server and no log sees.
//!
//! A token leaves the address bar and the history as soon as it is taken.

use leptos::{prelude::*, wasm_bindgen::JsValue};
use web_sys::HtmlInputElement;

use crate::{
    reaction::{effect, element},
    ui::field::{FieldSpec, TextField},
};

/// The field that a link fills in. It is a field like any other, so a page works without script, too.
#[component]
pub(crate) fn TokenField(
    /// The words above it.
    label: &'static str,
    /// The words below it.
    hint: &'static str,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<&'static str>>,
) -> impl IntoView {
    let spec = FieldSpec {
        name: "token",
        label,
        kind: "text",
        autocomplete: "off",
        required: true,
        hint: Some(hint),
    };
    on_token(move |token| {
        if let Some(field) = element::<HtmlInputElement>(spec.name) {
            field.set_value(&token);
        }
    });
    view! { <TextField spec=spec error=error /> }
}

/// Hands over the token of the fragment, if there is one, once the page lives.
pub(crate) fn on_token(take: impl FnOnce(String) + Clone + 'static) {
    // A frame later: after a navigation within the app the field is in the page only then.
    effect(move || {
        let take = take.clone();
        request_animation_frame(move || {
            if let Some(token) = take_token() {
                take(token);
            }
        });
    });
}

fn take_token() -> Option<String> {
    let hash = location().hash().unwrap_or_default();
    let token = token_of(&hash)?.to_owned();
    let path = location().pathname().unwrap_or_default();
    let query = location().search().unwrap_or_default();
    let history = window().history();
    // Where the browser refuses, the token is still one-time.
    drop(history.map(|history| {
        history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("{path}{query}")))
    }));
    Some(token)
}

/// The token in a fragment: all of it, or the value of `token=`.
fn token_of(hash: &str) -> Option<&str> {
    let fragment = hash.strip_prefix('#')?;
    let token = fragment.strip_prefix("token=").unwrap_or(fragment);
    // The skip link leaves a fragment, too.
    (!token.is_empty() && token != "main").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_is_a_token_unless_it_is_a_place_in_the_page() {
        assert_eq!(token_of("#abc"), Some("abc"));
        assert_eq!(token_of("#token=abc"), Some("abc"));
        for nothing in ["", "#", "#main", "abc"] {
            assert_eq!(token_of(nothing), None, "{nothing}");
        }
    }
}
