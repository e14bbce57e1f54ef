//! Where the keyring lives when that is not this machine, and what opens the door there.

use std::{collections::BTreeMap, sync::Arc};

use concierge_core::sensitive::Sensitive;

use super::{Environment, Finding, Given, Reader, parse};

/// The places a keyring can live in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoreKind {
    /// `secrets.<env>.toml` on this machine.
    #[default]
    File,
    /// The process environment only; no keyring file is read or made.
    Env,
    /// HashiCorp Vault or OpenBao.
    Vault,
    /// AWS Secrets Manager.
    Aws,
    /// Azure Key Vault.
    Azure,
}

impl StoreKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::File, Self::Env, Self::Vault, Self::Aws, Self::Azure];

    /// The word of the setting, and of the cargo feature of those that have one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Env => "env",
            Self::Vault => "vault",
            Self::Aws => "aws",
            Self::Azure => "azure",
        }
    }

    /// Whether the keyring lives on another machine.
    pub const fn is_remote(self) -> bool {
        matches!(self, Self::Vault | Self::Aws | Self::Azure)
    }
}

/// What was given for the store. The SDK of AWS reads the usual variables and files itself.
#[derive(Debug, Default)]
pub struct StoreSettings {
    /// Which store the keys are read from.
    pub kind: StoreKind,
    /// Path, name or address of the one secret, where it is not the usual one.
    pub name: Option<String>,
    /// HashiCorp Vault and OpenBao.
    pub vault: VaultSettings,
    /// Azure Key Vault.
    pub azure: AzureSettings,
    /// Whose secrets the library of AWS asks for, and where: none of it is a secret.
    pub aws: BTreeMap<&'static str, String>,
    /// Whether nothing but the store itself counts, and nothing of it is kept on this machine.
    pub is_strict: bool,
    /// What the store said.
    pub answer: Arc<StoreAnswer>,
}

/// What a store said when it was asked for the keyring. Until then there are no keys, and nothing starts.
#[derive(Debug, Default)]
pub enum StoreAnswer {
    /// Nobody asked it.
    #[default]
    NotAsked,
    /// It gave none, and why.
    Failed(Finding),
    /// The text of the keyring.
    Keyring(Given),
    /// The last good copy of it, and why the store gave none.
    Copy(Given, String),
}

/// What was given for Vault, in its own variables.
#[derive(Debug, Default)]
pub struct VaultSettings {
    /// `VAULT_ADDR`
    pub address: Option<String>,
    /// `VAULT_NAMESPACE`
    pub namespace: Option<String>,
    /// `VAULT_CACERT`
    pub authority: Option<String>,
    /// `VAULT_TOKEN`
    pub token: Option<Sensitive>,
    /// `VAULT_ROLE_ID`
    pub role: Option<String>,
    /// `VAULT_SECRET_ID`
    pub secret: Option<Sensitive>,
}

/// What was given for Azure, in its own variables. Without a secret the machine's managed identity signs in.
#[derive(Debug, Default)]
pub struct AzureSettings {
    /// `AZURE_TENANT_ID`
    pub tenant: Option<String>,
    /// `AZURE_CLIENT_ID`
    pub client: Option<String>,
    /// `AZURE_CLIENT_SECRET`
    pub secret: Option<Sensitive>,
}

impl StoreSettings {
    /// Whether the keys live in a store that gave none.
    pub fn is_silent(&self) -> bool {
        let is_silent = matches!(*self.answer, StoreAnswer::NotAsked | StoreAnswer::Failed(_));
        self.kind.is_remote() && is_silent
    }

    /// The keyring as the store gave it, or as it did last.
    pub fn text(&self) -> Option<&Sensitive> {
        match &*self.answer {
            StoreAnswer::Keyring(given) | StoreAnswer::Copy(given, _) => Some(&given.text),
            StoreAnswer::NotAsked | StoreAnswer::Failed(_) => None,
        }
    }

    /// The name of the secret in a store. Two environments never share one by accident.
    pub fn name_in(&self, kind: StoreKind, environment: Environment) -> String {
        let usual = || match kind {
            StoreKind::Vault => format!("secret/concierge/{environment}"),
            // An address has a host, and nobody can guess that.
            StoreKind::Azure => String::new(),
            _ => format!("concierge/{environment}"),
        };
        self.name.clone().unwrap_or_else(usual)
    }
}

/// Where the library of AWS learns whose secrets it asks for. The account itself only AWS knows; who asks tells it.
const OF_AWS: [&str; 8] = [
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ROLE_ARN",
    "AWS_ACCESS_KEY_ID",
];

/// Reads the settings of the store. An unknown store is a finding, and then no store is asked.
pub(super) fn read(reader: &mut Reader<'_>) -> StoreSettings {
    let words = StoreKind::ALL.map(|one| (one.as_str(), one));
    let kind = reader.read("CONCIERGE_KEY_STORE", |text| parse::word(text, &words));
    let is_strict = reader.read("CONCIERGE_STRICT_STORE", parse::switch);
    let text = |variable| {
        let given = reader.first(variable);
        given.map(|given| given.text.expose().to_owned())
    };
    let secret = |variable| reader.first(variable).map(|given| given.text);
    StoreSettings {
        kind: kind.unwrap_or_default(),
        name: text("CONCIERGE_KEY_STORE_NAME"),
        vault: VaultSettings {
            address: text("VAULT_ADDR"),
            namespace: text("VAULT_NAMESPACE"),
            authority: text("VAULT_CACERT"),
            token: secret("VAULT_TOKEN"),
            role: text("VAULT_ROLE_ID"),
            secret: secret("VAULT_SECRET_ID"),
        },
        azure: AzureSettings {
            tenant: text("AZURE_TENANT_ID"),
            client: text("AZURE_CLIENT_ID"),
            secret: secret("AZURE_CLIENT_SECRET"),
        },
        aws: OF_AWS
            .into_iter()
            .filter_map(|name| Some((name, reader.surrounding(name)?)))
            .collect(),
        is_strict: is_strict.unwrap_or_default(),
        answer: Arc::default(),
    }
}
