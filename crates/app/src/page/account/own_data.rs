//! The card of one's own data: to have it as a file, and to close the account.

use concierge_core::{
    account::api::{CloseAccount, ExportAccount},
    api::{Empty, Whole},
    link::Page,
    problem::{ErrorCode, Problem},
};
use leptos::{prelude::*, wasm_bindgen::JsValue};

use crate::{
    client::{Client, call, exchange, refresh::use_keeper, use_client, wire},
    layout::step_up::use_step_up,
    reaction::use_scripted,
    text::use_desk_texts,
    ui::{confirm::Confirm, file::download, form::Submission, notice::Alert},
};

/// The name of the downloaded file.
const FILE: &str = "concierge-account.json";

/// The card.
#[component]
pub(crate) fn OwnDataCard() -> impl IntoView {
    let words = &use_desk_texts().own_data;
    let client = use_client();
    let keeper = use_keeper();
    let step_up = use_step_up();
    let scripted = use_scripted();
    let submission = Submission::new(None);
    let last_admin = RwSignal::new(false);
    let summary = Signal::derive(move || match last_admin.get() {
        true => Some(words.last_admin.to_owned()),
        false => submission.summary(),
    });
    let exporting = client.clone();
    let export = move |_| {
        last_admin.set(false);
        let client = exporting.clone();
        step_up.run(submission, move || save(client.clone()));
    };
    let close = move |()| {
        last_admin.set(false);
        let client = client.clone();
        step_up.run(submission, move || {
            let closing = close(client.clone());
            async move {
                if closing.await? {
                    keeper.tell_signed_out();
                    let closed = format!("{}?done=closed", Page::SignIn.path());
                    drop(location().replace(&closed));
                } else {
                    let _gone = last_admin.try_set(true);
                }
                Ok(())
            }
        });
    };
    view! {
        <section class="card" aria-labelledby="own-data-heading">
            <h2 id="own-data-heading">{words.title}</h2>
            <p>{words.lead}</p>
            <Alert text=summary />
            <div class="actions">
                <button
                    class="button"
                    type="button"
                    disabled=move || !scripted.get()
                    aria-busy=move || submission.pending().get().then_some("true")
                    on:click=export
                >
                    {words.download}
                </button>
            </div>
            <Confirm
                label=words.close
                question=words.close_sure
                yes=words.close_yes
                on_yes=Callback::new(close)
            />
        </section>
    }
}

/// Saves the answer as it is: what the page does not read it need not understand. Only its lines are made for people.
async fn save(client: Client) -> Result<(), Problem> {
    let text = exchange(&client, wire::<ExportAccount>(&Whole, &Empty {})).await?;
    download(FILE, &indented(&text).unwrap_or(text));
    Ok(())
}

fn indented(text: &str) -> Option<String> {
    let value = js_sys::JSON::parse(text).ok()?;
    let (all, width) = (JsValue::NULL, JsValue::from(2));
    let lines = js_sys::JSON::stringify_with_replacer_and_space(&value, &all, &width).ok()?;
    lines.as_string()
}

/// Closes the account; `false` where it may not close, because the house would have no admin any more.
async fn close(client: Client) -> Result<bool, Problem> {
    match call::<CloseAccount>(&client, Empty {}).await {
        Ok(_) => Ok(true),
        Err(problem) if problem.code == ErrorCode::Conflict => Ok(false),
        Err(problem) => Err(problem),
    }
}
