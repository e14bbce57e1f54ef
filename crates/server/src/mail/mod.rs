//! Mails: written into the transaction of what they tell of, sealed, and sent afterwards by a job of its own.
//!
//! Invariants: no request waits for a mail server; a mail whose transaction committed is not lost; the database
//! holds neither address nor link in the clear.

mod store;

use std::sync::Arc;

use concierge_core::{
    id::{Id, Kind},
    locale::Locale,
    sensitive::Sensitive,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    platform::{clock::Clock, rng::Rng, seal::SealKey},
    store::{StoreError, Tx},
};

/// Marks the ids of mails.
#[derive(Debug)]
pub enum MailKind {}
impl Kind for MailKind {
    const PREFIX: &'static str = "mail_";
}

/// What a mail says. The words are made when it leaves, in the reader's language.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// To whoever registered: confirm that this is your address.
    ConfirmAddress {
        /// Opens `/confirm`.
        token: Sensitive,
    },
    /// To the owner of an account whose address somebody registered again.
    AddressTaken,
    /// Set a new password.
    ResetPassword {
        /// Opens `/reset`.
        token: Sensitive,
    },
    /// The password was changed or reset.
    PasswordChanged,
    /// A sign-in from a device never seen before.
    NewDevice {
        /// The browser or client; may be empty.
        browser: String,
        /// The system; may be empty.
        system: String,
        /// The address it came from.
        address: String,
        /// When.
        at: Timestamp,
        /// Opens `/not-me`.
        token: Sensitive,
    },
    /// To a new address: confirm that it is yours.
    ConfirmNewAddress {
        /// Opens `/confirm`.
        token: Sensitive,
    },
    /// To the old address: the account has another now.
    AddressChanged,
    /// A recovery code was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: u32,
    },
    /// The second factor was set up.
    SecondFactorAdded,
    /// The second factor was removed.
    SecondFactorRemoved,
    /// The account was closed.
    AccountClosed,
}

impl Letter {
    /// A stable word for tables and logs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::AddressTaken => "address_taken",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged => "password_changed",
            Self::NewDevice { .. } => "new_device",
            Self::ConfirmNewAddress { .. } => "confirm_new_address",
            Self::AddressChanged => "address_changed",
            Self::RecoveryCodeUsed { .. } => "recovery_code_used",
            Self::SecondFactorAdded => "second_factor_added",
            Self::SecondFactorRemoved => "second_factor_removed",
            Self::AccountClosed => "account_closed",
        }
    }
}

/// A letter with its reader.
#[derive(Debug, Serialize, Deserialize)]
pub struct Mail {
    /// The address; it parses as `concierge_core::account::Email`.
    pub to: String,
    /// The name to greet with; may be empty.
    pub name: String,
    /// The language to write in.
    pub locale: Locale,
    /// What it says.
    pub letter: Letter,
}

/// Takes mails in.
pub struct Outbox {
    seal: SealKey,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl Outbox {
    /// The service; `key` is the data key of mails.
    pub fn new(key: &[u8; 32], clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self {
            seal: SealKey::new(key),
            clock,
            rng,
        }
    }

    /// Writes a mail into the transaction of what it tells of. It leaves after the commit.
    pub async fn queue(&self, tx: &mut Tx, mail: &Mail) -> Result<(), StoreError> {
        let now = self.clock.now();
        let id: Id<MailKind> = self.rng.id(now);
        // Texts and numbers: writing them can't fail.
        let plain = Zeroizing::new(serde_json::to_vec(mail).unwrap_or_default());
        let sealed = self.seal.seal(&*self.rng, &associated(id), &plain);
        store::insert(tx, id, mail.letter.as_str(), sealed, now).await
    }
}

fn associated(id: Id<MailKind>) -> String {
    format!("outbox/{id}")
}
