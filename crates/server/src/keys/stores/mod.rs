//! Keyrings that live elsewhere: HashiCorp Vault and OpenBao, AWS Secrets Manager, Azure Key Vault.
//!
//! A store holds one secret, and that is the whole text of the keyring file. It is read whole and replaced whole,
//! and only when nobody wrote meanwhile, so whoever changes a file changes a store in the same way. Each store is
//! a cargo feature; the usual build has none. Every call ends within ten seconds. Nothing here logs, and a
//! [`Fault`] says what went wrong without a value or a token in it.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "azure")]
mod azure;
mod choose;
mod fault;
mod identity;
mod last_good;
mod revoking;
mod start;
#[cfg(feature = "vault")]
mod vault;
#[cfg(any(feature = "vault", feature = "azure"))]
mod wiped;

use std::time::Duration;

use concierge_core::sensitive::Sensitive;

pub use self::{choose::against, fault::Fault, revoking::attach_to_revoke, start::attach};
pub(super) use self::{choose::choose, start::Named};
use super::KeyringContents;
use crate::config::{Environment, Reading, StoreKind, StoreSettings};

/// How long a store may take for one answer.
const LIMIT: Duration = Duration::from_secs(10);
/// The same for who revokes a key, where it can go on without.
pub(super) const BRIEF: Duration = Duration::from_secs(2);

/// The keyring as it is in a store.
#[derive(Debug)]
pub struct Fetched {
    /// The text of `secrets.<env>.toml`.
    pub text: Sensitive,
    /// What to hand back on replacing it.
    pub version: Version,
}

/// A state of the secret, in the store's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

/// A store that is ready to be asked.
#[derive(Debug)]
pub enum KeyStore {
    /// HashiCorp Vault or OpenBao, KV version 1 or 2.
    #[cfg(feature = "vault")]
    Vault(vault::Vault),
    /// AWS Secrets Manager.
    #[cfg(feature = "aws")]
    Aws(aws::Aws),
    /// Azure Key Vault.
    #[cfg(feature = "azure")]
    Azure(azure::Azure),
}

impl KeyStore {
    /// The store of a kind. Nothing is sent yet.
    pub fn of(
        kind: StoreKind,
        settings: &StoreSettings,
        environment: Environment,
    ) -> Result<Self, Fault> {
        let name = settings.name_in(kind, environment);
        match kind {
            #[cfg(feature = "vault")]
            StoreKind::Vault => vault::Vault::of(&settings.vault, &name).map(Self::Vault),
            #[cfg(feature = "aws")]
            StoreKind::Aws => aws::Aws::of(&name).map(Self::Aws),
            #[cfg(feature = "azure")]
            StoreKind::Azure => azure::Azure::of(&settings.azure, &name).map(Self::Azure),
            _ if kind.is_remote() => Err(Fault::Settings(format!(
                "this build can't ask it for {name}; `make build FEATURES={}` makes one that can",
                kind.as_str()
            ))),
            _ => Err(Fault::Settings(
                "it is on this machine and no store".to_owned(),
            )),
        }
    }

    /// The keyring, or `None` when the store has none under this name.
    pub async fn fetch(&self) -> Result<Option<Fetched>, Fault> {
        within(async {
            match *self {
                #[cfg(feature = "vault")]
                Self::Vault(ref vault) => Box::pin(vault.fetch()).await,
                #[cfg(feature = "aws")]
                Self::Aws(ref aws) => Box::pin(aws.fetch()).await,
                #[cfg(feature = "azure")]
                Self::Azure(ref azure) => Box::pin(azure.fetch()).await,
            }
        })
        .await
    }

    /// Replaces the keyring, when the store still has the expected version (`None`: none at all). Otherwise
    /// [`Fault::Conflict`].
    #[cfg_attr(
        not(any(feature = "vault", feature = "aws", feature = "azure")),
        expect(unused_variables, reason = "a build without stores asks none")
    )]
    pub async fn replace(&self, text: &str, expected: Option<&Version>) -> Result<Version, Fault> {
        // Whatever a store is told, it must be a keyring the next start can read.
        KeyringContents::parse(text).map_err(Fault::Settings)?;
        within(async {
            match *self {
                #[cfg(feature = "vault")]
                Self::Vault(ref vault) => Box::pin(vault.replace(text, expected)).await,
                #[cfg(feature = "aws")]
                Self::Aws(ref aws) => Box::pin(aws.replace(text, expected)).await,
                #[cfg(feature = "azure")]
                Self::Azure(ref azure) => Box::pin(azure.replace(text, expected)).await,
            }
        })
        .await
    }

    /// Whether the store can be read. It asks for what the start asks for: another question would need another
    /// permission and prove less.
    pub async fn health(&self) -> Result<(), Fault> {
        self.fetch().await.map(|_| ())
    }

    /// The store's name, for people.
    pub fn name(&self) -> &'static str {
        match *self {
            #[cfg(feature = "vault")]
            Self::Vault(_) => title(StoreKind::Vault),
            #[cfg(feature = "aws")]
            Self::Aws(_) => title(StoreKind::Aws),
            #[cfg(feature = "azure")]
            Self::Azure(_) => title(StoreKind::Azure),
        }
    }
}

/// Asks the store that the settings name for its keyring.
pub(super) async fn ask(reading: &Reading) -> Result<Option<Fetched>, Fault> {
    let settings = &reading.keys().store;
    let store = KeyStore::of(settings.kind, settings, reading.environment)?;
    let fetched = store.fetch().await?;
    if let Some(found) = &fetched {
        KeyringContents::parse(found.text.expose()).map_err(Fault::Broken)?;
    }
    Ok(fetched)
}

/// What people call a store.
pub const fn title(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::File => "the keyring file",
        StoreKind::Env => "the environment",
        StoreKind::Vault => "Vault",
        StoreKind::Aws => "AWS Secrets Manager",
        StoreKind::Azure => "Azure Key Vault",
    }
}

/// Each store's work is on the heap: the libraries need a lot for one question, and whoever asks would carry it on
/// the stack.
pub(super) async fn within<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    tokio::time::timeout(LIMIT, work)
        .await
        .unwrap_or(Err(Fault::Timeout))
}
