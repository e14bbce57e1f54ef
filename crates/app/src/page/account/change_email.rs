//! The card that changes the address: the new one counts once it was confirmed.

use concierge_core::{
    account::{
        Email,
        api::{ChangeEmail, EmailChange},
    },
    api::Endpoint,
    problem::FieldError,
};
use leptos::prelude::*;

use crate::{
    client::{call, use_client},
    layout::step_up::use_step_up,
    text::use_desk_texts,
    ui::{
        button::SubmitButton,
        field::{FieldSpec, TextField},
        form::{Form, Submission, Values},
    },
};

/// The card.
#[component]
pub(crate) fn ChangeEmailCard() -> impl IntoView {
    let words = &use_desk_texts().change_email;
    let client = use_client();
    let step_up = use_step_up();
    let submission = Submission::new(None);
    let sent = RwSignal::new(false);
    let submit = move |values: Values| {
        sent.set(false);
        let email = values.text("new-email");
        if let Err(code) = email.parse::<Email>() {
            return submission.fail_fields(vec![FieldError::new("new-email", code)]);
        }
        let client = client.clone();
        step_up.run(submission, move || {
            let (client, email) = (client.clone(), email.clone());
            async move {
                call::<ChangeEmail>(&client, EmailChange { email }).await?;
                let _gone = sent.try_set(true);
                Ok(())
            }
        });
    };
    let spec = FieldSpec {
        name: "new-email",
        label: words.email,
        kind: "email",
        autocomplete: "email",
        required: true,
        hint: Some(words.hint),
    };
    view! {
        <section class="card" aria-labelledby="email-heading">
            <h2 id="email-heading">{words.title}</h2>
            <Form action=ChangeEmail::PATH submission=submission on_submit=submit>
                <TextField spec=spec error=submission.field("new-email") />
                <div class="actions">
                    <SubmitButton
                        label=words.submit
                        pending=submission.pending()
                        wait=submission.wait()
                    />
                    <p class="saved" role="status">
                        {Signal::derive(move || sent.get().then_some(words.sent))}
                    </p>
                </div>
            </Form>
        </section>
    }
}
