//! Recovery codes that were just made: shown until their owner says that they are kept, and never again.

use std::fmt;

use concierge_core::{
    api::{Empty, Endpoint},
    link::Page,
    problem::ErrorCode,
    recovery::api::{GetRecoveryCodes, KeepRecoveryCodes},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    client::{Client, call, use_client},
    layout::door::{Door, returned_problem},
    reaction::use_scripted,
    text::{use_desk_texts, use_locale},
    ui::{
        button::SubmitButton,
        copy::CopyButton,
        file::download,
        form::{Form, Submission, Values},
        notice::Note,
    },
};

/// The name of the downloaded file.
const FILE: &str = "concierge-recovery-codes.txt";

/// The codes as the page shows them, or why there are none.
#[derive(Clone, Serialize, Deserialize)]
enum Found {
    Codes(Vec<String>),
    /// They were kept, or never made, or the proof of identity is too old to see them.
    Gone,
    Failed(ErrorCode),
}

// Shown on the page and nowhere else.
impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

async fn look(client: Client) -> Found {
    match call::<GetRecoveryCodes>(&client, Empty {}).await {
        Ok(answer) => {
            let codes = answer.recovery_codes.iter();
            Found::Codes(codes.map(|code| code.expose().to_owned()).collect())
        }
        Err(problem) => refusal(problem.code),
    }
}

fn refusal(code: ErrorCode) -> Found {
    match code {
        ErrorCode::NotFound | ErrorCode::FreshSignInRequired => Found::Gone,
        code => Found::Failed(code),
    }
}

/// The page.
#[component]
pub(crate) fn RecoveryCodes() -> impl IntoView {
    let words = use_desk_texts();
    let client = use_client();
    let found = Resource::new(|| (), move |()| look(client.clone()));
    view! {
        <Door title=words.recovery_codes.title>
            <Suspense fallback=move || view! { <p>{words.common.loading}</p> }>
                {move || Suspend::new(async move { show(found.await) })}
            </Suspense>
        </Door>
    }
}

fn show(found: Found) -> AnyView {
    let words = use_desk_texts();
    let note = match found {
        Found::Codes(codes) => return view! { <Codes codes=codes /> }.into_any(),
        Found::Gone => words.recovery_codes.once,
        Found::Failed(code) => code.title(use_locale()),
    };
    view! {
        <Note>{note}</Note>
        <a class="button" href=Page::Security.path()>
            {words.recovery_codes.to_security}
        </a>
    }
    .into_any()
}

#[component]
fn Codes(codes: Vec<String>) -> impl IntoView {
    let words = &use_desk_texts().recovery_codes;
    let client = use_client();
    let submission = Submission::new(returned_problem());
    let submit = move |_: Values| {
        let client = client.clone();
        submission.run(async move {
            call::<KeepRecoveryCodes>(&client, Empty {}).await?;
            // By page load: nothing of the codes stays in the page's memory.
            drop(location().replace(Page::Security.path()));
            Ok(())
        });
    };
    let text = file_text(&codes);
    let items = codes
        .into_iter()
        .map(|code| view! { <li><code>{code}</code></li> })
        .collect_view();
    view! {
        <p class="lead">{words.lead}</p>
        <ul class="codes">{items}</ul>
        <Keeping text=text />
        <Form action=KeepRecoveryCodes::PATH submission=submission on_submit=submit>
            <SubmitButton
                label=words.kept
                pending=submission.pending()
                wait=submission.wait()
            />
        </Form>
    }
}

/// Copy, download, print: for browsers with script. Without, the codes are text like any other.
#[component]
fn Keeping(text: String) -> impl IntoView {
    let words = use_desk_texts();
    let scripted = use_scripted();
    let told = RwSignal::new(None::<&'static str>);
    let file = text.clone();
    view! {
        <div class="actions" hidden=move || !scripted.get()>
            <CopyButton text=text told=told />
            <button class="button" type="button" on:click=move |_| download(FILE, &file)>
                {words.common.download}
            </button>
            // A browser that cannot print has nothing to say about it.
            <button class="button" type="button" on:click=|_| drop(window().print())>
                {words.common.print}
            </button>
        </div>
        <p class="saved" role="status">
            {Signal::derive(move || told.get())}
        </p>
    }
}

/// One code a line.
fn file_text(codes: &[String]) -> String {
    codes
        .iter()
        .flat_map(|code| [code.as_str(), "\n"])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_code_a_line() {
        let codes = ["K7QX2".to_owned(), "M4TBA".to_owned()];
        assert_eq!(file_text(&codes), "K7QX2\nM4TBA\n");
    }

    #[test]
    fn codes_that_may_not_be_seen_are_as_gone_as_those_that_were_kept() {
        assert!(matches!(refusal(ErrorCode::NotFound), Found::Gone));
        assert!(matches!(
            refusal(ErrorCode::FreshSignInRequired),
            Found::Gone
        ));
        let failed = refusal(ErrorCode::Unavailable);
        assert!(matches!(failed, Found::Failed(ErrorCode::Unavailable)));
        assert_eq!(
            format!("{:?}", Found::Codes(vec!["K7QX2".to_owned()])),
            "[redacted]"
        );
    }
}
