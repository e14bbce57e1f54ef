//! The pages of links that need no more than a press: confirming an address, and "this was not me".
//!
//! A link alone does nothing: mail programs open links by themselves, so a person has to press. A new account that is
//! confirmed in another browser than the one that asked for it also needs its password (ADR 11).

use concierge_core::{
    account::api::{AddressConfirmation, ConfirmEmail, TokenRequest},
    api::{Empty, Endpoint, Whole},
    link::Page,
    problem::{ErrorCode, FieldCode, FieldError, Problem},
    recovery::api::NotMe as NotMeEndpoint,
    sensitive::Sensitive,
};
use leptos::prelude::*;
use web_sys::HtmlInputElement;

use crate::{
    client::{call, use_client},
    layout::{
        door::{Door, returned_problem},
        token::TokenField,
    },
    reaction::{element, part},
    text::use_desk_texts,
    ui::{
        button::SubmitButton,
        field::FieldSpec,
        form::{Form, Submission, Values},
        password::PasswordField,
    },
};

/// Confirming an address.
#[component]
pub(crate) fn Confirm() -> impl IntoView {
    let words = &use_desk_texts().confirm;
    let returned = returned_problem();
    let asks = RwSignal::new(is_refusal(returned.as_ref()));
    let request = |token, values: &Values| AddressConfirmation {
        token,
        password: Some(values.text("password"))
            .filter(|password| !password.is_empty())
            .map(Sensitive::new),
    };
    view! {
        <Door title=words.title>
            <p class="lead">{words.lead}</p>
            {press::<ConfirmEmail>(words.submit, returned, request, Some(asks))}
        </Door>
    }
}

/// Saying that a sign-in was not one's own.
#[component]
pub(crate) fn NotMe() -> impl IntoView {
    let words = &use_desk_texts().not_me;
    let request = |token, _: &Values| TokenRequest { token };
    view! {
        <Door title=words.title>
            <p class="lead">{words.lead}</p>
            {press::<NotMeEndpoint>(words.submit, returned_problem(), request, None)}
        </Door>
    }
}

fn is_refusal(problem: Option<&Problem>) -> bool {
    problem.is_some_and(|problem| problem.code == ErrorCode::BadCredentials)
}

/// The token and the button; where the house asks for it, a password. What comes after may have no session any more,
/// so it is a page load.
fn press<E>(
    label: &'static str,
    returned: Option<Problem>,
    request: fn(Sensitive, &Values) -> E::Request,
    asks: Option<RwSignal<bool>>,
) -> impl IntoView
where
    E: Endpoint<Target = Whole, Response = Empty>,
{
    let words = use_desk_texts();
    let client = use_client();
    let submission = Submission::new(returned);
    let submit = move |values: Values| {
        let token = values.text("token").trim().to_owned();
        if token.is_empty() {
            return submission.fail_fields(vec![FieldError::new("token", FieldCode::Required)]);
        }
        let client = client.clone();
        let request = request(Sensitive::new(token), &values);
        submission.run(async move {
            let outcome = call::<E>(&client, request).await;
            if let (Err(problem), Some(asks)) = (&outcome, asks)
                && is_refusal(Some(problem))
                && !asks.get_untracked()
            {
                ask(asks);
                return Ok(());
            }
            outcome?;
            let done = E::FORM.map_or(Page::SignIn.path(), |form| form.done);
            drop(location().replace(done));
            Ok(())
        });
    };
    let password = asks.map(|asks| {
        part(move || {
            let spec = password_field();
            let error = submission.field("password");
            asks.get()
                .then(|| view! { <PasswordField spec=spec error=error /> })
                .into_any()
        })
    });
    view! {
        <Form action=E::PATH submission=submission on_submit=submit refocus="password">
            <TokenField
                label=words.common.token
                hint=words.common.token_hint
                error=submission.field("token")
            />
            {password}
            <SubmitButton label=label pending=submission.pending() wait=submission.wait() />
        </Form>
    }
}

/// Shows the field of the password and leads to it.
fn ask(asks: RwSignal<bool>) {
    asks.set(true);
    request_animation_frame(|| {
        if let Some(field) = element::<HtmlInputElement>("password") {
            drop(field.focus());
        }
    });
}

fn password_field() -> FieldSpec {
    let words = &use_desk_texts().confirm;
    FieldSpec {
        name: "password",
        label: words.password,
        kind: "password",
        autocomplete: "current-password",
        required: true,
        hint: Some(words.password_hint),
    }
}
