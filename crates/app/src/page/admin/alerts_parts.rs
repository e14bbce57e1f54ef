//! What the parts of the page of alerts share: how they act, and how they show things in rows.

use concierge_core::{alert::api::AlertView, audit::Severity};
use leptos::prelude::*;
use web_sys::HtmlElement;

use super::desk::Desk;
use crate::{
    reaction::element,
    text::{use_locale, use_watch_texts},
    ui::form::Submission,
};

/// What the parts of the page act with.
#[derive(Clone, Copy)]
pub(super) struct Acts {
    pub(super) desk: Desk,
    pub(super) submission: Submission,
    pub(super) scripted: Signal<bool>,
}

impl Acts {
    /// A button that does something at once.
    pub(super) fn button(
        self,
        label: &'static str,
        act: impl Fn() + Send + Sync + 'static,
    ) -> AnyView {
        let Self { scripted, .. } = self;
        view! {
            <button
                class="button"
                type="button"
                disabled=move || !scripted.get()
                on:click=move |_| act()
            >
                {label}
            </button>
        }
        .into_any()
    }
}

/// Moves the focus to the heading of a form, once it is there.
pub(super) fn focus(heading: &'static str) {
    request_animation_frame(move || {
        if let Some(heading) = element::<HtmlElement>(heading) {
            // An element that left the page is the only failure.
            drop(heading.focus());
        }
    });
}

/// Things in rows.
pub(super) fn list(items: Vec<AnyView>) -> AnyView {
    view! { <ul class="sessions">{items}</ul> }.into_any()
}

/// One of them: what it is, what is known, what can be done.
pub(super) fn item(title: String, facts: String, acts: AnyView) -> AnyView {
    view! {
        <li class="session">
            <div>
                <h3 class="address">{title}</h3>
                <p class="session-facts">{facts}</p>
            </div>
            <div class="actions">{acts}</div>
        </li>
    }
    .into_any()
}

/// What an alert is called: as somebody named its rule, or as the rule was shipped.
pub(crate) fn name(alert: &AlertView) -> &str {
    match alert.shipped {
        Some(shipped) if alert.name.is_empty() => shipped.title(use_locale()),
        _ => &alert.name,
    }
}

/// A severity in words.
pub(crate) fn severity(severity: Severity) -> &'static str {
    let words = &use_watch_texts().alerts;
    match severity {
        Severity::Info => words.info,
        Severity::Notice => words.notice,
        Severity::Warning => words.warning,
        Severity::Critical => words.critical,
    }
}
