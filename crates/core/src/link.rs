//! The pages, their paths and who may see them: the one table both guards read.

use crate::sensitive::Sensitive;

/// Who may see a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody.
    Anyone,
    /// Only who is not signed in; others go to their profile.
    Guest,
    /// Only who is signed in; others go to sign-in and come back.
    SignedIn,
    /// Only admins. To others there is no such page.
    Admin,
}

/// A page of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// What Concierge does for the reader.
    Home,
    /// Making the first admin.
    Setup,
    /// Making an account.
    SignUp,
    /// Signing in.
    SignIn,
    /// The second step, and setting a second factor up.
    SecondFactor,
    /// Asking for a new password.
    Forgot,
    /// Setting a new password.
    Reset,
    /// Confirming an address.
    Confirm,
    /// Saying that a sign-in was not one's own.
    NotMe,
    /// What to do when something is lost.
    Help,
    /// One's own account.
    Profile,
    /// Password, second factor and sessions.
    Security,
    /// What happened to one's own account.
    Events,
    /// Recovery codes that were just made.
    RecoveryCodes,
    /// The accounts of the house, and each of them.
    Accounts,
    /// The invitations to the house.
    Invitations,
    /// The keyrings, the checklist and the incidents.
    Keys,
    /// What happened in the house.
    AllEvents,
    /// What browsers said went wrong in pages.
    Reports,
    /// The host live.
    Monitor,
    /// The alerts, their rules and channels.
    Alerts,
}

impl Page {
    /// Every page.
    pub const ALL: [Self; 21] = [
        Self::Home,
        Self::Setup,
        Self::SignUp,
        Self::SignIn,
        Self::SecondFactor,
        Self::Forgot,
        Self::Reset,
        Self::Confirm,
        Self::NotMe,
        Self::Help,
        Self::Profile,
        Self::Security,
        Self::Events,
        Self::RecoveryCodes,
        Self::Accounts,
        Self::Invitations,
        Self::Keys,
        Self::AllEvents,
        Self::Reports,
        Self::Monitor,
        Self::Alerts,
    ];

    /// The page's path; part of the contract.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Setup => "/setup",
            Self::SignUp => "/sign-up",
            Self::SignIn => "/sign-in",
            Self::SecondFactor => "/sign-in/second-factor",
            Self::Forgot => "/forgot",
            Self::Reset => "/reset",
            Self::Confirm => "/confirm",
            Self::NotMe => "/not-me",
            Self::Help => "/help",
            Self::Profile => "/profile",
            Self::Security => "/security",
            Self::Events => "/events",
            Self::RecoveryCodes => "/security/recovery-codes",
            Self::Accounts => "/admin/accounts",
            Self::Invitations => "/admin/invitations",
            Self::Keys => "/admin/keys",
            Self::AllEvents => "/admin/events",
            Self::Reports => "/admin/reports",
            Self::Monitor => "/monitor",
            Self::Alerts => "/admin/alerts",
        }
    }

    /// Who may see it.
    pub const fn audience(self) -> Audience {
        match self {
            Self::Home
            | Self::Setup
            | Self::SecondFactor
            | Self::Forgot
            | Self::Reset
            | Self::Confirm
            | Self::NotMe
            | Self::Help => Audience::Anyone,
            Self::SignUp | Self::SignIn => Audience::Guest,
            Self::Profile | Self::Security | Self::Events | Self::RecoveryCodes => {
                Audience::SignedIn
            }
            Self::Accounts
            | Self::Invitations
            | Self::Keys
            | Self::AllEvents
            | Self::Reports
            | Self::Alerts
            | Self::Monitor => Audience::Admin,
        }
    }

    /// Whether mails and terminals link to it with a token in the fragment. Such a page never
    /// gets the bounce for cross-site arrivals: `Refresh` drops the fragment.
    pub const fn takes_fragment_token(self) -> bool {
        matches!(
            self,
            Self::Setup | Self::SignUp | Self::Reset | Self::Confirm | Self::NotMe
        )
    }

    /// Whether it is a page of the door: where a first visit begins, which must weigh little.
    pub const fn is_door(self) -> bool {
        matches!(self, Self::Home | Self::Setup | Self::SignUp | Self::SignIn)
    }

    /// Whether it is one of the admins' pages that keep watch; those are a module of their own.
    pub const fn keeps_watch(self) -> bool {
        matches!(
            self,
            Self::AllEvents | Self::Alerts | Self::Monitor | Self::Reports
        )
    }

    /// The page of a path; a trailing slash is another path.
    pub fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.path() == path)
    }
}

/// The longest `next` that is followed.
const MAX_NEXT: usize = 2048;

/// Where to go after sign-in: `next` when it is a path of this site, else the profile.
///
/// Refused are other sites (`//host`, `/\host`, schemes), control characters (URL parsers drop
/// tabs and newlines, so `/\t/host` would become `//host`) and the API.
pub fn safe_next(next: Option<&str>) -> &str {
    next.filter(|next| is_local_path(next))
        .unwrap_or(Page::Profile.path())
}

/// Whether this is a plain path of this site that a person may be led to.
pub fn is_local_path(next: &str) -> bool {
    next.len() <= MAX_NEXT
        && next.starts_with('/')
        && !next.starts_with("//")
        && !next.starts_with("/api/")
        && next.is_ascii()
        && !next.chars().any(|c| c == '\\' || c.is_control())
}

/// Marks the first page after a sign-in by form: it looks whether the browser kept the cookies.
pub const ARRIVED: &str = "arrived";

/// The sign-in page that says that the browser keeps no cookies, and why that may be.
pub const COOKIES_BLOCKED: &str = "/sign-in?code=cookies_blocked";

/// A path with the mark of a first page.
pub fn with_arrived(path: &str) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    format!("{path}{separator}{ARRIVED}=1")
}

/// The sign-in page that leads back to `path_and_query` afterwards.
pub fn sign_in_then(path_and_query: &str) -> String {
    format!(
        "{}?next={}",
        Page::SignIn.path(),
        encode_query(path_and_query)
    )
}

/// The same for somebody whose session is over, saying why.
pub fn sign_in_after(ended: &str, path_and_query: &str) -> String {
    format!("{}&ended={ended}", sign_in_then(path_and_query))
}

/// The page that sets a new password, with the token in the fragment, which no server is sent.
pub fn reset_path(token: &Sensitive) -> String {
    format!("{}#{}", Page::Reset.path(), token.expose())
}

/// The page on which an invitation is used, with the token in the fragment, which no server is sent.
pub fn invitation_path(token: &Sensitive) -> String {
    format!("{}#{}", Page::SignUp.path(), token.expose())
}

/// The sign-up page that says that a mail is on its way.
pub const SIGN_UP_MAILED: &str = "/sign-up?done=sent";

/// The second step that leads on to `next` afterwards.
pub fn second_step_then(next: Option<&str>) -> String {
    let page = Page::SecondFactor.path();
    match next.filter(|next| is_local_path(next)) {
        Some(next) => format!("{page}?next={}", encode_query(next)),
        None => page.to_owned(),
    }
}

/// Percent-encodes a query value: everything but unreserved characters and `/` (RFC 3986 section 2.3).
pub fn encode_query(value: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(value.len());
    for &byte in value.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_next_becomes_the_profile() {
        let hostile = [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "",
            "profile",
            "/\t/evil.example",
            "/a\nb",
            "\\\\evil",
            "/api/auth/logout",
            " /profile",
            // No header takes it as it stands.
            "/\u{e9}",
        ];
        for next in hostile {
            assert_eq!(safe_next(Some(next)), "/profile", "{next:?}");
        }
        let long = format!("/{}", "a".repeat(3000));
        assert_eq!(safe_next(Some(&long)), "/profile");
    }

    #[test]
    fn a_local_path_is_kept() {
        for next in ["/", "/profile", "/events?cursor=1", "/a%2Fb"] {
            assert_eq!(safe_next(Some(next)), next);
        }
    }

    #[test]
    fn the_way_back_is_encoded() {
        assert_eq!(sign_in_then("/a?b=c&d"), "/sign-in?next=/a%3Fb%3Dc%26d");
        let told = sign_in_after("admin", "/a?b");
        assert_eq!(told, "/sign-in?next=/a%3Fb&ended=admin");
    }
}
