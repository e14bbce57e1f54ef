//! The page that makes the first admin, with the one-time token of the setup link.

use concierge_core::{
    account::api::{Setup as SetupEndpoint, SetupRequest},
    api::{Endpoint, Whole},
    problem::{FieldCode, FieldError},
    sensitive::Sensitive,
};
use leptos::prelude::*;

use super::credentials::{Credentials, mistakes, name_of};
use crate::{
    client::{
        refresh::{Entered, use_keeper},
        wire,
    },
    layout::{
        door::{Door, returned_problem, use_unfinished},
        guard::use_go_on,
        token::TokenField,
    },
    text::use_texts,
    ui::{
        button::SubmitButton,
        form::{Form, Submission, Values},
    },
};

/// The setup page. The token is a field like any other, so the page works without script, too.
#[component]
pub(crate) fn Setup() -> impl IntoView {
    let words = use_texts();
    let keeper = use_keeper();
    let go_on_unfinished = use_unfinished();
    let go_on = use_go_on();
    let submission = Submission::new(returned_problem());
    let submit = move |values: Values| {
        let wrong = all_mistakes(&values);
        if !wrong.is_empty() {
            return submission.fail_fields(wrong);
        }
        let (go_on_unfinished, go_on) = (go_on_unfinished.clone(), go_on.clone());
        submission.run(async move {
            let entered = keeper
                .enter(wire::<SetupEndpoint>(&Whole, &request(&values)))
                .await?;
            match entered {
                Entered::Yes => go_on(None),
                unfinished => go_on_unfinished(unfinished),
            }
            Ok(())
        });
    };
    view! {
        <Door title=words.setup.title>
            <p class="lead">{words.setup.lead}</p>
            <Form action=SetupEndpoint::PATH submission=submission on_submit=submit>
                <TokenField
                    label=words.setup.token
                    hint=words.setup.token_hint
                    error=submission.field("token")
                />
                <Credentials submission=submission />
                <SubmitButton
                    label=words.setup.submit
                    pending=submission.pending()
                    wait=submission.wait()
                />
            </Form>
        </Door>
    }
}

fn all_mistakes(values: &Values) -> Vec<FieldError> {
    let no_token = values.text("token").trim().is_empty();
    let token = no_token.then(|| FieldError::new("token", FieldCode::Required));
    token.into_iter().chain(mistakes(values)).collect()
}

fn request(values: &Values) -> SetupRequest {
    SetupRequest {
        token: Sensitive::new(values.text("token").trim()),
        email: values.text("email"),
        password: Sensitive::new(values.text("password")),
        name: name_of(values),
    }
}
