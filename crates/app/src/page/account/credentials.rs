//! The fields of a new account: name, address, and a password with live advice by the rules of core.

use concierge_core::{
    account::{Email, Name},
    password::policy,
    problem::{FieldCode, FieldError},
};
use leptos::prelude::*;
use web_sys::HtmlInputElement;

use crate::{
    client::fold,
    reaction::element,
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
    let locale = use_locale();
    let advice = RwSignal::new(None::<&'static str>);
    let advise = move |password: String| {
        let of = |field| element::<HtmlInputElement>(field).map(|input| input.value());
        let (name, email) = (of("name"), of("email"));
        let own = own_words(&name.unwrap_or_default(), &email.unwrap_or_default());
        let verdict = policy::check(&password, &own, fold);
        advice.set(match verdict {
            Ok(()) => Some(words.sign_up.long_enough),
            Err(FieldCode::Required) => None,
            Err(code) => Some(code.title(locale)),
        });
    };
    let spec = |name, label, kind, autocomplete, hint| FieldSpec {
        name,
        label,
        kind,
        autocomplete,
        required: name != "name",
        hint,
    };
    let rule = Some(words.sign_up.rule);
    view! {
        <TextField
            spec=spec("name", words.sign_up.name, "text", "name", None)
            error=submission.field("name")
        />
        <TextField
            spec=spec("email", words.sign_up.email, "email", "username", None)
            error=submission.field("email")
        />
        <PasswordField
            spec=spec("password", words.sign_up.password, "password", "new-password", rule)
            error=submission.field("password")
            on_input=advise
        />
        <p class="advice" role="status">{Signal::derive(move || advice.get())}</p>
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
