//! The labels whose values the program itself knows.

/// A label with a fixed set of values.
pub trait Label: Copy + 'static {
    /// Every value.
    const ALL: &'static [Self];
    /// The stable text.
    fn as_str(self) -> &'static str;
    /// Its place in `ALL`.
    fn index(self) -> usize;
}

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$value_doc])* $value,)+ }

        impl Label for $name {
            const ALL: &'static [Self] = &[$(Self::$value,)+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)+ }
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    )+};
}

labels! {
    /// With what somebody signs in.
    LoginMethod {
        /// A password.
        Password = "password",
        /// A code of an authenticator app.
        Totp = "totp",
        /// A recovery code.
        Recovery = "recovery",
        /// The first code of a second factor that the policy demands.
        Enrolment = "enrolment",
    }

    /// What came of a step of a sign-in.
    LoginResult {
        /// A session began.
        SignedIn = "signed_in",
        /// The password was right, and a second step is due.
        NextStep = "next_step",
        /// Wrong name, password or code, or a locked account.
        Refused = "refused",
        /// The step's ticket was spent or expired.
        Expired = "expired",
        /// Too many tries.
        Throttled = "throttled",
        /// Too many passwords wait to be hashed.
        Overloaded = "overloaded",
        /// A fault of ours.
        Failed = "failed",
    }

    /// What came of a renewal.
    RefreshResult {
        /// New tokens, or the current ones once more.
        Renewed = "renewed",
        /// An old refresh token: the session was ended.
        Reused = "reused",
        /// No live session stood behind the token.
        Refused = "refused",
        /// Too many tries.
        Throttled = "throttled",
        /// A fault of ours.
        Failed = "failed",
    }

    /// The HTTP method; whatever is none that we serve is `other`.
    Verb {
        /// `GET`
        Get = "GET",
        /// `HEAD`
        Head = "HEAD",
        /// `POST`
        Post = "POST",
        /// `PATCH`
        Patch = "PATCH",
        /// `DELETE`
        Delete = "DELETE",
        /// Another one.
        Other = "other",
    }

    /// The class of an answer's status.
    Class {
        /// 1xx: a socket was opened.
        Informational = "1xx",
        /// 2xx
        Success = "2xx",
        /// 3xx
        Redirection = "3xx",
        /// 4xx
        ClientError = "4xx",
        /// 5xx
        ServerError = "5xx",
    }
}

impl Verb {
    pub(super) fn of(method: &str) -> Self {
        let known = Self::ALL.iter().find(|verb| verb.as_str() == method);
        known.copied().unwrap_or(Self::Other)
    }
}

impl Class {
    pub(super) fn of(status: u16) -> Self {
        match status {
            ..200 => Self::Informational,
            200..300 => Self::Success,
            300..400 => Self::Redirection,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }
}
