//! The list of all endpoints, from which the documents are made; a test on the server compares it with the routes.

use crate::{
    account::api::{
        ChangeEmail, ChangePassword, ChangeProfile, CloseAccount, ConfirmEmail, ExportAccount,
        GetProfile, Register, Setup, SuggestPassphrase,
    },
    admin::api::{
        ChangeAccount, DeleteAccount, GetAccount, GetMailBacklog, Invite, ListAccounts,
        ListInvitations, LockAccount, MakeResetLink, RemoveSecondFactor, RevokeInvitation,
        SignOutAccount, UnlockAccount,
    },
    alert::api::{
        AcknowledgeAlert, ChangeChannel, ChangeRule, DeleteChannel, DeleteRule, GetAlerts,
        MakeChannel, MakeRule, TestChannel,
    },
    api::{Access, Empty, Endpoint, Form, Method},
    audit::api::ListEvents,
    keys::api::{GetKeys, RevokeKeyNow, RotateRing, UndoRotation},
    monitor::api::GetHistory,
    problem::ErrorCode,
    recovery::api::{
        ForgotPassword, GetRecoveryCodes, KeepRecoveryCodes, MakeRecoveryCodes, NotMe,
        ResetPassword,
    },
    session::api::{EndOtherSessions, EndSession, GetSession, ListSessions, Logout, Refresh},
    sign_in::api::{GetStep, Login, LoginRecovery, LoginTotp, ProveFresh},
    system::{ListReports, ReportClientError, Whoami},
    totp::api::{ConfirmTotp, Enrol, GetEnrolment, GetTotp, RemoveTotp},
};

/// An endpoint's facts as values.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The HTTP method.
    pub method: Method,
    /// The path.
    pub path: &'static str,
    /// Who may call it.
    pub access: &'static str,
    /// The status of a success.
    pub success: u16,
    /// One sentence.
    pub summary: &'static str,
    /// Its own errors.
    pub errors: &'static [ErrorCode],
    /// A request body, or nothing.
    pub example: &'static str,
    /// How it serves forms.
    pub form: Option<Form>,
    /// Whether it takes a body.
    pub has_request: bool,
    /// Whether its answer has a body.
    pub has_response: bool,
    /// The schema of the request's body.
    #[cfg(feature = "schema")]
    pub request_schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// The schema of the answer's body.
    #[cfg(feature = "schema")]
    pub response_schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

fn entry<E: Endpoint>() -> Entry {
    let is_empty = |id: std::any::TypeId| id == std::any::TypeId::of::<Empty>();
    Entry {
        method: E::METHOD,
        path: E::PATH,
        access: E::Access::NAME,
        success: E::SUCCESS,
        summary: E::SUMMARY,
        errors: E::ERRORS,
        example: E::EXAMPLE,
        form: E::FORM,
        has_request: !is_empty(std::any::TypeId::of::<E::Request>()),
        has_response: !is_empty(std::any::TypeId::of::<E::Response>()),
        #[cfg(feature = "schema")]
        request_schema: |generator| generator.subschema_for::<E::Request>(),
        #[cfg(feature = "schema")]
        response_schema: |generator| generator.subschema_for::<E::Response>(),
    }
}

/// Every typed endpoint, in the order the documents show them.
pub fn all() -> Vec<Entry> {
    let mut all = of_people();
    all.extend(of_the_house());
    all
}

/// What people do about their own accounts.
fn of_people() -> Vec<Entry> {
    vec![
        entry::<Register>(),
        entry::<Login>(),
        entry::<GetStep>(),
        entry::<LoginTotp>(),
        entry::<LoginRecovery>(),
        entry::<ProveFresh>(),
        entry::<Refresh>(),
        entry::<Logout>(),
        entry::<GetSession>(),
        entry::<ListSessions>(),
        entry::<EndSession>(),
        entry::<EndOtherSessions>(),
        entry::<Setup>(),
        entry::<GetProfile>(),
        entry::<ChangeProfile>(),
        entry::<GetTotp>(),
        entry::<GetEnrolment>(),
        entry::<Enrol>(),
        entry::<ConfirmTotp>(),
        entry::<RemoveTotp>(),
        entry::<MakeRecoveryCodes>(),
        entry::<GetRecoveryCodes>(),
        entry::<KeepRecoveryCodes>(),
        entry::<ChangePassword>(),
        entry::<ChangeEmail>(),
        entry::<ConfirmEmail>(),
        entry::<ExportAccount>(),
        entry::<CloseAccount>(),
        entry::<SuggestPassphrase>(),
        entry::<ForgotPassword>(),
        entry::<ResetPassword>(),
        entry::<NotMe>(),
    ]
}

/// What admins do, and what the house says of itself.
fn of_the_house() -> Vec<Entry> {
    vec![
        entry::<ListEvents>(),
        entry::<ListAccounts>(),
        entry::<GetAccount>(),
        entry::<ChangeAccount>(),
        entry::<DeleteAccount>(),
        entry::<LockAccount>(),
        entry::<UnlockAccount>(),
        entry::<SignOutAccount>(),
        entry::<MakeResetLink>(),
        entry::<RemoveSecondFactor>(),
        entry::<GetMailBacklog>(),
        entry::<ListInvitations>(),
        entry::<Invite>(),
        entry::<RevokeInvitation>(),
        entry::<GetKeys>(),
        entry::<RotateRing>(),
        entry::<UndoRotation>(),
        entry::<RevokeKeyNow>(),
        entry::<GetHistory>(),
        entry::<GetAlerts>(),
        entry::<AcknowledgeAlert>(),
        entry::<MakeRule>(),
        entry::<ChangeRule>(),
        entry::<DeleteRule>(),
        entry::<MakeChannel>(),
        entry::<ChangeChannel>(),
        entry::<DeleteChannel>(),
        entry::<TestChannel>(),
        entry::<Whoami>(),
        entry::<ReportClientError>(),
        entry::<ListReports>(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_a_valid_request_of_its_endpoint() {
        fn check<E: Endpoint>() {
            if !E::EXAMPLE.is_empty() {
                let parsed = serde_json::from_str::<E::Request>(E::EXAMPLE);
                assert!(parsed.is_ok(), "{}: {:?}", E::PATH, parsed.err());
            }
        }
        check::<Register>();
        check::<Login>();
        check::<LoginTotp>();
        check::<LoginRecovery>();
        check::<ProveFresh>();
        check::<Enrol>();
        check::<ConfirmTotp>();
        check::<Refresh>();
        check::<Logout>();
        check::<Setup>();
        check::<ChangeProfile>();
        check::<ChangePassword>();
        check::<ForgotPassword>();
        check::<ResetPassword>();
        check::<ChangeAccount>();
        check::<Invite>();
        check::<RotateRing>();
        check::<RevokeKeyNow>();
        check::<AcknowledgeAlert>();
        check::<MakeRule>();
        check::<ChangeRule>();
        check::<MakeChannel>();
        check::<ChangeChannel>();
        check::<ReportClientError>();
    }
}
