//! HashiCorp Vault and OpenBao: the KV engine, version 1 or 2, with a token or AppRole.
//!
//! The secret has one field, `keyring`. The mount and its version are asked for, as Vault's own command line does,
//! so the name is the path one would give to `vault kv get`. KV 2 compares and sets in one step. KV 1 can't: there
//! the text is compared just before and read again just after, which finds most of those who write at once, not all.

use std::fmt;

use concierge_core::sensitive::Sensitive;
use reqwest::{
    Certificate, Client, Method, StatusCode, Url,
    header::{HeaderMap, HeaderValue},
    redirect::Policy,
};
use serde_json::{Value, json};

use super::{Fault, Fetched, Version};
use crate::{config::VaultSettings, keys::fingerprint};

const FIELD: &str = "keyring";

/// The way to one secret.
pub struct Vault {
    client: Client,
    address: Url,
    path: String,
    entry: Entry,
}

/// What opens the door.
enum Entry {
    Token(Sensitive),
    AppRole { role: String, secret: Sensitive },
}

/// A door that is open: the token, and where behind it the secret is.
struct Opened {
    token: HeaderValue,
    mount: Mount,
}

struct Mount {
    /// With a slash at its end.
    path: String,
    /// The secret's path below it.
    rest: String,
    compares: bool,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({}, {})", self.address, self.path)
    }
}

impl Vault {
    pub(super) fn of(settings: &VaultSettings, path: &str) -> Result<Self, Fault> {
        let settings_fault = |text: &str| Fault::Settings(text.to_owned());
        let is_part = |part: &str| !matches!(part, "" | "." | "..");
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if !path.contains('/') || !path.split('/').all(is_part) || !path.chars().all(is_safe) {
            return Err(settings_fault(
                "CONCIERGE_KEY_STORE_NAME must be a mount and a path, such as secret/concierge/production",
            ));
        }
        let address = address_of(settings)?;
        let entry = match (&settings.token, &settings.role, &settings.secret) {
            (Some(token), _, _) => Entry::Token(Sensitive::new(token.expose())),
            (None, Some(role), Some(secret)) => Entry::AppRole {
                role: role.clone(),
                secret: Sensitive::new(secret.expose()),
            },
            _ => {
                return Err(settings_fault(
                    "set VAULT_TOKEN or VAULT_TOKEN_FILE, or VAULT_ROLE_ID and VAULT_SECRET_ID or VAULT_SECRET_ID_FILE",
                ));
            }
        };
        Ok(Self {
            client: client_of(settings, &address)?,
            address,
            path: path.to_owned(),
            entry,
        })
    }

    pub(super) async fn fetch(&self) -> Result<Option<Fetched>, Fault> {
        let opened = self.open().await?;
        self.read(&opened).await
    }

    pub(super) async fn replace(
        &self,
        text: &str,
        expected: Option<&Version>,
    ) -> Result<Version, Fault> {
        let opened = self.open().await?;
        let takes = format!("`create` and `update` on `{}`", opened.mount.data());
        let path = opened.mount.data();
        if opened.mount.compares {
            let cas: u64 = expected
                .map_or("0", |version| version.0.as_str())
                .parse()
                .map_err(|_| Fault::Conflict)?;
            let body = json!({ "data": { FIELD: text }, "options": { "cas": cas } });
            let answer = self.call(Method::POST, &path, &opened.token, Some(&body), &takes);
            let answer = answer.await?.ok_or_else(|| not_found(&opened.mount))?;
            return whole(&answer["data"]["version"]);
        }
        let found = self.read(&opened).await?;
        if found.map(|found| found.version).as_ref() != expected {
            return Err(Fault::Conflict);
        }
        let body = json!({ FIELD: text });
        self.call(Method::POST, &path, &opened.token, Some(&body), &takes)
            .await?;
        let version = Version(fingerprint(text));
        match self.read(&opened).await? {
            Some(found) if found.version == version => Ok(version),
            _ => Err(Fault::Conflict),
        }
    }

    async fn open(&self) -> Result<Opened, Fault> {
        let token = match &self.entry {
            Entry::Token(token) => header(token.expose())?,
            Entry::AppRole { role, secret } => self.log_in(role, secret).await?,
        };
        let mount = self.mount(&token).await?;
        Ok(Opened { token, mount })
    }

    async fn log_in(&self, role: &str, secret: &Sensitive) -> Result<HeaderValue, Fault> {
        let body = json!({ "role_id": role, "secret_id": secret.expose() });
        let takes = "a VAULT_ROLE_ID and a VAULT_SECRET_ID that are known and have not expired";
        let nobody = HeaderValue::from_static("");
        let answer = self.call(
            Method::POST,
            "auth/approle/login",
            &nobody,
            Some(&body),
            takes,
        );
        let answer = match answer.await {
            // What Vault says to a role or a secret it does not know.
            Err(Fault::Other(status)) if status == "400" => Err(Fault::Forbidden(takes.to_owned())),
            other => other,
        };
        let answer =
            answer?.ok_or_else(|| Fault::NotFound("AppRole at auth/approle".to_owned()))?;
        header(answer["auth"]["client_token"].as_str().unwrap_or_default())
    }

    /// The mount of the secret. A server that does not know the question is old and speaks version 1.
    async fn mount(&self, token: &HeaderValue) -> Result<Mount, Fault> {
        let path = format!("sys/internal/ui/mounts/{}", self.path);
        let takes = format!(
            "a token that is valid and a policy that names `{}`",
            self.path
        );
        let answer = self.call(Method::GET, &path, token, None, &takes).await?;
        let data = answer
            .map(|answer| answer["data"].clone())
            .unwrap_or_default();
        let first = self.path.split_inclusive('/').next().unwrap_or_default();
        let mount = data["path"].as_str().unwrap_or(first);
        let rest = self.path.strip_prefix(mount);
        let rest = rest.ok_or_else(|| Fault::NotFound(format!("a mount for `{}`", self.path)))?;
        Ok(Mount {
            path: mount.to_owned(),
            rest: rest.to_owned(),
            compares: data["options"]["version"] == "2",
        })
    }

    async fn read(&self, opened: &Opened) -> Result<Option<Fetched>, Fault> {
        let path = opened.mount.data();
        let takes = format!("`read` on `{path}`");
        let answer = self.call(Method::GET, &path, &opened.token, None, &takes);
        let Some(answer) = answer.await? else {
            return Ok(None);
        };
        let fields = match opened.mount.compares {
            true => &answer["data"]["data"],
            false => &answer["data"],
        };
        let text = fields[FIELD]
            .as_str()
            .ok_or_else(|| Fault::Other(format!("with a secret that has no field `{FIELD}`")))?;
        let version = match opened.mount.compares {
            true => whole(&answer["data"]["metadata"]["version"])?,
            false => Version(fingerprint(text)),
        };
        Ok(Some(Fetched {
            text: Sensitive::new(text),
            version,
        }))
    }

    /// One request; `None` for 404. What a server writes into an error is for its own log.
    async fn call(
        &self,
        method: Method,
        path: &str,
        token: &HeaderValue,
        body: Option<&Value>,
        takes: &str,
    ) -> Result<Option<Value>, Fault> {
        let base = self.address.as_str().trim_end_matches('/');
        let mut request = self.client.request(method, format!("{base}/v1/{path}"));
        if !token.is_empty() {
            request = request.header("X-Vault-Token", token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let failed = |error: reqwest::Error| Fault::of_connection(&error.without_url());
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(failed)?;
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        let says = |word: &str| {
            let errors = value["errors"].as_array();
            let mut errors = errors.into_iter().flatten().filter_map(Value::as_str);
            errors.any(|error| error.contains(word))
        };
        match status {
            status if status.is_success() => Ok(Some(value)),
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::SERVICE_UNAVAILABLE if says("sealed") => Err(Fault::Sealed),
            StatusCode::BAD_REQUEST if says("check-and-set") => Err(Fault::Conflict),
            status => Err(Fault::of_status(status.as_u16(), takes)),
        }
    }
}

impl Mount {
    fn data(&self) -> String {
        let data = if self.compares { "data/" } else { "" };
        format!("{}{data}{}", self.path, self.rest)
    }
}

fn not_found(mount: &Mount) -> Fault {
    Fault::NotFound(format!("`{}`", mount.data()))
}

fn whole(version: &Value) -> Result<Version, Fault> {
    version
        .as_u64()
        .map(|version| Version(version.to_string()))
        .ok_or_else(|| Fault::Other("without a version".to_owned()))
}

/// A token as a header that no `Debug` shows.
fn header(token: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(token)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Fault::Forbidden("a token, and this is none".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn address_of(settings: &VaultSettings) -> Result<Url, Fault> {
    let text = settings
        .address
        .as_deref()
        .ok_or_else(|| Fault::Settings("set VAULT_ADDR=https://<host>:8200".to_owned()))?;
    let address = Url::parse(text).ok().filter(Url::has_host);
    let address = address.ok_or_else(|| {
        Fault::Settings("VAULT_ADDR is no address; write https://<host>:8200".to_owned())
    })?;
    // The token and the keys would go over the wire for everybody to read.
    let is_here = matches!(
        address.host_str(),
        Some("localhost" | "127.0.0.1" | "[::1]")
    );
    match address.scheme() {
        "https" => Ok(address),
        "http" if is_here => Ok(address),
        _ => Err(Fault::Settings(
            "VAULT_ADDR must be https: the keys would cross the network in the clear".to_owned(),
        )),
    }
}

/// Follows no redirect: a token goes to the address the operator gave and nowhere else.
fn client_of(settings: &VaultSettings, address: &Url) -> Result<Client, Fault> {
    let mut headers = HeaderMap::new();
    if let Some(namespace) = &settings.namespace {
        let value = HeaderValue::from_str(namespace)
            .map_err(|_| Fault::Settings("VAULT_NAMESPACE is no namespace".to_owned()))?;
        headers.insert("X-Vault-Namespace", value);
    }
    headers.insert("X-Vault-Request", HeaderValue::from_static("true"));
    let mut builder = Client::builder()
        .default_headers(headers)
        .redirect(Policy::none())
        .timeout(super::LIMIT);
    if let Some(path) = &settings.authority {
        let unfit = |why: String| Fault::Settings(format!("VAULT_CACERT {path}: {why}"));
        let pem = std::fs::read(path).map_err(|error| unfit(error.to_string()))?;
        let certificates = Certificate::from_pem_bundle(&pem)
            .ok()
            .filter(|all| !all.is_empty())
            .ok_or_else(|| unfit("there is no certificate in it".to_owned()))?;
        builder = builder.tls_certs_only(certificates);
    } else if address.scheme() == "http" {
        // Without TLS no list of authorities is needed, and a machine without one must not fail on it.
        builder = builder.tls_certs_only(Vec::new());
    }
    builder
        .build()
        .map_err(|error| Fault::of_connection(&error))
}
