//! The button that copies a text, for browsers with script. Without, what it copies is text like any other.

use leptos::prelude::*;

use crate::{
    reaction::{spawn, use_scripted},
    text::use_desk_texts,
};

/// The button.
#[component]
pub(crate) fn CopyButton(
    /// What it copies.
    text: String,
    /// Is told what became of it.
    told: RwSignal<Option<&'static str>>,
) -> impl IntoView {
    let words = &use_desk_texts().common;
    let scripted = use_scripted();
    let copy = move |_| {
        // Missing where the page is not from a safe origin.
        let written = js_sys::Reflect::get(&window().navigator(), &"clipboard".into())
            .is_ok_and(|clipboard| !clipboard.is_undefined())
            .then(|| window().navigator().clipboard().write_text(&text));
        spawn(async move {
            let copied = match written {
                Some(promise) => wasm_bindgen_futures::JsFuture::from(promise).await.is_ok(),
                None => false,
            };
            told.try_set(Some(match copied {
                true => words.copied,
                false => words.not_copied,
            }));
        });
    };
    view! {
        <button class="button" type="button" hidden=move || !scripted.get() on:click=copy>
            {words.copy}
        </button>
    }
}
