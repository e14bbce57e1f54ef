//! The card that changes the password.

use concierge_core::{
    account::api::{ChangePassword, PasswordChange},
    api::Endpoint,
    problem::{FieldCode, FieldError},
    sensitive::Sensitive,
};
use leptos::prelude::*;

use super::credentials::{NewPassword, new_password_mistake};
use crate::{
    client::{call, use_client},
    layout::step_up::use_step_up,
    text::use_desk_texts,
    ui::{
        button::SubmitButton,
        field::FieldSpec,
        form::{Form, Submission, Values},
        password::PasswordField,
    },
};

/// The card.
#[component]
pub(crate) fn ChangePasswordCard() -> impl IntoView {
    let words = &use_desk_texts().security;
    let client = use_client();
    let step_up = use_step_up();
    let submission = Submission::new(None);
    let changed = RwSignal::new(false);
    let submit = move |values: Values| {
        changed.set(false);
        let wrong = mistakes(&values);
        if !wrong.is_empty() {
            return submission.fail_fields(wrong);
        }
        let client = client.clone();
        let (current, new) = (values.text("current"), values.text("new"));
        step_up.run(submission, move || {
            let client = client.clone();
            let change = PasswordChange {
                current: Sensitive::new(current.as_str()),
                new: Sensitive::new(new.as_str()),
            };
            async move {
                call::<ChangePassword>(&client, change).await?;
                let _gone = changed.try_set(true);
                Ok(())
            }
        });
    };
    let current = FieldSpec {
        name: "current",
        label: words.current,
        kind: "password",
        autocomplete: "current-password",
        required: true,
        hint: None,
    };
    view! {
        <section class="card" aria-labelledby="password-heading">
            <h2 id="password-heading">{words.password}</h2>
            <p>{words.password_text}</p>
            <Form action=ChangePassword::PATH submission=submission on_submit=submit>
                <PasswordField spec=current error=submission.field("current") />
                <NewPassword name="new" label=words.new_password submission=submission />
                <div class="actions">
                    <SubmitButton
                        label=words.change
                        pending=submission.pending()
                        wait=submission.wait()
                    />
                    <p class="saved" role="status">
                        {Signal::derive(move || changed.get().then_some(words.changed))}
                    </p>
                </div>
            </Form>
        </section>
    }
}

fn mistakes(values: &Values) -> Vec<FieldError> {
    let no_current = values.text("current").is_empty();
    let current = no_current.then_some(("current", FieldCode::Required));
    let new = new_password_mistake(&values.text("new")).map(|code| ("new", code));
    let wrong = current.into_iter().chain(new);
    wrong
        .map(|(name, code)| FieldError::new(name, code))
        .collect()
}
