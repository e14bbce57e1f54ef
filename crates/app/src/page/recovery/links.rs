//! The pages of links that need no more than a press: confirming an address, and "this was not me".
//!
//! A link alone does nothing: mail programs open links by themselves, so a person has to press.

use concierge_core::{
    account::api::{ConfirmEmail, TokenRequest},
    api::{Empty, Endpoint, Whole},
    link::Page,
    problem::{FieldCode, FieldError},
    recovery::api::NotMe as NotMeEndpoint,
    sensitive::Sensitive,
};
use leptos::prelude::*;

use crate::{
    client::{call, use_client},
    layout::{
        door::{Door, returned_problem},
        token::TokenField,
    },
    text::use_desk_texts,
    ui::{
        button::SubmitButton,
        form::{Form, Submission, Values},
    },
};

/// Confirming an address.
#[component]
pub(crate) fn Confirm() -> impl IntoView {
    let words = &use_desk_texts().confirm;
    view! {
        <Door title=words.title>
            <p class="lead">{words.lead}</p>
            {press::<ConfirmEmail>(words.submit)}
        </Door>
    }
}

/// Saying that a sign-in was not one's own.
#[component]
pub(crate) fn NotMe() -> impl IntoView {
    let words = &use_desk_texts().not_me;
    view! {
        <Door title=words.title>
            <p class="lead">{words.lead}</p>
            {press::<NotMeEndpoint>(words.submit)}
        </Door>
    }
}

/// The token and the button. What comes after may have no session any more, so it is a page load.
fn press<E>(label: &'static str) -> impl IntoView
where
    E: Endpoint<Target = Whole, Request = TokenRequest, Response = Empty>,
{
    let words = use_desk_texts();
    let client = use_client();
    let submission = Submission::new(returned_problem());
    let submit = move |values: Values| {
        let token = values.text("token").trim().to_owned();
        if token.is_empty() {
            return submission.fail_fields(vec![FieldError::new("token", FieldCode::Required)]);
        }
        let client = client.clone();
        submission.run(async move {
            let token = Sensitive::new(token);
            call::<E>(&client, TokenRequest { token }).await?;
            let done = E::FORM.map_or(Page::SignIn.path(), |form| form.done);
            drop(location().replace(done));
            Ok(())
        });
    };
    view! {
        <Form action=E::PATH submission=submission on_submit=submit>
            <TokenField
                label=words.common.token
                hint=words.common.token_hint
                error=submission.field("token")
            />
            <SubmitButton label=label pending=submission.pending() wait=submission.wait() />
        </Form>
    }
}
