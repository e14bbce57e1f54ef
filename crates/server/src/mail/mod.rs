//! Mails: written into the transaction of what they tell of, sealed, and sent afterwards by a job of its own.
//!
//! Invariants: no request waits for a mail server; a mail whose transaction committed is not lost; the database
//! holds neither address nor link in the clear.

mod deliver;
mod english;
mod french;
mod letter;
mod lost;
mod smtp;
mod store;
mod transport;
mod words;

use std::{sync::Arc, time::Duration};

pub use deliver::{Courier, Lost};
pub use letter::cleaned;
pub use lost::delete_unreadable_mails;
pub use transport::Left;

use concierge_core::{
    admin::api::MailBacklog,
    id::{Id, Kind},
    link::Page,
    locale::Locale,
    sensitive::Sensitive,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use zeroize::Zeroizing;

use crate::{
    platform::{clock::Clock, rng::Rng, seal::SealKeys},
    store::{
        Db, StoreError, Tx,
        reseal::{self, Resealed},
    },
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
    /// To whom alerts are told.
    Alert {
        /// What is told.
        tiding: Tiding,
        /// In words, a line for each alert.
        text: String,
    },
}

/// What a mail tells of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tiding {
    /// There is one.
    Fired,
    /// It is over.
    Over,
    /// There are several.
    Several,
    /// There is none: somebody tests the way.
    Test,
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
            Self::Alert { .. } => "alert",
        }
    }

    /// The page that its link opens, and the token in the link's fragment.
    pub const fn link(&self) -> Option<(Page, &Sensitive)> {
        match self {
            Self::ConfirmAddress { token } | Self::ConfirmNewAddress { token } => {
                Some((Page::Confirm, token))
            }
            Self::ResetPassword { token } => Some((Page::Reset, token)),
            Self::NewDevice { token, .. } => Some((Page::NotMe, token)),
            _ => None,
        }
    }

    /// Whether it asks if an address is the reader's: then it may not be.
    pub const fn reaches_strangers(&self) -> bool {
        matches!(
            self,
            Self::ConfirmAddress { .. } | Self::ConfirmNewAddress { .. }
        )
    }

    /// How long its link works. Whoever makes the token keeps to this, because the letter says it.
    pub const fn life(&self) -> Option<Duration> {
        const HOUR: u64 = 3_600;
        match self {
            Self::ConfirmAddress { .. } | Self::ConfirmNewAddress { .. } => {
                Some(Duration::from_secs(24 * HOUR))
            }
            Self::ResetPassword { .. } => Some(Duration::from_secs(HOUR / 2)),
            Self::NewDevice { .. } => Some(Duration::from_secs(7 * 24 * HOUR)),
            _ => None,
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

/// Takes mails in, and keeps them until they have left.
pub struct Outbox {
    db: Db,
    seal: SealKeys,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    queued: Arc<Notify>,
}

impl Outbox {
    /// The service; `seal` is the data key of mails.
    pub fn new(seal: SealKeys, db: Db, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self {
            db,
            seal,
            clock,
            rng,
            queued: Arc::default(),
        }
    }

    /// Writes a mail into the transaction of what it tells of. It leaves after the commit.
    pub async fn queue(&self, tx: &mut Tx, mail: &Mail) -> Result<(), StoreError> {
        let now = self.clock.now();
        let id: Id<MailKind> = self.rng.id(now);
        // Texts and numbers: writing them can't fail.
        let plain = Zeroizing::new(serde_json::to_vec(mail).unwrap_or_default());
        let sealed = self
            .seal
            .seal(&*self.rng, &associated(&id.to_string()), &plain);
        store::insert(tx, id, mail.letter.as_str(), sealed, now).await?;
        let queued = Arc::clone(&self.queued);
        tx.after_commit(move || queued.notify_one());
        Ok(())
    }

    /// Resolves when this process has queued a mail since the last time.
    pub async fn queued(&self) {
        self.queued.notified().await;
    }

    /// Moves mails after this id to the newest version of the key.
    pub async fn reseal(&self, after: &str) -> Result<Resealed, StoreError> {
        reseal::reseal(&self.db, &store::SEALED, after, &self.seal, &*self.rng).await
    }

    /// What waits, for the admin.
    pub async fn backlog(&self) -> Result<MailBacklog, StoreError> {
        store::count_waiting(&self.db).await
    }

    /// The mail of a row. `None` when it does not open: sealed with a key that is gone, or by a later version.
    fn open(&self, id: Id<MailKind>, sealed: &[u8]) -> Option<Mail> {
        let plain = Zeroizing::new(self.seal.open(&associated(&id.to_string()), sealed).ok()?);
        serde_json::from_slice(&plain).ok()
    }
}

fn associated(id: &str) -> String {
    format!("outbox/{id}")
}
