//! A labelled text field: label above, hint below, error beside it, all tied together for assistive technology.
//!
//! The value lives in the element, never in a signal: what was typed before the page came alive stays.

use leptos::prelude::*;

/// What is fixed about a field.
#[derive(Clone, Copy)]
pub(crate) struct FieldSpec {
    /// The field's name in the form, and its id.
    pub(crate) name: &'static str,
    /// The words above it.
    pub(crate) label: &'static str,
    /// The input's type.
    pub(crate) kind: &'static str,
    /// The autocomplete token; browsers and password managers go by it.
    pub(crate) autocomplete: &'static str,
    /// Whether it must be filled in.
    pub(crate) required: bool,
    /// The words below it.
    pub(crate) hint: Option<&'static str>,
}

impl FieldSpec {
    /// The id of the element with the error.
    pub(crate) fn error_id(&self) -> String {
        format!("{}-error", self.name)
    }

    /// The id of the element with the hint.
    pub(crate) fn hint_id(&self) -> String {
        format!("{}-hint", self.name)
    }

    /// The value of `aria-describedby`.
    pub(crate) fn described_by(&self) -> String {
        match self.hint {
            Some(_) => format!("{} {}", self.hint_id(), self.error_id()),
            None => self.error_id(),
        }
    }
}

/// A text field.
#[component]
pub(crate) fn TextField(
    /// What is fixed about it.
    spec: FieldSpec,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<&'static str>>,
    /// What it holds at first.
    #[prop(optional, into)]
    value: Option<String>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=spec.name>{spec.label}</label>
            <input
                class="input"
                id=spec.name
                name=spec.name
                type=spec.kind
                autocomplete=spec.autocomplete
                required=spec.required
                value=value
                aria-describedby=spec.described_by()
                aria-invalid=move || error.get().map(|_| "true")
            />
            <FieldNotes spec=spec error=error />
        </div>
    }
}

/// The hint and the error below a field.
#[component]
pub(crate) fn FieldNotes(
    /// What is fixed about the field.
    spec: FieldSpec,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<&'static str>>,
) -> impl IntoView {
    let hint = spec.hint.map(|hint| {
        view! { <p class="field-hint" id=spec.hint_id()>{hint}</p> }
    });
    view! {
        {hint}
        <p class="field-error" id=spec.error_id() hidden=move || error.get().is_none()>
            {error}
        </p>
    }
}

/// A box to tick, with its words.
#[component]
pub(crate) fn CheckField(
    /// The field's name in the form, and its id.
    name: &'static str,
    /// The words beside it.
    label: &'static str,
) -> impl IntoView {
    view! {
        <div class="check">
            <input class="check-box" type="checkbox" id=name name=name />
            <label for=name>{label}</label>
        </div>
    }
}

/// A choice from a short list.
#[component]
pub(crate) fn SelectField(
    /// What is fixed about it; its kind is not looked at.
    spec: FieldSpec,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<&'static str>>,
    /// Value and words of each choice, and whether it is chosen at first.
    options: Vec<(&'static str, &'static str, bool)>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(value, words, chosen)| {
            view! { <option value=value selected=chosen>{words}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=spec.name>{spec.label}</label>
            <select
                class="input"
                id=spec.name
                name=spec.name
                autocomplete=spec.autocomplete
                aria-describedby=spec.described_by()
                aria-invalid=move || error.get().map(|_| "true")
            >
                {options}
            </select>
            <FieldNotes spec=spec error=error />
        </div>
    }
}
