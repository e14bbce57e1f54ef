//! The sign-up page.

use concierge_core::{
    account::api::{Register, RegisterRequest},
    api::{Endpoint, Whole},
    link::Page,
    locale::Locale,
    sensitive::Sensitive,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::credentials::{Credentials, mistakes, name_of};
use crate::{
    client::{refresh::use_keeper, wire},
    layout::{
        door::{Door, NextField, returned_problem, use_unfinished},
        token::on_token,
    },
    reaction::part,
    state::use_page_context,
    text::{use_locale, use_texts},
    ui::{
        button::SubmitButton,
        field::{FieldSpec, TextField},
        form::{Form, Submission, Values},
        notice::Note,
    },
};

/// The sign-up page; where registration is not open, it says so and whom to ask. A person whose address
/// has to be confirmed comes back to it.
#[component]
pub(crate) fn SignUp() -> impl IntoView {
    let words = use_texts();
    let facts = use_page_context();
    let mailed = use_query_map().with_untracked(|query| query.get_str("done") == Some("sent"));
    let task = match facts.registration_open || facts.invites_only {
        _ if mailed => view! { <Note>{words.sign_up.mailed}</Note> }.into_any(),
        true => view! { <SignUpForm invites_only=facts.invites_only /> }.into_any(),
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
fn SignUpForm(invites_only: bool) -> impl IntoView {
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
            <Invitation invites_only=invites_only submission=submission />
            <Credentials submission=submission />
            <SubmitButton
                label=words.sign_up.submit
                pending=submission.pending()
                wait=submission.wait()
            />
        </Form>
    }
}

/// The invitation's field, where one is needed or the link brought one.
#[component]
fn Invitation(invites_only: bool, submission: Submission) -> impl IntoView {
    let invite = RwSignal::new(invites_only.then(String::new));
    on_token(move |token| invite.set(Some(token)));
    let spec = FieldSpec {
        name: "invite",
        label: use_texts().sign_up.invite,
        kind: "text",
        autocomplete: "off",
        required: invites_only,
        hint: None,
    };
    part(move || {
        let field = |value: String| {
            view! { <TextField spec=spec error=submission.field("invite") value=value /> }
        };
        invite.get().map(field).into_any()
    })
}

fn request(values: &Values, locale: Locale) -> RegisterRequest {
    RegisterRequest {
        email: values.text("email"),
        password: Sensitive::new(values.text("password")),
        name: name_of(values),
        locale: Some(locale),
        invite: Some(values.text("invite").trim().to_owned())
            .filter(|invite| !invite.is_empty())
            .map(Sensitive::new),
    }
}
