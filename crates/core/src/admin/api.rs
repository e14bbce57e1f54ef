//! The endpoints of the admin desk. None of them ever answers a password or a hash.

use serde::{Deserialize, Serialize};

use super::InvitationId;
use crate::{
    account::{AccountId, AccountView, Role},
    api::{Empty, Whole, endpoints},
    sensitive::Sensitive,
    session::api::{Ended, SessionView},
    time::Timestamp,
};

/// Which accounts to list.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountQuery {
    /// Where the page before ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// What the address or the name begins with, whatever its case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// An account as an admin sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountRow {
    /// What its owner sees, too.
    pub account: AccountView,
    /// When it was locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_at: Option<Timestamp>,
}

/// A page of accounts, by address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountPage {
    /// At most fifty.
    pub accounts: Vec<AccountRow>,
    /// Where the next page begins, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One account with its sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountDetail {
    /// The account.
    pub account: AccountRow,
    /// Its live sessions.
    pub sessions: Vec<SessionView>,
}

/// What to change in an account; what is left out stays.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// What it may do; a change ends its sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// A link that is shown once.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OneTimeLink {
    /// The address with its token.
    pub link: Sensitive,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// An invitation to make an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invitation {
    /// Identifies it.
    pub id: InvitationId,
    /// What the new account may do.
    pub role: Role,
    /// For whom, in the admin's own words; may be empty.
    pub note: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// The invitations that still work, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvitationList {
    /// The invitations.
    pub invitations: Vec<Invitation>,
}

/// Invites somebody.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// What the new account may do.
    pub role: Role,
    /// For how many days it works, 1 to 30; 7 unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// For whom, in the admin's own words.
    #[serde(default)]
    pub note: String,
}

/// An invitation and its link, which is shown once.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvitationLink {
    /// The invitation.
    pub invitation: Invitation,
    /// The address with its token.
    pub link: Sensitive,
}

/// What waits in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MailBacklog {
    /// How many mails.
    pub waiting: u64,
    /// When the oldest of them was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_at: Option<Timestamp>,
    /// Why the mail that was tried last did not leave: a class of failure with the server's code, never an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

endpoints! {
    /// `GET /api/admin/accounts`
    ListAccounts: Admin Get "/api/admin/accounts", Whole, AccountQuery => 200 AccountPage;
    "The accounts by address, fifty at a time.";
    [BadRequest];
    "";

    /// `GET /api/admin/accounts/{id}`
    GetAccount: Admin Get "/api/admin/accounts/{id}", AccountId, Empty => 200 AccountDetail;
    "One account with its sessions.";
    [NotFound];
    "";

    /// `PATCH /api/admin/accounts/{id}`
    ChangeAccount: FreshAdmin Patch "/api/admin/accounts/{id}", AccountId, AccountChange => 200 AccountDetail;
    "Changes the role of an account; never one's own, never the last admin's.";
    [NotFound Conflict];
    r#"{"role": "admin"}"#;

    /// `DELETE /api/admin/accounts/{id}`
    DeleteAccount: FreshAdmin Delete "/api/admin/accounts/{id}", AccountId, Empty => 204 Empty;
    "Closes an account for good; never one's own, never the last admin's.";
    [NotFound Conflict];
    "";

    /// `POST /api/admin/accounts/{id}/lock`
    LockAccount: FreshAdmin Post "/api/admin/accounts/{id}/lock", AccountId, Empty => 200 AccountDetail;
    "Locks an account and ends its sessions; never one's own, never the last admin's.";
    [NotFound Conflict];
    "";

    /// `POST /api/admin/accounts/{id}/unlock`
    UnlockAccount: FreshAdmin Post "/api/admin/accounts/{id}/unlock", AccountId, Empty => 200 AccountDetail;
    "Unlocks an account and clears its waits.";
    [NotFound];
    "";

    /// `POST /api/admin/accounts/{id}/sign-out`
    SignOutAccount: FreshAdmin Post "/api/admin/accounts/{id}/sign-out", AccountId, Empty => 200 Ended;
    "Ends every session of an account.";
    [NotFound];
    "";

    /// `POST /api/admin/accounts/{id}/reset-link`
    MakeResetLink: FreshAdmin Post "/api/admin/accounts/{id}/reset-link", AccountId, Empty => 200 OneTimeLink;
    "Makes a link to set a new password, to hand to the account's owner.";
    [NotFound];
    "";

    /// `DELETE /api/admin/accounts/{id}/second-factor`
    RemoveSecondFactor: FreshAdmin Delete "/api/admin/accounts/{id}/second-factor", AccountId, Empty => 204 Empty;
    "Removes the second factor of somebody who lost it; never one's own.";
    [NotFound Conflict];
    "";

    /// `GET /api/admin/mail`
    GetMailBacklog: Admin Get "/api/admin/mail", Whole, Empty => 200 MailBacklog;
    "The mails that wait to be sent, and why the last one did not leave.";
    [];
    "";

    /// `GET /api/admin/invitations`
    ListInvitations: Admin Get "/api/admin/invitations", Whole, Empty => 200 InvitationList;
    "The invitations that still work.";
    [];
    "";

    /// `POST /api/admin/invitations`
    Invite: FreshAdmin Post "/api/admin/invitations", Whole, NewInvitation => 201 InvitationLink;
    "Invites somebody; the link is shown once.";
    [InvalidFields];
    r#"{"role": "member", "days": 7, "note": "Ada"}"#;

    /// `DELETE /api/admin/invitations/{id}`
    RevokeInvitation: FreshAdmin Delete "/api/admin/invitations/{id}", InvitationId, Empty => 204 Empty;
    "Takes an invitation back.";
    [NotFound];
    "";
}
