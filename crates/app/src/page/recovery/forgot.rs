//! Asking for a link to a new password. Whether the address has an account is never said.

use concierge_core::{
    account::Email,
    api::Endpoint,
    link::Page,
    problem::FieldError,
    recovery::api::{ForgotPassword, ForgotRequest},
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use crate::{
    client::{call, use_client},
    layout::door::{Door, returned_problem},
    reaction::part,
    state::use_page_context,
    text::use_desk_texts,
    ui::{
        button::SubmitButton,
        field::{FieldSpec, TextField},
        form::{Form, Submission, Values},
        notice::Note,
    },
};

/// The page; where no mail leaves the house it says so, and the card names the contact.
#[component]
pub(crate) fn Forgot() -> impl IntoView {
    let words = &use_desk_texts().forgot;
    let query = use_query_map();
    let sends_mail = use_page_context().sends_mail;
    let done = Memo::new(move |_| {
        query.with(|query| match query.get_str("done") {
            Some("sent") => Some(words.sent),
            Some("not_me") => Some(words.not_me),
            _ => None,
        })
    });
    let content = part(move || match done.get() {
        Some(done) => view! { <Note>{done}</Note> }.into_any(),
        None if sends_mail => view! { <Ask /> }.into_any(),
        None => view! { <Note>{words.no_mail}</Note> }.into_any(),
    });
    view! {
        <Door title=words.title>
            {content}
            <p class="door-foot">
                <a href=Page::SignIn.path()>{words.to_sign_in}</a>
            </p>
        </Door>
    }
}

#[component]
fn Ask() -> impl IntoView {
    let words = &use_desk_texts().forgot;
    let client = use_client();
    let navigate = use_navigate();
    let submission = Submission::new(returned_problem());
    let submit = move |values: Values| {
        let email = values.text("email");
        if let Err(code) = email.parse::<Email>() {
            return submission.fail_fields(vec![FieldError::new("email", code)]);
        }
        let (client, navigate) = (client.clone(), navigate.clone());
        submission.run(async move {
            call::<ForgotPassword>(&client, ForgotRequest { email }).await?;
            let done = ForgotPassword::FORM.map_or(Page::Forgot.path(), |form| form.done);
            navigate(done, NavigateOptions::default());
            Ok(())
        });
    };
    let spec = FieldSpec {
        name: "email",
        label: words.email,
        kind: "email",
        autocomplete: "username",
        required: true,
        hint: None,
    };
    view! {
        <p class="lead">{words.lead}</p>
        <Form action=ForgotPassword::PATH submission=submission on_submit=submit>
            <TextField spec=spec error=submission.field("email") />
            <SubmitButton
                label=words.submit
                pending=submission.pending()
                wait=submission.wait()
            />
        </Form>
    }
}
