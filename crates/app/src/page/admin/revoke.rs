//! Revoking a key: the button, and in its place the question with the number of sessions that end and the reason.

use concierge_core::{
    keys::RingName,
    link::Page,
    problem::{FieldCode, FieldError},
};
use leptos::prelude::*;

use super::key_acts::{KeyActs, focus_soon};
use crate::{
    reaction::{part, use_scripted},
    text::{
        format::{fill, fill_all},
        use_admin_texts, use_desk_texts,
    },
    ui::{
        field::{FieldSpec, TextField},
        form::{Form, Submission, Values},
    },
};

/// The field's name and id: one question at a time stands on the page.
const REASON: &str = "reason";

/// The longest reason that the server takes, in characters.
const LONGEST: usize = 500;

/// The button of a key, and the question once it was pressed.
#[component]
pub(super) fn Revoke(
    /// The ring.
    ring: RingName,
    /// The key.
    kid: String,
    /// How many sessions end with it.
    sessions: u64,
    /// Does it.
    acts: KeyActs,
) -> impl IntoView {
    let asked = acts.asked();
    let of = kid.clone();
    let is_asked = Memo::new(move |_| asked.with(|asked| asked.as_ref() == Some(&of)));
    part(move || match is_asked.get() {
        false => button(kid.clone(), acts),
        true => question(ring, kid.clone(), sessions, acts),
    })
}

/// The id of a key's heading.
pub(super) fn key_id(kid: &str) -> String {
    format!("key-{kid}")
}

fn button_id(kid: &str) -> String {
    format!("revoke-{kid}")
}

fn button(kid: String, acts: KeyActs) -> AnyView {
    let scripted = use_scripted();
    view! {
        <div class="actions">
            <button
                class="button button-danger"
                id=button_id(&kid)
                type="button"
                aria-describedby=key_id(&kid)
                disabled=move || !scripted.get() || acts.pending().get()
                on:click=move |_| {
                    acts.asked().set(Some(kid.clone()));
                    focus_soon(REASON.to_owned());
                }
            >
                {use_admin_texts().revoke.label}
            </button>
        </div>
    }
    .into_any()
}

fn question(ring: RingName, kid: String, sessions: u64, acts: KeyActs) -> AnyView {
    let words = &use_admin_texts().revoke;
    let submission = Submission::new(None);
    let heading = fill_all(words.heading, &[&kid]);
    let back = button_id(&kid);
    let submit = move |values: Values| {
        let reason = values.text(REASON).trim().to_owned();
        let wrong = match reason.chars().count() {
            0 => Some(FieldCode::Required),
            1..=LONGEST => None,
            _ => Some(FieldCode::TooLong),
        };
        match wrong {
            Some(code) => submission.fail_fields(vec![FieldError::new(REASON, code)]),
            None => {
                submission.clear();
                acts.revoke(ring, kid.clone(), reason);
            }
        }
    };
    let pending = acts.pending();
    let spec = reason_field();
    view! {
        <div class="question question-danger" role="group" aria-labelledby="revoke-heading">
            <h4 id="revoke-heading">{heading}</h4>
            <p>{fill(words.sure, sessions)}</p>
            {acts.refusal(ring, true)}
            <Form action=Page::Keys.path() submission=submission on_submit=submit refocus=REASON>
                <TextField spec=spec error=submission.field(REASON) />
                <div class="actions">
                    <button
                        class="button button-danger"
                        type="submit"
                        aria-busy=move || pending.get().then_some("true")
                        disabled=move || pending.get()
                    >
                        {words.yes}
                    </button>
                    <button
                        class="button"
                        type="button"
                        on:click=move |_| {
                            acts.asked().set(None);
                            focus_soon(back.clone());
                        }
                    >
                        {use_desk_texts().common.cancel}
                    </button>
                </div>
            </Form>
        </div>
    }
    .into_any()
}

fn reason_field() -> FieldSpec {
    let words = &use_admin_texts().revoke;
    FieldSpec {
        name: REASON,
        label: words.reason,
        kind: "text",
        autocomplete: "off",
        required: true,
        hint: Some(words.reason_hint),
    }
}
