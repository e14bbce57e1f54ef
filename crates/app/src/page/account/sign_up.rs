//! The sign-up page.

use concierge_core::{
    account::api::{Register, RegisterRequest},
    api::{Endpoint, Whole},
    link::Page,
    locale::Locale,
    sensitive::Sensitive,
};
use leptos::prelude::*;

use super::credentials::{Credentials, mistakes, name_of};
use crate::{
    client::{refresh::use_keeper, wire},
    layout::door::{Door, NextField, returned_problem, use_unfinished},
    state::use_page_context,
    text::{use_locale, use_texts},
    ui::{
        button::SubmitButton,
        form::{Form, Submission, Values},
        notice::Note,
    },
};

/// The sign-up page; where registration is not open, it says so and whom to ask.
#[component]
pub(crate) fn SignUp() -> impl IntoView {
    let words = use_texts();
    let task = match use_page_context().registration_open {
        true => view! { <SignUpForm /> }.into_any(),
        false => view! { <Note>{words.sign_up.closed}</Note> }.into_any(),
    };
    view! {
        <Door title=words.sign_up.title>
            {task}
            <p class="door-foot">
                <a href=Page::SignIn.path()>{words.sign_up.have_account}</a>
            </p>
        </Door>
    }
}

/// The form. A success is followed by the guard, which leads on.
#[component]
fn SignUpForm() -> impl IntoView {
    let words = use_texts();
    let locale = use_locale();
    let keeper = use_keeper();
    let go_on_unfinished = use_unfinished();
    let submission = Submission::new(returned_problem());
    let submit = move |values: Values| {
        let wrong = mistakes(&values);
        if !wrong.is_empty() {
            return submission.fail_fields(wrong);
        }
        let go_on_unfinished = go_on_unfinished.clone();
        submission.run(async move {
            go_on_unfinished(
                keeper
                    .enter(wire::<Register>(&Whole, &request(&values, locale)))
                    .await?,
            );
            Ok(())
        });
    };
    view! {
        <Form action=Register::PATH submission=submission on_submit=submit>
            <NextField />
            <input type="hidden" name="locale" value=locale.tag() />
            <Credentials submission=submission />
            <SubmitButton
                label=words.sign_up.submit
                pending=submission.pending()
                wait=submission.wait()
            />
        </Form>
    }
}

fn request(values: &Values, locale: Locale) -> RegisterRequest {
    RegisterRequest {
        email: values.text("email"),
        password: Sensitive::new(values.text("password")),
        name: name_of(values),
        locale: Some(locale),
        invite: None,
    }
}
