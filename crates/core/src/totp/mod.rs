//! The second factor: time-based codes of an authenticator app (RFC 6238), and who needs one.

pub mod api;

use serde::{Deserialize, Serialize};

use crate::account::Role;

/// Who needs a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Nobody; who wants one has one.
    Optional,
    /// Admins.
    Admins,
    /// Everybody.
    Required,
}

impl Policy {
    /// Whether an account of this role needs one.
    pub fn demands(self, role: Role) -> bool {
        match self {
            Self::Optional => false,
            Self::Admins => role == Role::Admin,
            Self::Required => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asvs_6_3_3_the_policy_says_who_needs_a_second_factor() {
        let table = [
            (Policy::Optional, false, false),
            (Policy::Admins, false, true),
            (Policy::Required, true, true),
        ];
        for (policy, member, admin) in table {
            assert_eq!(policy.demands(Role::Member), member, "{policy:?}");
            assert_eq!(policy.demands(Role::Admin), admin, "{policy:?}");
        }
    }
}
