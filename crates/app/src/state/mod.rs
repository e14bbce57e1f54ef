//! What the pages share: the facts of the page load, who is signed in, and passing messages.

pub mod locale;
pub mod theme;
pub mod toast;
pub mod viewer;

use concierge_core::{link::Page, locale::Locale, problem::ErrorCode};
use leptos::prelude::{SharedValue, provide_context, use_context};
use serde::{Deserialize, Serialize};

use theme::Theme;
use viewer::Viewer;

/// Which module brings a page to life (ADR 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Module {
    /// The pages of the door alone.
    Visitor,
    /// Every page.
    #[default]
    Whole,
}

impl Module {
    /// The module for somebody at a path. What no module knows, the smaller one says as well.
    pub fn of(path: &str, is_signed_in: bool) -> Self {
        if is_signed_in || Page::of(path).is_some_and(|page| !page.is_door()) {
            Self::Whole
        } else {
            Self::Visitor
        }
    }
}

/// Facts of one request that the first render needs on both sides. It travels to the browser inside
/// the page, so it holds nothing secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PageContext {
    /// Who is signed in.
    pub viewer: Option<Viewer>,
    /// The language of the page.
    pub locale: Locale,
    /// The chosen appearance.
    pub theme: Theme,
    /// Whether anybody may make an account.
    pub registration_open: bool,
    /// Whether somebody with an invitation may.
    pub invites_only: bool,
    /// Whether mails leave this house.
    pub sends_mail: bool,
    /// Whether a sign-in ends the account's other session.
    pub one_session: bool,
    /// Where a person finds a human; plain text.
    pub contact: Option<String>,
    /// Which module the page loads.
    pub module: Module,
    /// Render the error page instead of the route, with the words of this.
    pub failed: Option<ErrorCode>,
}

impl PageContext {
    /// Takes the facts from the server's context or from the page, so that both renders agree,
    /// and makes them known to everything below.
    pub(crate) fn provide() -> Self {
        let facts = SharedValue::new(|| use_context::<Self>().unwrap_or_default()).into_inner();
        provide_context(facts.clone());
        facts
    }
}

/// The facts of this page load.
pub(crate) fn use_page_context() -> PageContext {
    use_context().unwrap_or_default()
}
