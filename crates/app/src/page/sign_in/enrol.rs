//! Setting a second factor up: begin, then scan and confirm with the first code.
//!
//! Neither form carries the way on: after the factor come its recovery codes, which are shown once.

use std::fmt;

use concierge_core::{
    api::Endpoint,
    link::Page,
    problem::{FieldCode, FieldError},
    sensitive::Sensitive,
    totp::api::{ConfirmRequest, ConfirmTotp, Enrol, EnrolRequest, Enrolment},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    client::{call, use_client},
    layout::door::returned_problem,
    text::use_desk_texts,
    ui::{
        button::SubmitButton,
        code::CodeField,
        form::{Form, Submission, Values},
    },
};

/// A factor that waits for its first code, as the page shows it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seed {
    secret: String,
    uri: String,
    qr_svg: String,
}

impl From<Enrolment> for Seed {
    fn from(enrolment: Enrolment) -> Self {
        let text = |secret: Sensitive| secret.expose().to_owned();
        Self {
            secret: text(enrolment.secret),
            uri: text(enrolment.uri),
            qr_svg: text(enrolment.qr_svg),
        }
    }
}

// Shown on the page and nowhere else.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What a second factor is, and the button that begins.
#[component]
pub(super) fn Begin() -> impl IntoView {
    let words = &use_desk_texts().enrol;
    let client = use_client();
    let submission = Submission::new(returned_problem());
    let submit = move |_: Values| {
        let client = client.clone();
        submission.run(async move {
            call::<Enrol>(&client, EnrolRequest::default()).await?;
            // As without script: the page then finds the factor that waits.
            drop(location().replace(Page::SecondFactor.path()));
            Ok(())
        });
    };
    view! {
        <p class="lead">{words.lead}</p>
        <Form action=Enrol::PATH submission=submission on_submit=submit>
            <SubmitButton
                label=words.begin
                pending=submission.pending()
                wait=submission.wait()
            />
        </Form>
    }
}

/// The seed as image and text, and the field for its first code.
#[component]
pub(super) fn Pending(seed: Seed) -> impl IntoView {
    let words = &use_desk_texts().enrol;
    let client = use_client();
    let submission = Submission::new(returned_problem());
    let submit = move |values: Values| {
        let code = values.text("code");
        if code.trim().is_empty() {
            return submission.fail_fields(vec![FieldError::new("code", FieldCode::Required)]);
        }
        let client = client.clone();
        submission.run(async move {
            let request = ConfirmRequest {
                code: Sensitive::new(code.trim()),
                ticket: None,
            };
            call::<ConfirmTotp>(&client, request).await?;
            // By page load: who came with a ticket is signed in only now, which the server tells the page.
            drop(location().replace(Page::RecoveryCodes.path()));
            Ok(())
        });
    };
    view! {
        <p class="lead">{words.scan}</p>
        // The image is made by our server, of our own parts.
        <figure class="qr" role="img" aria-label=words.image inner_html=seed.qr_svg></figure>
        <p>{words.key} " " <code class="key">{seed.secret}</code></p>
        <p>
            <a href=seed.uri rel="external">
                {words.open}
            </a>
        </p>
        <Form action=ConfirmTotp::PATH submission=submission on_submit=submit refocus="code">
            <CodeField label=words.code error=submission.field("code") />
            <SubmitButton
                label=words.submit
                pending=submission.pending()
                wait=submission.wait()
            />
        </Form>
    }
}
