//! The code that finishes a sign-in: of the app, or a recovery code in its place.

use concierge_core::{
    api::{Endpoint, Whole},
    link::{Page, is_local_path, second_step_then, sign_in_then},
    problem::{FieldCode, FieldError},
    sensitive::Sensitive,
    sign_in::api::{CodeRequest, LoginRecovery, LoginTotp},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    client::{
        WireRequest,
        refresh::{Entered, use_keeper},
        wire,
    },
    layout::{
        door::{NextField, returned_problem, use_unfinished},
        guard::use_go_on,
    },
    reaction::part,
    text::use_desk_texts,
    ui::{
        button::SubmitButton,
        code::CodeField,
        field::{FieldSpec, TextField},
        form::{Form, Submission, Values},
    },
};

/// Where the person wanted to go.
pub(super) fn next() -> Option<String> {
    use_query_map()
        .with_untracked(|query| query.get("next"))
        .filter(|next| is_local_path(next))
}

/// The sign-in that leads back to where the person wanted to go.
pub(super) fn sign_in_again() -> String {
    next().map_or_else(
        || Page::SignIn.path().to_owned(),
        |next| sign_in_then(&next),
    )
}

/// This page with the other kind of code; the way on stays.
fn other_way(recovery: bool) -> String {
    let page = second_step_then(next().as_deref());
    match recovery {
        true => page,
        false if page.contains('?') => format!("{page}&with=recovery"),
        false => format!("{page}?with=recovery"),
    }
}

/// The code of the app, or a recovery code.
#[component]
pub(super) fn Code() -> impl IntoView {
    let query = use_query_map();
    let recovery =
        Memo::new(move |_| query.with(|query| query.get_str("with") == Some("recovery")));
    part(move || {
        let recovery = recovery.get();
        view! { <CodeForm recovery=recovery /> }.into_any()
    })
}

#[component]
fn CodeForm(recovery: bool) -> impl IntoView {
    let words = &use_desk_texts().second_step;
    let (lead, other) = match recovery {
        true => (words.recovery_lead, words.use_app),
        false => (words.lead, words.use_recovery),
    };
    let keeper = use_keeper();
    let go_on = use_go_on();
    let go_on_unfinished = use_unfinished();
    let submission = Submission::new(returned_problem());
    let next = next();
    let submit = move |values: Values| {
        let code = values.text("code");
        if code.trim().is_empty() {
            return submission.fail_fields(vec![FieldError::new("code", FieldCode::Required)]);
        }
        let (go_on, go_on_unfinished, next) =
            (go_on.clone(), go_on_unfinished.clone(), next.clone());
        submission.run(async move {
            match keeper.enter(request(recovery, &code)).await? {
                Entered::Yes => go_on(next.as_deref()),
                unfinished => go_on_unfinished(unfinished),
            }
            Ok(())
        });
    };
    let error = submission.field("code");
    let field = match recovery {
        true => {
            view! { <TextField spec=recovery_field(words.recovery_code) error=error /> }.into_any()
        }
        false => view! { <CodeField label=words.code hint=Some(words.code_hint) error=error /> }
            .into_any(),
    };
    let action = match recovery {
        true => LoginRecovery::PATH,
        false => LoginTotp::PATH,
    };
    view! {
        <p class="lead">{lead}</p>
        <Form action=action submission=submission on_submit=submit refocus="code">
            <NextField />
            {field}
            <SubmitButton
                label=words.submit
                pending=submission.pending()
                wait=submission.wait()
            />
        </Form>
        <p class="door-foot">
            <a href=other_way(recovery)>{other}</a>
            " · "
            <a href=sign_in_again()>{words.again}</a>
        </p>
    }
}

fn recovery_field(label: &'static str) -> FieldSpec {
    FieldSpec {
        name: "code",
        label,
        kind: "text",
        autocomplete: "off",
        required: true,
        hint: None,
    }
}

fn request(recovery: bool, code: &str) -> WireRequest {
    let request = CodeRequest {
        code: Sensitive::new(code.trim()),
        ticket: None,
    };
    match recovery {
        true => wire::<LoginRecovery>(&Whole, &request),
        false => wire::<LoginTotp>(&Whole, &request),
    }
}
