//! A button whose act has to be meant: it asks in place before it does it. The focus goes to the question, and back.

use leptos::{ev, prelude::*, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlElement};

use crate::{
    reaction::{part, use_scripted},
    text::use_desk_texts,
};

/// The button, and the question in its place once it was pressed.
#[component]
pub(crate) fn Confirm(
    /// What it does.
    label: &'static str,
    /// What happens then, as a question.
    #[prop(into)]
    question: String,
    /// The words of the button that does it.
    yes: &'static str,
    /// How that button looks: as a danger, unless nothing is lost by it.
    #[prop(default = "button button-danger")]
    look: &'static str,
    /// Does it.
    on_yes: Callback<()>,
) -> impl IntoView {
    let asking = RwSignal::new(false);
    let scripted = use_scripted();
    let cancel = use_desk_texts().common.cancel;
    let question = part(move || match asking.get() {
        false => view! {
            <div class="actions">
                <button
                    class="button"
                    type="button"
                    disabled=move || !scripted.get()
                    on:click=move |event| {
                        follow(&event, ".question");
                        asking.set(true);
                    }
                >
                    {label}
                </button>
            </div>
        }
        .into_any(),
        true => view! {
            <div class="question" role="group" aria-label=label tabindex="-1">
                <p>{question.clone()}</p>
                <div class="actions">
                    <button
                        class=look
                        type="button"
                        on:click=move |_| {
                            asking.set(false);
                            on_yes.run(());
                        }
                    >
                        {yes}
                    </button>
                    <button
                        class="button"
                        type="button"
                        on:click=move |event| {
                            follow(&event, ".button");
                            asking.set(false);
                        }
                    >
                        {cancel}
                    </button>
                </div>
            </div>
        }
        .into_any(),
    });
    view! { <div class="confirm">{question}</div> }
}

/// The pressed button is about to go: the focus moves to what comes in its place.
fn follow(event: &ev::MouseEvent, to: &'static str) {
    let pressed = event
        .current_target()
        .and_then(|pressed| pressed.dyn_into::<Element>().ok());
    let place = pressed.and_then(|pressed| pressed.closest(".confirm").ok().flatten());
    request_animation_frame(move || {
        let next = place.and_then(|place| place.query_selector(to).ok().flatten());
        if let Some(next) = next.and_then(|next| next.dyn_into::<HtmlElement>().ok()) {
            // An element that left the page is the only failure.
            drop(next.focus());
        }
    });
}
