//! The fields of a new account: name, address, and a password with live advice by the rules of core.

use concierge_core::{
    account::{Email, Name, api::SuggestPassphrase},
    api::Empty,
    password::policy,
    problem::{FieldCode, FieldError},
};
use leptos::prelude::*;
use web_sys::HtmlInputElement;

use crate::{
    client::{call, fold, use_client},
    reaction::{element, spawn, use_scripted},
    text::{use_locale, use_texts},
    ui::{
        field::{FieldSpec, TextField},
        form::{Submission, Values},
        password::PasswordField,
    },
};

/// The product's own name, which no password may contain.
const PRODUCT: &str = "concierge";

/// The fields of a new account.
#[component]
pub(crate) fn Credentials(submission: Submission) -> impl IntoView {
    let words = use_texts();
    let spec = |name, label, kind, autocomplete| FieldSpec {
        name,
        label,
        kind,
        autocomplete,
        required: name != "name",
        hint: None,
    };
    view! {
        <TextField
            spec=spec("name", words.sign_up.name, "text", "name")
            error=submission.field("name")
        />
        <TextField
            spec=spec("email", words.sign_up.email, "email", "username")
            error=submission.field("email")
        />
        <NewPassword name="password" label=words.sign_up.password submission=submission />
    }
}

/// A new password with live advice, and a passphrase for who wants one.
#[component]
pub(crate) fn NewPassword(
    /// The field's name in the form, and its id.
    name: &'static str,
    /// The words above it.
    label: &'static str,
    /// The state of its form.
    submission: Submission,
) -> impl IntoView {
    let words = use_texts();
    let locale = use_locale();
    let client = use_client();
    let scripted = use_scripted();
    let shown = RwSignal::new(false);
    let advice = RwSignal::new(None::<&'static str>);
    let advise = move |password: String| {
        let of = |field| element::<HtmlInputElement>(field).map(|input| input.value());
        let own = own_words(
            &of("name").unwrap_or_default(),
            &of("email").unwrap_or_default(),
        );
        let verdict = policy::check(&password, &own, fold);
        advice.set(match verdict {
            Ok(()) => Some(words.sign_up.long_enough),
            Err(FieldCode::Required) => None,
            Err(code) => Some(code.title(locale)),
        });
    };
    let suggest = move |_| {
        let client = client.clone();
        spawn(async move {
            match call::<SuggestPassphrase>(&client, Empty {}).await {
                Ok(answer) => {
                    if let Some(field) = element::<HtmlInputElement>(name) {
                        field.set_value(answer.passphrase.expose());
                        // What one has to write down has to be seen.
                        shown.try_set(true);
                        advise(field.value());
                    }
                }
                Err(problem) => submission.fail(problem),
            }
        });
    };
    let spec = FieldSpec {
        name,
        label,
        kind: "password",
        autocomplete: "new-password",
        required: true,
        hint: Some(words.sign_up.rule),
    };
    view! {
        <PasswordField spec=spec error=submission.field(name) on_input=advise shown=shown />
        <p class="advice" role="status">
            {Signal::derive(move || advice.get())}
        </p>
        <button class="button" type="button" hidden=move || !scripted.get() on:click=suggest>
            {words.sign_up.suggest}
        </button>
    }
}

/// The words that a password must not contain, as far as the browser knows them.
fn own_words(name: &str, email: &str) -> Vec<String> {
    let name = name.parse::<Name>();
    let of_name = name.iter().flat_map(Name::words).map(str::to_owned);
    let local = email.trim().split('@').next().unwrap_or_default();
    of_name
        .chain([local.to_owned(), PRODUCT.to_owned()])
        .collect()
}

/// What the browser can tell to be wrong before anything is sent.
pub(crate) fn mistakes(values: &Values) -> Vec<FieldError> {
    let (name, email) = (values.text("name"), values.text("email"));
    let checks = [
        ("name", name.parse::<Name>().err()),
        ("email", email.parse::<Email>().err()),
        (
            "password",
            policy::check(&values.text("password"), &own_words(&name, &email), fold).err(),
        ),
    ];
    checks
        .into_iter()
        .filter_map(|(name, code)| Some(FieldError::new(name, code?)))
        .collect()
}

/// What the browser can tell to be wrong with the new password of somebody it does not know.
pub(crate) fn new_password_mistake(password: &str) -> Option<FieldCode> {
    policy::check(password, &own_words("", ""), fold).err()
}

/// The name, when one was given.
pub(crate) fn name_of(values: &Values) -> Option<String> {
    Some(values.text("name")).filter(|name| !name.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_words_are_the_name_the_local_part_and_the_product() {
        assert_eq!(
            own_words("Ada Lovelace", " ada.l@example.org"),
            ["Ada", "Lovelace", "ada.l", "concierge"]
        );
        assert_eq!(own_words("", ""), ["", "concierge"]);
    }
}
