//! Who is signed in, as a synchronous signal: the guards, the header and the pages read it, and only
//! the client's session keeping writes it.

use concierge_core::account::AccountView;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Who is signed in, and how long the session lasts. Spans, not times: no clock of ours need be right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewer {
    /// The account.
    pub account: AccountView,
    /// Seconds until the access token ends.
    pub expires_in: u64,
    /// Seconds until the session ends untouched.
    pub idle_in: u64,
}

/// Why a session is over; the text form stands in `/sign-in?ended=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By signing out here.
    SignedOut,
    /// A sign-in on another device took its place.
    Replaced,
    /// Nothing happened for too long.
    Idle,
    /// A copy of its token came up.
    Reuse,
    /// In another tab or on another device.
    Elsewhere,
}

impl Ended {
    const ALL: [Self; 5] = [
        Self::SignedOut,
        Self::Replaced,
        Self::Idle,
        Self::Reuse,
        Self::Elsewhere,
    ];

    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Replaced => "replaced",
            Self::Idle => "idle",
            Self::Reuse => "reuse",
            Self::Elsewhere => "elsewhere",
        }
    }

    /// The reason of a stable text.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ended| ended.as_str() == text)
    }
}

/// The session of this page, known to everything below the app.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    account: RwSignal<Option<AccountView>>,
    ended: StoredValue<Option<Ended>>,
    first_spans: Option<(u64, u64)>,
}

impl Session {
    /// Starts with what the server knew, and makes itself known to everything below.
    pub(crate) fn provide(viewer: Option<Viewer>) -> Self {
        let first_spans = viewer
            .as_ref()
            .map(|viewer| (viewer.expires_in, viewer.idle_in));
        let session = Self {
            account: RwSignal::new(viewer.map(|viewer| viewer.account)),
            ended: StoredValue::new(None),
            first_spans,
        };
        provide_context(session);
        session
    }

    /// Seconds until the access token and the idle session end, as the page began.
    pub(crate) fn first_spans(self) -> Option<(u64, u64)> {
        self.first_spans
    }

    /// The account, tracked; a renewal that changes nothing of it is not heard.
    pub(crate) fn account(self) -> Option<AccountView> {
        self.account.get()
    }

    /// Whether somebody is signed in, tracked.
    pub(crate) fn is_live(self) -> bool {
        self.account.with(Option::is_some)
    }

    /// Whether somebody is signed in, at this moment.
    pub(crate) fn is_live_now(self) -> bool {
        self.account.with_untracked(Option::is_some)
    }

    /// Somebody is signed in, or still is.
    pub(crate) fn begin(self, account: AccountView) {
        self.ended.set_value(None);
        self.change_account(account);
    }

    /// Nobody is signed in any more, and why. The first reason counts.
    pub(crate) fn end(self, why: Ended) {
        if self.is_live_now() {
            self.ended.set_value(Some(why));
            self.account.set(None);
        }
    }

    /// The account is now this one.
    pub(crate) fn change_account(self, account: AccountView) {
        let account = Some(account);
        if self.account.with_untracked(|known| *known != account) {
            self.account.set(account);
        }
    }

    /// Why the last session ended, at this moment.
    pub(crate) fn why_ended(self) -> Option<Ended> {
        self.ended.get_value()
    }
}

/// The session of this page; an empty one outside the app.
pub(crate) fn use_session() -> Session {
    use_context().unwrap_or_else(|| Session::provide(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_back() {
        for ended in Ended::ALL {
            assert_eq!(Ended::from_text(ended.as_str()), Some(ended));
        }
        assert_eq!(Ended::from_text("welcome"), None);
    }
}
