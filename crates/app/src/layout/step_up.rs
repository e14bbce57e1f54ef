//! Proving in place who one is, when an action asks for it; then the action goes on by itself.
//!
//! One dialog for all pages. An action is a function, because what was interrupted is done again from the start:
//! its request holds secrets and was used up.

use std::{future::Future, pin::Pin, rc::Rc};

use concierge_core::{
    api::Endpoint,
    problem::{ErrorCode, FieldCode, FieldError, Problem},
    sensitive::Sensitive,
    sign_in::api::{FreshRequest, ProveFresh},
};
use leptos::prelude::*;
use send_wrapper::SendWrapper;

use crate::{
    client::{call, use_client},
    reaction::part,
    state::viewer::use_session,
    text::{use_desk_texts, use_texts},
    ui::{
        button::SubmitButton,
        dialog::Dialog,
        field::{FieldSpec, TextField},
        form::{Form, Submission, Values},
        password::PasswordField,
    },
};

type Attempt = Pin<Box<dyn Future<Output = Result<(), Problem>>>>;

/// What was interrupted: how to do it again, and where its outcome shows.
#[derive(Clone)]
struct Interrupted {
    again: Rc<dyn Fn() -> Attempt>,
    submission: Submission,
}

/// Asks for a proof where an action needs one.
#[derive(Clone, Copy)]
pub(crate) struct StepUp {
    asking: RwSignal<bool>,
    interrupted: StoredValue<Option<SendWrapper<Interrupted>>>,
}

impl StepUp {
    /// Makes it known to everything below.
    pub(crate) fn provide() -> Self {
        let step_up = Self {
            asking: RwSignal::new(false),
            interrupted: StoredValue::new(None),
        };
        provide_context(step_up);
        step_up
    }

    /// Tries an action. Where a proof is due, the dialog asks for it and the action is tried again afterwards.
    pub(crate) fn run<F>(self, submission: Submission, action: impl Fn() -> F + 'static)
    where
        F: Future<Output = Result<(), Problem>> + 'static,
    {
        let again: Rc<dyn Fn() -> Attempt> = Rc::new(move || Box::pin(action()));
        let attempt = again();
        submission.run(async move {
            match attempt.await {
                Err(problem) if problem.code == ErrorCode::FreshSignInRequired => {
                    let interrupted = Interrupted { again, submission };
                    self.interrupted
                        .set_value(Some(SendWrapper::new(interrupted)));
                    self.asking.set(true);
                    Ok(())
                }
                outcome => outcome,
            }
        });
    }

    /// The proof was given.
    fn go_on(self) {
        self.asking.set(false);
        if let Some(Some(interrupted)) = self.interrupted.try_update_value(Option::take) {
            let Interrupted { again, submission } = interrupted.take();
            submission.run(again());
        }
    }

    /// Nothing is done, and everything stays as it was.
    fn give_up(self) {
        self.asking.set(false);
        self.interrupted.set_value(None);
    }
}

/// What asks for a proof on this page.
pub(crate) fn use_step_up() -> StepUp {
    use_context().unwrap_or_else(StepUp::provide)
}

/// The dialog; closed most of the time.
#[component]
pub(crate) fn StepUpDialog() -> impl IntoView {
    let words = &use_desk_texts().step_up;
    let step_up = use_step_up();
    view! {
        <Dialog
            id="step-up"
            title=words.title
            open=step_up.asking
            on_close=Callback::new(move |()| step_up.give_up())
        >
            // Only while it asks: its fields have the names that other forms use.
            {part(move || {
                step_up.asking.get().then(|| view! { <Proof step_up=step_up /> }).into_any()
            })}
        </Dialog>
    }
}

#[component]
fn Proof(step_up: StepUp) -> impl IntoView {
    let words = use_desk_texts();
    let client = use_client();
    let session = use_session();
    let needs_code = untrack(|| session.account()).is_some_and(|account| account.second_factor);
    let submission = Submission::new(None);
    let submit = move |values: Values| {
        let missing = missing(&values, needs_code);
        if !missing.is_empty() {
            return submission.fail_fields(missing);
        }
        let client = client.clone();
        submission.run(async move {
            call::<ProveFresh>(&client, request(&values, needs_code)).await?;
            step_up.go_on();
            Ok(())
        });
    };
    let code = needs_code.then(|| {
        view! { <TextField spec=code_field() error=submission.field("proof-code") /> }
    });
    view! {
        <p>{words.step_up.lead}</p>
        <Form action=ProveFresh::PATH submission=submission on_submit=submit refocus="proof">
            <PasswordField spec=password_field() error=submission.field("proof") />
            {code}
            <div class="actions">
                <SubmitButton
                    label=words.step_up.submit
                    pending=submission.pending()
                    wait=submission.wait()
                />
                <button class="button" type="button" on:click=move |_| step_up.give_up()>
                    {words.common.cancel}
                </button>
            </div>
        </Form>
    }
}

fn missing(values: &Values, needs_code: bool) -> Vec<FieldError> {
    let fields = [("proof", true), ("proof-code", needs_code)];
    fields
        .into_iter()
        .filter(|(name, is_needed)| *is_needed && values.text(name).is_empty())
        .map(|(name, _)| FieldError::new(name, FieldCode::Required))
        .collect()
}

fn request(values: &Values, needs_code: bool) -> FreshRequest {
    FreshRequest {
        password: Sensitive::new(values.text("proof")),
        code: needs_code.then(|| Sensitive::new(values.text("proof-code"))),
    }
}

fn password_field() -> FieldSpec {
    FieldSpec {
        name: "proof",
        label: use_texts().sign_in.password,
        kind: "password",
        autocomplete: "current-password",
        required: true,
        hint: None,
    }
}

fn code_field() -> FieldSpec {
    let words = use_desk_texts();
    FieldSpec {
        name: "proof-code",
        label: words.step_up.code,
        kind: "text",
        autocomplete: "one-time-code",
        required: true,
        hint: Some(words.step_up.code_hint),
    }
}
