//! Azure Key Vault secrets, opened by an application's secret, a workload identity or the machine's managed identity.
//!
//! Key Vault can't compare and set. The version is compared just before, and the list of versions just after. Who
//! finds that somebody else wrote in between, and that its own text is the newest, puts the other's back and is told
//! of a conflict: the first one counts. Until that is done the wrong text is there, and where the second one ends in
//! that moment, it stays.

mod carrier;

use std::{collections::BTreeMap, error::Error as StdError, fmt, iter::successors, sync::Arc};

use azure_core::{
    credentials::{Secret, TokenCredential},
    error::{Error, ErrorKind},
    http::{ClientOptions, Url},
    time::OffsetDateTime,
};
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use azure_security_keyvault_secrets::{
    ResourceExt as _, ResourceId, SecretClient, SecretClientOptions,
    models::{Secret as Found, SecretClientGetSecretOptions},
};
use concierge_core::sensitive::Sensitive;
use futures_util::TryStreamExt as _;
use serde_json::json;

use super::{Fault, Fetched, Version, wiped::Wiped};
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
        let client_options = carrier::options()?;
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
        let found = match self.read(None).await {
            Err(Fault::NotFound(_)) => return Ok(None),
            found => found?,
        };
        if let Some(times) = &found.attributes {
            refuse_outside(times.not_before, times.expires)?;
        }
        fetched(found).map(Some)
    }

    /// A version, or the newest one.
    async fn read(&self, version: Option<&str>) -> Result<Found, Fault> {
        let options = SecretClientGetSecretOptions {
            secret_version: version.map(str::to_owned),
            ..SecretClientGetSecretOptions::default()
        };
        let asked = self.client.get_secret(&self.name, Some(options)).await;
        let found = asked.and_then(|answer| answer.into_model());
        found.map_err(|error| self.fault(&error, "get"))
    }

    pub(super) async fn replace(
        &self,
        text: &str,
        expected: Option<&Version>,
    ) -> Result<Version, Fault> {
        let before = self.versions().await?;
        let found = self.fetch().await?.map(|found| found.version);
        if found.as_ref() != expected {
            return Err(Fault::Conflict);
        }
        let ours = self.write(text).await?;
        let mut others = self.versions().await?;
        others.retain(|version, _| !before.contains_key(version) && *version != ours.0);
        // Of several the first one had read what we had read, and may have been told that it won.
        let Some((first, _)) = others.into_iter().min_by_key(|(_, created)| *created) else {
            return Ok(ours);
        };
        // Whether it succeeds or not, there was a conflict, and that line says to look.
        let _ = self.put_back(&first, &ours).await;
        Err(Fault::Conflict)
    }

    /// Puts another's text back over ours, as long as ours is the newest: else that one does the same.
    async fn put_back(&self, other: &str, ours: &Version) -> Result<(), Fault> {
        let newest = self.fetch().await?.map(|found| found.version);
        if newest.as_ref() == Some(ours) {
            let theirs = fetched(self.read(Some(other)).await?)?;
            self.write(theirs.text.expose()).await?;
        }
        Ok(())
    }

    async fn write(&self, text: &str) -> Result<Version, Fault> {
        let parameters = Wiped(json!({ "value": text, "contentType": "application/toml" }));
        let body = parameters.to_bytes()?.into();
        let set = self.client.set_secret(&self.name, body, None).await;
        let set = set.and_then(|answer| answer.into_model());
        let set = set.map_err(|error| self.fault(&error, "set"))?;
        fetched(set).map(|set| set.version)
    }

    /// Each version, and when it was written.
    async fn versions(&self) -> Result<BTreeMap<String, Option<OffsetDateTime>>, Fault> {
        let failed = |error| self.fault(&error, "list");
        let listed = self
            .client
            .list_secret_properties_versions(&self.name, None);
        let mut pages = listed.map_err(failed)?;
        let mut versions = BTreeMap::new();
        loop {
            match pages.try_next().await.map_err(failed) {
                Ok(Some(one)) => {
                    let version = one.resource_id().ok().and_then(|id| id.version);
                    let created = one.attributes.and_then(|times| times.created);
                    versions.extend(version.map(|version| (version, created)));
                }
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

/// Text and version of an answer; the text is not copied.
fn fetched(mut found: Found) -> Result<Fetched, Fault> {
    let version = found.resource_id().ok().and_then(|id| id.version);
    match (found.value.take(), version) {
        (Some(text), Some(version)) => Ok(Fetched {
            text: Sensitive::new(text),
            version: Version(version),
        }),
        _ => Err(Fault::Other("without a value or a version".to_owned())),
    }
}

/// Nobody signed in: Entra is not there, or it does not know us. What Entra wrote is for the administrator there;
/// its number is enough to find it.
fn unknown(error: &Error) -> Fault {
    let causes = || {
        successors(Some(error as &(dyn StdError + 'static)), |&one| {
            one.source()
        })
    };
    let inner = || causes().filter_map(|cause| cause.downcast_ref::<Error>());
    let number = causes().map(ToString::to_string).find_map(|cause| {
        let digits = cause.split("AADSTS").nth(1)?;
        let digits = digits.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(digits.to_owned())
    });
    let refused = match number {
        Some(number) => Fault::Forbidden(format!("{CREDENTIALS} (AADSTS{number})")),
        None => Fault::Forbidden(CREDENTIALS.to_owned()),
    };
    let status = inner().find_map(Error::http_status).map(u16::from);
    let is_lost = inner().any(|one| matches!(one.kind(), ErrorKind::Connection | ErrorKind::Io));
    let lost = |why: String| Fault::Unreachable(format!("its sign-in does not answer: {why}"));
    match status {
        Some(429) => Fault::Busy,
        Some(status @ 500..=599) => lost(status.to_string()),
        None if is_lost => match Fault::of_connection(error) {
            Fault::Unreachable(why) => lost(why),
            fault => fault,
        },
        _ => refused,
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

fn first_line(error: &Error) -> String {
    error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
