//! A link that is shown once, for an admin to hand to somebody.

use concierge_core::admin::api::OneTimeLink;
use leptos::prelude::*;
use web_sys::HtmlInputElement;

use crate::{
    reaction::{element, part},
    text::{format::moment, use_admin_texts, use_locale},
    ui::copy::CopyButton,
};

/// The field's id.
const FIELD: &str = "handed";

/// The link that was made on this page, if one was. It lives as long as the page and is kept nowhere.
#[derive(Clone, Copy)]
pub(super) struct Handed(RwSignal<Option<OneTimeLink>>);

impl Handed {
    /// None yet.
    pub(super) fn new() -> Self {
        Self(RwSignal::new(None))
    }

    /// Shows a link and puts the reader there.
    pub(super) fn show(self, link: OneTimeLink) {
        if self.0.try_set(Some(link)).is_none() {
            request_animation_frame(|| {
                if let Some(field) = element::<HtmlInputElement>(FIELD) {
                    drop(field.focus());
                    field.select();
                }
            });
        }
    }

    /// Shows it no more.
    pub(super) fn clear(self) {
        self.0.set(None);
    }

    /// The link in a field to copy from, and until when it works.
    pub(super) fn view(self, label: &'static str) -> AnyView {
        let locale = use_locale();
        part(move || {
            self.0
                .with(|made| {
                    let made = made.as_ref()?;
                    let link = made.link.expose().to_owned();
                    let until = moment(made.expires_at, locale);
                    Some(view! { <Field label=label link=link until=until /> })
                })
                .into_any()
        })
        .into_any()
    }
}

#[component]
fn Field(label: &'static str, link: String, until: String) -> impl IntoView {
    let words = &use_admin_texts().handed;
    let told = RwSignal::new(None);
    view! {
        <div class="question">
            <div class="field">
                <label for=FIELD>{label}</label>
                <input
                    class="input"
                    id=FIELD
                    type="text"
                    autocomplete="off"
                    readonly=true
                    value=link.clone()
                    aria-describedby="handed-hint"
                />
                <p class="field-hint" id="handed-hint">
                    {words.once} " " {words.until} " " {until}
                </p>
            </div>
            <div class="actions">
                <CopyButton text=link told=told />
                <p class="saved" role="status">
                    {Signal::derive(move || told.get())}
                </p>
            </div>
        </div>
    }
}
