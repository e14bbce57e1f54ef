//! Who is signed in, as a synchronous signal: the guards, the header and the pages read it, and only
//! the client's session keeping writes it.

use concierge_core::{account::AccountView, session::EndReason};
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
    /// Nothing happened for too long: nobody ended it, so the server has no reason for it.
    Idle,
    /// Somebody or something ended it.
    By(EndReason),
}

impl Ended {
    /// By signing out here.
    pub const SIGNED_OUT: Self = Self::By(EndReason::SignedOut);
    /// In another tab or on another device.
    pub const ELSEWHERE: Self = Self::By(EndReason::EndedElsewhere);
    /// By the emergency revoke of a key.
    pub(crate) const KEY_REVOKED: Self = Self::By(EndReason::KeyRevoked);
    const IDLE: &'static str = "idle";

    /// What is known when a session was found gone: the server's reason, if it has one; else it ran out, or its
    /// cookies were taken away elsewhere.
    pub(crate) fn found(reason: Option<EndReason>, was_idle: bool) -> Self {
        match reason {
            Some(reason) => Self::By(reason.for_holder()),
            None if was_idle => Self::Idle,
            None => Self::ELSEWHERE,
        }
    }

    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => Self::IDLE,
            Self::By(reason) => reason.as_str(),
        }
    }

    /// The reason of a stable text.
    pub fn from_text(text: &str) -> Option<Self> {
        match text {
            Self::IDLE => Some(Self::Idle),
            text => EndReason::from_text(text).map(Self::By),
        }
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
        for ended in EndReason::ALL
            .map(Ended::By)
            .into_iter()
            .chain([Ended::Idle])
        {
            assert_eq!(Ended::from_text(ended.as_str()), Some(ended));
        }
        assert_eq!(Ended::from_text("welcome"), None);
    }

    #[test]
    fn the_servers_reason_counts_and_the_clock_only_without_one() {
        let admin = Some(EndReason::Admin);
        for was_idle in [true, false] {
            let found = Ended::found(admin, was_idle);
            assert_eq!(found, Ended::By(EndReason::Admin));
        }
        assert_eq!(Ended::found(None, true), Ended::Idle);
        assert_eq!(Ended::found(None, false), Ended::ELSEWHERE);
    }

    #[test]
    fn a_sign_out_that_is_found_was_one_elsewhere() {
        let found = Ended::found(Some(EndReason::SignedOut), false);
        assert_eq!(found, Ended::ELSEWHERE);
    }
}
