//! Azure Key Vault secrets, opened by an application's secret, a workload identity or the machine's managed identity.
//!
//! Key Vault can't compare and set. The version is compared just before, and the list of versions just after: who
//! wrote at the same moment is found then, and both writers are told. Between the two the last one counts.

use std::{collections::BTreeSet, fmt, sync::Arc};

use azure_core::{
    credentials::{Secret, TokenCredential},
    error::{Error, ErrorKind},
    http::{ClientOptions, RetryOptions, Transport, Url},
    time::OffsetDateTime,
};
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use azure_security_keyvault_secrets::{
    ResourceExt as _, ResourceId, SecretClient, SecretClientOptions, models::SetSecretParameters,
};
use concierge_core::sensitive::Sensitive;
use futures_util::TryStreamExt as _;

use super::{Fault, Fetched, Version};
use crate::{
    config::AzureSettings,
    platform::clock::{Clock as _, SystemClock},
};

/// The way to one secret.
pub struct Azure {
    client: SecretClient,
    name: String,
}

impl fmt::Debug for Azure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Azure({}, {})", self.client.endpoint(), self.name)
    }
}

impl Azure {
    pub(super) fn of(settings: &AzureSettings, address: &str) -> Result<Self, Fault> {
        let resource = Url::parse(address)
            .ok()
            .filter(|url| url.scheme() == "https")
            .and_then(|url| ResourceId::try_from(&url).ok())
            .ok_or_else(|| {
                Fault::Settings(
                    "set CONCIERGE_KEY_STORE_NAME=https://<vault>.vault.azure.net/secrets/<name>"
                        .to_owned(),
                )
            })?;
        let unfit = |error: Error| Fault::Settings(first_line(&error));
        let client_options = options()?;
        let credential = credential(settings, &client_options).map_err(unfit)?;
        let options = SecretClientOptions {
            client_options,
            ..SecretClientOptions::default()
        };
        let client = SecretClient::new(&resource.vault_url, credential, Some(options));
        Ok(Self {
            client: client.map_err(unfit)?,
            name: resource.name,
        })
    }

    pub(super) async fn fetch(&self) -> Result<Option<Fetched>, Fault> {
        let asked = self.client.get_secret(&self.name, None).await;
        let found = asked.and_then(|answer| answer.into_model());
        let found = match found.map_err(|error| self.fault(&error, "get")) {
            Err(Fault::NotFound(_)) => return Ok(None),
            found => found?,
        };
        if let Some(times) = &found.attributes {
            refuse_outside(times.not_before, times.expires)?;
        }
        let version = found.resource_id().ok().and_then(|id| id.version);
        match (&found.value, version) {
            (Some(text), Some(version)) => Ok(Some(Fetched {
                text: Sensitive::new(text),
                version: Version(version),
            })),
            _ => Err(Fault::Other("without a value or a version".to_owned())),
        }
    }

    pub(super) async fn replace(
        &self,
        text: &str,
        expected: Option<&Version>,
    ) -> Result<Version, Fault> {
        let mut before = self.versions().await?;
        let found = self.fetch().await?.map(|found| found.version);
        if found.as_ref() != expected {
            return Err(Fault::Conflict);
        }
        let parameters = SetSecretParameters {
            value: Some(text.to_owned()),
            content_type: Some("application/toml".to_owned()),
            ..SetSecretParameters::default()
        };
        let body = parameters
            .try_into()
            .map_err(|error: Error| self.fault(&error, "set"))?;
        let set = self.client.set_secret(&self.name, body, None).await;
        let set = set.and_then(|answer| answer.into_model());
        let set = set.map_err(|error| self.fault(&error, "set"))?;
        let version = set.resource_id().ok().and_then(|id| id.version);
        let version = version.ok_or_else(|| Fault::Other("without a version".to_owned()))?;
        before.insert(version.clone());
        match self.versions().await? == before {
            true => Ok(Version(version)),
            false => Err(Fault::Conflict),
        }
    }

    async fn versions(&self) -> Result<BTreeSet<String>, Fault> {
        let failed = |error| self.fault(&error, "list");
        let listed = self
            .client
            .list_secret_properties_versions(&self.name, None);
        let mut pages = listed.map_err(failed)?;
        let mut versions = BTreeSet::new();
        loop {
            match pages.try_next().await.map_err(failed) {
                Ok(Some(one)) => versions.extend(one.resource_id().ok().and_then(|id| id.version)),
                Ok(None) | Err(Fault::NotFound(_)) => return Ok(versions),
                Err(fault) => return Err(fault),
            }
        }
    }

    fn fault(&self, error: &Error, permission: &str) -> Fault {
        let takes = format!("`{permission}` on secrets of {}", self.client.endpoint());
        match (error.http_status().map(u16::from), error.kind()) {
            (Some(404), _) => Fault::NotFound(self.name.clone()),
            (Some(409), _) => {
                Fault::Other("409: a deleted secret has this name; recover or purge it".to_owned())
            }
            (Some(status), _) => Fault::of_status(status, &takes),
            (None, ErrorKind::Credential) => unknown(error),
            _ => Fault::of_connection(error),
        }
    }
}

/// Nobody signed in: the cause is the network's, or nobody knows us. What Entra wrote is for the administrator
/// there; its number is enough to find it.
fn unknown(error: &Error) -> Fault {
    let causes =
        std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| {
            error.source()
        });
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    let number = causes.iter().find_map(|cause| {
        let digits = cause.split("AADSTS").nth(1)?;
        digits.split(|c: char| !c.is_ascii_digit()).next()
    });
    match number {
        Some(number) => Fault::Forbidden(format!("{CREDENTIALS} (AADSTS{number})")),
        None => match Fault::of_connection(error) {
            Fault::Unreachable(_) => Fault::Forbidden(CREDENTIALS.to_owned()),
            fault => fault,
        },
    }
}

const CREDENTIALS: &str = "an identity that Entra knows: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, a workload identity, or a managed identity of this machine";

/// Key Vault hands a secret out before and after its dates; who set them meant them.
fn refuse_outside(
    from: Option<OffsetDateTime>,
    until: Option<OffsetDateTime>,
) -> Result<(), Fault> {
    let now = SystemClock.now().as_millis() / 1000;
    if from.is_some_and(|from| now < from.unix_timestamp()) {
        return Err(Fault::Other(
            "with a secret that is not valid yet".to_owned(),
        ));
    }
    if until.is_some_and(|until| now >= until.unix_timestamp()) {
        return Err(Fault::Other("with a secret that has expired".to_owned()));
    }
    Ok(())
}

/// The most particular identity that was given.
fn credential(
    settings: &AzureSettings,
    client_options: &ClientOptions,
) -> Result<Arc<dyn TokenCredential>, Error> {
    if let Some(secret) = &settings.secret {
        let options = ClientSecretCredentialOptions {
            client_options: client_options.clone(),
        };
        let given = |text: &Option<String>| text.clone().unwrap_or_default();
        let secret = Secret::new(secret.expose().to_owned());
        let (tenant, client) = (given(&settings.tenant), given(&settings.client));
        return Ok(ClientSecretCredential::new(
            &tenant,
            client,
            secret,
            Some(options),
        )?);
    }
    // Kubernetes tells its pods by the environment, which the library reads; elsewhere there is none.
    let workload = WorkloadIdentityCredentialOptions {
        credential_options: ClientAssertionCredentialOptions {
            client_options: client_options.clone(),
        },
        client_id: settings.client.clone(),
        tenant_id: settings.tenant.clone(),
        ..WorkloadIdentityCredentialOptions::default()
    };
    if let Ok(credential) = WorkloadIdentityCredential::new(Some(workload)) {
        return Ok(credential);
    }
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: settings.client.clone().map(UserAssignedId::ClientId),
        client_options: client_options.clone(),
    };
    Ok(ManagedIdentityCredential::new(Some(options))?)
}

/// One connection for vault and identity. No silent repeats: they would eat up the ten seconds, and who asked can
/// ask again. The library's own client would panic on a machine without a list of authorities.
fn options() -> Result<ClientOptions, Fault> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(super::LIMIT)
        .build()
        .map_err(|error| Fault::of_connection(&error))?;
    Ok(ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(Transport::new(Arc::new(client))),
        ..ClientOptions::default()
    })
}

fn first_line(error: &Error) -> String {
    error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
