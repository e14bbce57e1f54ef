//! The names of security events (OWASP Logging Vocabulary) and how grave each is.

pub mod api;
mod words;

use serde::{Deserialize, Serialize};

/// How grave an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// All, the gravest last.
    pub const ALL: [Self; 4] = [Self::Info, Self::Notice, Self::Warning, Self::Critical];

    /// The severity of a stable text.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

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

            /// All of them, as the documents list them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The event of a stable text; none where a later version made it.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)+ _ => None }
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
    /// Somebody wants an account; the address has to be confirmed first.
    RegistrationRequested = "user_registration_requested", Info;
    /// An account was made.
    UserCreated = "user_created", Info;
    /// Name or language of an account changed.
    UserUpdated = "user_updated", Info;
    /// A role was given or taken.
    PrivilegeChanged = "privilege_permissions_changed", Warning;
    /// A password hash was renewed with stronger parameters.
    PasswordRehash = "authn_password_rehash", Info;
    /// A second factor was set up.
    MfaEnabled = "authn_mfa_enabled", Notice;
    /// A second factor was removed.
    MfaDisabled = "authn_mfa_disabled", Warning;
    /// A wrong code of a second factor.
    MfaFail = "authn_mfa_fail", Notice;
    /// A code of a second factor came a second time.
    MfaReuse = "authn_mfa_reuse", Warning;
    /// The second step was closed: too many wrong codes in a row.
    MfaFailMax = "authn_mfa_fail_max", Warning;
    /// New recovery codes were made.
    RecoveryCodesMade = "authn_recovery_codes_made", Notice;
    /// A recovery code was used.
    RecoveryCodeUsed = "authn_recovery_code_used", Warning;
    /// A wrong recovery code.
    RecoveryCodeFail = "authn_recovery_code_fail", Notice;
    /// Somebody signed in proved again who they are.
    StepUp = "authn_step_up", Info;
    /// Somebody signed in failed to prove again who they are.
    StepUpFail = "authn_step_up_fail", Notice;
    /// A sign-in from a device never seen before.
    NewDevice = "authn_new_device", Notice;
    /// The owner of an account said that a sign-in was not theirs.
    NotMe = "authn_not_me", Critical;
    /// A password was changed.
    PasswordChange = "authn_password_change", Notice;
    /// A change of a password failed: the current one was wrong.
    PasswordChangeFail = "authn_password_change_fail", Notice;
    /// A link to set a new password was made.
    PasswordResetRequested = "authn_password_reset_requested", Notice;
    /// A password was set with a link.
    PasswordReset = "authn_password_reset", Warning;
    /// A change of address was asked for.
    EmailChangeRequested = "user_email_change_requested", Notice;
    /// The address of an account changed.
    EmailChanged = "user_email_changed", Warning;
    /// An account was closed.
    UserDeleted = "user_deleted", Warning;
    /// Somebody took a copy of their data.
    UserExported = "user_data_exported", Notice;
    /// An invitation was made.
    InvitationMade = "user_invited", Notice;
    /// An invitation was taken back.
    InvitationRevoked = "user_invitation_revoked", Notice;
    /// A mail could not be delivered.
    MailFailed = "sys_mail_failed", Warning;
    /// The keys were read at the start.
    KeyLoaded = "key_loaded", Info;
    /// A command worked with the keys: outside the start and the reload of a server.
    KeyRead = "key_read", Notice;
    /// The keys were read anew while serving.
    KeyReloaded = "key_reloaded", Notice;
    /// Changed keys could not be taken in; those of before stay in use.
    KeyReloadFailed = "key_reload_failed", Critical;
    /// A key of one's own was taken in.
    KeyImported = "key_imported", Warning;
    /// A ring was rotated.
    KeyRotated = "key_rotated", Notice;
    /// A rotation was undone.
    KeyRotationUndone = "key_rotation_undone", Warning;
    /// A rotation failed.
    KeyRotationFailed = "key_rotation_failed", Warning;
    /// A key was revoked in an emergency.
    KeyRevoked = "key_revoked", Critical;
    /// A key was destroyed after its time.
    KeyDestroyed = "key_destroyed", Notice;
    /// The active key will be due soon.
    KeyDueSoon = "key_due_soon", Notice;
    /// The active key is due, or overdue, to be rotated.
    KeyOverdue = "key_overdue", Warning;
    /// A key file became readable for others, foreign, a link, or is gone.
    KeyFileUnsafe = "key_file_unsafe", Critical;
    /// A copy of keys left the house: a backup, a push, an export.
    KeyExported = "key_exported", Warning;
    /// A backup of the keys was made.
    KeyBackedUp = "key_backed_up", Notice;
    /// A backup was found to be whole.
    KeyBackupVerified = "key_backup_verified", Info;
    /// No backup was verified for a long time.
    KeyBackupStale = "key_backup_stale", Warning;
    /// Keys were put back from a backup.
    KeyRestored = "key_restored", Critical;
    /// Keys were sent to a store.
    KeyPushed = "key_pushed", Warning;
    /// Keys were fetched from a store.
    KeyPulled = "key_pulled", Warning;
    /// The store of the keys can't be reached, and its last good copy is in use.
    KeyStoreDown = "key_store_down", Critical;
    /// A lost sealing key was replaced; what it sealed is gone.
    KeyLostReplaced = "key_lost_replaced", Critical;
    /// Tokens were refused in numbers or ways that point at an attack.
    KeyAbuse = "key_abuse", Critical;
    /// One address tried the passwords of many accounts.
    PasswordSpraying = "authn_password_spraying", Warning;
    /// Many addresses tried the password of one account.
    CredentialStuffing = "authn_credential_stuffing", Warning;
    /// Somebody signed in after many failures.
    SuccessAfterFailures = "authn_login_successafterfail", Critical;
    /// One session came from many addresses within minutes.
    SessionManyAddresses = "session_many_addresses", Warning;
    /// One session came from another browser than before.
    SessionBrowserChanged = "session_browser_changed", Critical;
    /// A rule of the alerts was made, changed or deleted.
    AlertRuleChanged = "alert_rule_changed", Notice;
    /// A channel of the alerts was made, changed or deleted.
    AlertChannelChanged = "alert_channel_changed", Notice;
    /// The receiver of a channel said that it is gone for good.
    AlertChannelGone = "alert_channel_gone", Warning;
    /// The message of an alert was given up: its receiver did not take it on any try.
    AlertGivenUp = "alert_given_up", Warning;
    /// Somebody has seen an alert.
    AlertAcknowledged = "alert_acknowledged", Notice;
    /// A rate limit was passed.
    RateLimit = "excess_rate_limit_exceeded", Notice;
    /// A request was refused because it came from another site.
    MaliciousCsrf = "malicious_csrf", Warning;
    /// A copy of the events was taken.
    AuditExported = "audit_exported", Notice;
    /// Events older than the retention were deleted.
    AuditPurged = "audit_purged", Info;
    /// The chain of the events did not end where it was sealed: somebody changed the table.
    AuditChainBroken = "audit_chain_broken", Critical;
    /// The program started.
    SysStartup = "sys_startup", Info;
    /// The program stopped.
    SysShutdown = "sys_shutdown", Info;
}
