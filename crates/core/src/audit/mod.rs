//! The names of security events (OWASP Logging Vocabulary) and how grave each is.

use serde::{Deserialize, Serialize};

/// How grave an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The usual course of things.
    Info,
    /// Worth knowing.
    Notice,
    /// Somebody should look.
    Warning,
    /// Somebody must look now.
    Critical,
}

impl Severity {
    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

macro_rules! event_names {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $severity:ident;)+) => {
        /// What happened. The text is stable: filters and alert rules rely on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EventName { $($(#[$doc])* #[serde(rename = $text)] $name,)+ }

        impl EventName {
            /// The stable text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// How grave it is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }
        }
    };
}

event_names! {
    /// Somebody signed in.
    LoginSuccess = "authn_login_success", Info;
    /// A sign-in with a wrong password, for a known or an unknown name.
    LoginFail = "authn_login_fail", Notice;
    /// The waits of an account's ladder reached their last step.
    LoginFailMax = "authn_login_fail_max", Warning;
    /// A refused sign-in of a locked account.
    LoginLock = "authn_login_lock", Warning;
    /// An old refresh token was presented: the session was ended.
    TokenReuse = "authn_token_reuse", Critical;
    /// A session ended by sign-out or by a newer sign-in.
    TokenRevoked = "authn_token_revoked", Info;
    /// A session was used after its end.
    SessionUseAfterExpire = "session_use_after_expire", Notice;
    /// A token was refused, or a right was missing.
    AuthzFail = "authz_fail", Notice;
    /// A request was not what any client of ours sends.
    InputValidationFail = "input_validation_fail", Notice;
    /// A path that does not exist was asked for.
    Excess404 = "malicious_excess_404", Info;
    /// An account was made.
    UserCreated = "user_created", Info;
    /// Name or language of an account changed.
    UserUpdated = "user_updated", Info;
    /// A role was given or taken.
    PrivilegeChanged = "privilege_permissions_changed", Warning;
    /// A password hash was renewed with stronger parameters.
    PasswordRehash = "authn_password_rehash", Info;
    /// A rate limit was passed.
    RateLimit = "excess_rate_limit_exceeded", Notice;
    /// A request was refused because it came from another site.
    MaliciousCsrf = "malicious_csrf", Warning;
    /// The program started.
    SysStartup = "sys_startup", Info;
    /// The program stopped.
    SysShutdown = "sys_shutdown", Info;
}
