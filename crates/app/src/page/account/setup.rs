//! The page that makes the first admin, with the one-time token of the setup link.

use concierge_core::{
    account::api::{Setup as SetupEndpoint, SetupRequest},
    api::{Endpoint, Whole},
    problem::{FieldCode, FieldError},
    sensitive::Sensitive,
};
use leptos::{prelude::*, wasm_bindgen::JsValue};
use web_sys::HtmlInputElement;

use super::credentials::{Credentials, mistakes, name_of};
use crate::{
    client::{
        refresh::{Entered, use_keeper},
        wire,
    },
    layout::{
        door::{Door, returned_problem, use_unfinished},
        guard::use_go_on,
    },
    reaction::{effect, element},
    text::use_texts,
    ui::{
        button::SubmitButton,
        field::{FieldSpec, TextField},
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
    take_token_from_address();
    let spec = FieldSpec {
        name: "token",
        label: words.setup.token,
        kind: "text",
        autocomplete: "off",
        required: true,
        hint: Some(words.setup.token_hint),
    };
    view! {
        <Door title=words.setup.title>
            <p class="lead">{words.setup.lead}</p>
            <Form action=SetupEndpoint::PATH submission=submission on_submit=submit>
                <TextField spec=spec error=submission.field("token") />
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

/// Moves the token from the fragment into the field, and out of the address bar and the history.
fn take_token_from_address() {
    // A frame later: after a navigation within the app the field is in the page only then.
    effect(|| request_animation_frame(take_token));
}

fn take_token() {
    let Some(field) = element::<HtmlInputElement>("token") else {
        return;
    };
    let hash = location().hash().unwrap_or_default();
    if let Some(token) = token_of(&hash) {
        field.set_value(token);
        let path = location().pathname().unwrap_or_default();
        let query = location().search().unwrap_or_default();
        let history = window().history();
        // Where the browser refuses, the token is still one-time.
        drop(history.map(|history| {
            history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("{path}{query}")))
        }));
    }
}

/// The token in a fragment: all of it, or the value of `token=`.
fn token_of(hash: &str) -> Option<&str> {
    let fragment = hash.strip_prefix('#')?;
    let token = fragment.strip_prefix("token=").unwrap_or(fragment);
    // The skip link leaves a fragment, too.
    (!token.is_empty() && token != "main").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_is_a_token_unless_it_is_a_place_in_the_page() {
        assert_eq!(token_of("#abc"), Some("abc"));
        assert_eq!(token_of("#token=abc"), Some("abc"));
        for nothing in ["", "#", "#main", "abc"] {
            assert_eq!(token_of(nothing), None, "{nothing}");
        }
    }
}
