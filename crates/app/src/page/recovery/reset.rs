//! Setting a new password with the link of a mail.

use concierge_core::{
    api::Endpoint,
    link::Page,
    problem::{FieldCode, FieldError},
    recovery::api::{ResetPassword, ResetRequest},
    sensitive::Sensitive,
};
use leptos::prelude::*;

use crate::{
    client::{call, use_client},
    layout::{
        door::{Door, returned_problem},
        token::TokenField,
    },
    page::account::credentials::{NewPassword, new_password_mistake},
    text::use_desk_texts,
    ui::{
        button::SubmitButton,
        form::{Form, Submission, Values},
    },
};

/// The page. A success ends every session, so it leads to sign-in by page load.
#[component]
pub(crate) fn Reset() -> impl IntoView {
    let words = use_desk_texts();
    let client = use_client();
    let submission = Submission::new(returned_problem());
    let submit = move |values: Values| {
        let wrong = mistakes(&values);
        if !wrong.is_empty() {
            return submission.fail_fields(wrong);
        }
        let client = client.clone();
        submission.run(async move {
            let request = ResetRequest {
                token: Sensitive::new(values.text("token").trim()),
                new: Sensitive::new(values.text("new")),
            };
            call::<ResetPassword>(&client, request).await?;
            let done = ResetPassword::FORM.map_or(Page::SignIn.path(), |form| form.done);
            drop(location().replace(done));
            Ok(())
        });
    };
    view! {
        <Door title=words.reset.title>
            <p class="lead">{words.reset.lead}</p>
            <Form action=ResetPassword::PATH submission=submission on_submit=submit>
                <TokenField
                    label=words.common.token
                    hint=words.common.token_hint
                    error=submission.field("token")
                />
                <NewPassword name="new" label=words.reset.password submission=submission />
                <SubmitButton
                    label=words.reset.submit
                    pending=submission.pending()
                    wait=submission.wait()
                />
            </Form>
            <p class="door-foot">
                <a href=Page::Forgot.path()>{words.reset.new_link}</a>
            </p>
        </Door>
    }
}

fn mistakes(values: &Values) -> Vec<FieldError> {
    let no_token = values.text("token").trim().is_empty();
    let token = no_token.then_some(("token", FieldCode::Required));
    let new = new_password_mistake(&values.text("new")).map(|code| ("new", code));
    let wrong = token.into_iter().chain(new);
    wrong
        .map(|(name, code)| FieldError::new(name, code))
        .collect()
}
