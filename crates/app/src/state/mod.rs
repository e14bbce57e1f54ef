//! What the pages share: the facts of the page load, who is signed in, and passing messages.

pub mod locale;
pub mod theme;
pub mod toast;
pub mod viewer;

use concierge_core::{
    account::Role,
    link::{Audience, Page},
    locale::Locale,
    problem::ErrorCode,
    time::Timestamp,
};
use leptos::prelude::{SharedValue, provide_context, use_context};
use serde::{Deserialize, Serialize};

use theme::Theme;
use viewer::Viewer;

/// Which module brings a page to life (ADR 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Module {
    /// The pages of the door alone.
    Visitor,
    /// The door, and what is behind it for everybody who is signed in.
    Member,
    /// The pages of admins where they act on accounts and keys.
    Admin,
    /// The pages of admins that keep watch.
    Watch,
    /// Every page, where there is no server to bring another module.
    #[default]
    Whole,
}

impl Module {
    /// The one module that this build is; none where it holds all of them. A constant, so that a build leaves out
    /// the pages of the others.
    pub(crate) const BUILT: Option<Self> = if cfg!(feature = "visitor") {
        Some(Self::Visitor)
    } else if cfg!(feature = "member") {
        Some(Self::Member)
    } else if cfg!(feature = "admin") {
        Some(Self::Admin)
    } else if cfg!(feature = "watch") {
        Some(Self::Watch)
    } else {
        None
    };

    /// The module for somebody at a path. To a member there is no admin's page, and so no module with one. What no
    /// module knows, the smaller one says as well.
    pub fn of(path: &str, role: Option<Role>) -> Self {
        match (Page::of(path), role) {
            (Some(page), None | Some(Role::Admin)) if page.audience() == Audience::Admin => {
                match page.keeps_watch() {
                    true => Self::Watch,
                    false => Self::Admin,
                }
            }
            (_, Some(_)) => Self::Member,
            (Some(page), None) if !page.is_door() => Self::Member,
            (_, None) => Self::Visitor,
        }
    }

    /// Whether this is the module for somebody at a path, or holds every page.
    pub(crate) fn is_for(self, path: &str, role: Option<Role>) -> bool {
        self == Self::Whole || self == Self::of(path, role)
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
    /// When the page was asked for: both renders count spans from here.
    pub now: Option<Timestamp>,
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
