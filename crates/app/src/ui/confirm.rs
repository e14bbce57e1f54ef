//! A button whose act can't be undone: it asks in place before it does it.

use leptos::prelude::*;

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
    /// Does it.
    on_yes: Callback<()>,
) -> impl IntoView {
    let asking = RwSignal::new(false);
    let scripted = use_scripted();
    let cancel = use_desk_texts().common.cancel;
    part(move || match asking.get() {
        false => view! {
            <div class="actions">
                <button
                    class="button"
                    type="button"
                    disabled=move || !scripted.get()
                    on:click=move |_| asking.set(true)
                >
                    {label}
                </button>
            </div>
        }
        .into_any(),
        true => view! {
            <div class="question" role="group" aria-label=label>
                <p>{question.clone()}</p>
                <div class="actions">
                    <button
                        class="button button-danger"
                        type="button"
                        on:click=move |_| {
                            asking.set(false);
                            on_yes.run(());
                        }
                    >
                        {yes}
                    </button>
                    <button class="button" type="button" on:click=move |_| asking.set(false)>
                        {cancel}
                    </button>
                </div>
            </div>
        }
        .into_any(),
    })
}
