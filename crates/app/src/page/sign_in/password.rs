//! The sign-in page: address and password, and why one is here.

use concierge_core::{
    api::{Endpoint, Whole},
    link::Page,
    problem::{FieldCode, FieldError},
    sensitive::Sensitive,
    session::{EndReason, Transport},
    sign_in::api::{Login, LoginRequest},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    client::{refresh::use_keeper, wire},
    layout::door::{Door, NextField, returned_problem, use_unfinished},
    reaction::part,
    state::{use_page_context, viewer::Ended},
    text::{Texts, use_texts},
    ui::{
        button::SubmitButton,
        field::{CheckField, FieldSpec, TextField},
        form::{Form, Submission, Values},
        notice::Note,
        password::PasswordField,
    },
};

/// The sign-in page. A success is followed by the guard, which leads on.
#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let words = use_texts();
    let facts = use_page_context();
    let keeper = use_keeper();
    let go_on_unfinished = use_unfinished();
    let submission = Submission::new(returned_problem());
    let submit = move |values: Values| {
        let missing = missing_fields(&values);
        if !missing.is_empty() {
            return submission.fail_fields(missing);
        }
        let go_on_unfinished = go_on_unfinished.clone();
        submission.run(async move {
            go_on_unfinished(
                keeper
                    .enter(wire::<Login>(&Whole, &request(&values)))
                    .await?,
            );
            Ok(())
        });
    };
    let one_session = facts.one_session;
    view! {
        <Door title=words.sign_in.title>
            <Reasons />
            <Form action=Login::PATH submission=submission on_submit=submit refocus="password">
                <NextField />
                <TextField spec=email(words) error=submission.field("email") />
                <PasswordField spec=password(words) error=submission.field("password") />
                <CheckField name="remember" label=words.sign_in.remember />
                <SubmitButton
                    label=words.sign_in.submit
                    pending=submission.pending()
                    wait=submission.wait()
                />
            </Form>
            <p>
                <a href=Page::Forgot.path()>{words.sign_in.forgot}</a>
            </p>
            {one_session.then(|| view! { <p class="aside">{words.sign_in.one_session}</p> })}
            {facts.registration_open.then(|| view! {
                <p class="door-foot">
                    {words.sign_in.no_account} " "
                    <a href=Page::SignUp.path()>{words.sign_in.sign_up}</a>
                </p>
            })}
        </Door>
    }
}

fn email(words: &Texts) -> FieldSpec {
    FieldSpec {
        name: "email",
        label: words.sign_in.email,
        kind: "email",
        autocomplete: "username",
        required: true,
        hint: None,
    }
}

fn password(words: &Texts) -> FieldSpec {
    FieldSpec {
        name: "password",
        label: words.sign_in.password,
        kind: "password",
        autocomplete: "current-password",
        required: true,
        hint: None,
    }
}

fn missing_fields(values: &Values) -> Vec<FieldError> {
    ["email", "password"]
        .into_iter()
        .filter(|name| values.text(name).is_empty())
        .map(|name| FieldError::new(name, FieldCode::Required))
        .collect()
}

fn request(values: &Values) -> LoginRequest {
    LoginRequest {
        email: values.text("email"),
        password: Sensitive::new(values.text("password")),
        remember: values.flag("remember"),
        transport: Transport::Cookie,
    }
}

/// Why somebody is here: a session that ended, or cookies that did not stay.
#[component]
fn Reasons() -> impl IntoView {
    let words = use_texts();
    let query = use_query_map();
    let ended = part(move || {
        query
            .with(|query| query.get_str("ended").and_then(Ended::from_text))
            .map(|ended| view! { <Note>{reason(words, ended)}</Note> })
            .into_any()
    });
    let blocked = part(move || {
        query
            .with(|query| query.get_str("code") == Some("cookies_blocked"))
            .then(|| {
                view! {
                    <div class="notice notice-warning" role="alert">
                        <strong>{words.sign_in.cookies_title}</strong>
                        <p>{words.sign_in.cookies_text}</p>
                    </div>
                }
            })
            .into_any()
    });
    let done = query
        .with_untracked(|query| match query.get_str("done") {
            Some("confirmed") => Some(words.sign_in.confirmed),
            Some("closed") => Some(words.sign_in.closed),
            Some("password_reset") => Some(words.sign_in.password_reset),
            _ => None,
        })
        .map(|done| view! { <Note>{done}</Note> });
    view! {
        {done}
        {ended}
        {blocked}
    }
}

fn reason(words: &Texts, ended: Ended) -> &'static str {
    match ended {
        Ended::Idle => words.sign_in.ended_idle,
        Ended::By(reason) => match reason {
            EndReason::SignedOut => words.sign_in.ended_signed_out,
            EndReason::Replaced => words.sign_in.ended_replaced,
            EndReason::Reuse => words.sign_in.ended_reuse,
            EndReason::Admin | EndReason::RightsChanged => words.sign_in.ended_admin,
            EndReason::KeyRevoked => words.sign_in.ended_emergency,
            EndReason::EndedElsewhere => words.sign_in.ended_elsewhere,
            // "Not me" takes the password away, too.
            EndReason::PasswordChanged | EndReason::NotMe => words.sign_in.ended_password,
        },
    }
}
