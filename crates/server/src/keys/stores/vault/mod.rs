//! HashiCorp Vault and OpenBao: the KV engine, version 1 or 2, with a token or AppRole.
//!
//! The secret has one field, `keyring`. The mount and its version are asked for, as Vault's own command line does,
//! so the name is the path one would give to `vault kv get`. KV 2 compares and sets in one step. KV 1 can't: there
//! the text is compared just before and read again just after. Of two that write between each other's looks both
//! believe to have won, and the last one counts.

mod tokens;
mod wire;

use std::{fmt, time::Duration};

use concierge_core::sensitive::Sensitive;
use reqwest::{
    Client, Method, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::{Value, json};

use super::{Fault, Fetched, Version, wiped::Wiped};
use crate::{config::VaultSettings, keys::fingerprint};

const FIELD: &str = "keyring";

const DELETED: &str = "that the newest version is deleted; `vault kv undelete` brings it back, `vault kv metadata delete` removes all of them";

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
    AppRole {
        role: String,
        secret: Sensitive,
        /// What its token is kept under.
        known_as: String,
    },
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
        let address = wire::address_of(settings)?;
        let entry = match (&settings.token, &settings.role, &settings.secret) {
            (Some(token), _, _) => Entry::Token(Sensitive::new(token.expose())),
            (None, Some(role), Some(secret)) => Entry::AppRole {
                role: role.clone(),
                secret: Sensitive::new(secret.expose()),
                known_as: tokens::key(&address, settings.namespace.as_deref(), role, secret),
            },
            _ => {
                return Err(settings_fault(
                    "set VAULT_TOKEN or VAULT_TOKEN_FILE, or VAULT_ROLE_ID and VAULT_SECRET_ID or VAULT_SECRET_ID_FILE",
                ));
            }
        };
        Ok(Self {
            client: wire::client_of(settings, &address)?,
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
            let body = Wiped(json!({ "data": { FIELD: text }, "options": { "cas": cas } }));
            let answer = self.call(Method::POST, &path, &opened.token, Some(&body), &takes);
            let answer = answer.await?.ok_or_else(|| not_found(&opened.mount))?;
            return whole(&answer["data"]["version"]);
        }
        let found = self.read(&opened).await?;
        if found.map(|found| found.version).as_ref() != expected {
            return Err(Fault::Conflict);
        }
        let body = Wiped(json!({ FIELD: text }));
        self.call(Method::POST, &path, &opened.token, Some(&body), &takes)
            .await?;
        let version = Version(fingerprint(text));
        match self.read(&opened).await? {
            Some(found) if found.version == version => Ok(version),
            _ => Err(Fault::Conflict),
        }
    }

    /// A token of AppRole opens again until it ends. Vault may have taken it back before, so where a kept one is
    /// refused a new one is asked for.
    async fn open(&self) -> Result<Opened, Fault> {
        let (role, secret, known_as) = match &self.entry {
            Entry::Token(token) => return self.open_with(header(token.expose())?).await,
            Entry::AppRole {
                role,
                secret,
                known_as,
            } => (role, secret, known_as),
        };
        if let Some(token) = tokens::recall(known_as) {
            match self.open_with(token).await {
                Err(Fault::Forbidden(_)) => {}
                opened => return opened,
            }
        }
        let (token, life) = self.log_in(role, secret).await?;
        tokens::keep(known_as, &token, life);
        self.open_with(token).await
    }

    async fn open_with(&self, token: HeaderValue) -> Result<Opened, Fault> {
        let mount = self.mount(&token).await?;
        Ok(Opened { token, mount })
    }

    /// A token, and how long it may be kept.
    async fn log_in(
        &self,
        role: &str,
        secret: &Sensitive,
    ) -> Result<(HeaderValue, Duration), Fault> {
        let body = Wiped(json!({ "role_id": role, "secret_id": secret.expose() }));
        let takes = "a VAULT_ROLE_ID and a VAULT_SECRET_ID that are known and have not expired";
        let nobody = HeaderValue::from_static("");
        let path = "auth/approle/login";
        let answer = self.call(Method::POST, path, &nobody, Some(&body), takes);
        let answer = match answer.await {
            // What Vault says to a role or a secret it does not know.
            Err(Fault::Other(status)) if status == "400" => Err(Fault::Forbidden(takes.to_owned())),
            other => other,
        };
        let answer =
            answer?.ok_or_else(|| Fault::NotFound("AppRole at auth/approle".to_owned()))?;
        let auth = &answer["auth"];
        let token = header(auth["client_token"].as_str().unwrap_or_default())?;
        Ok((token, tokens::life(auth)))
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
        body: Option<&Wiped>,
        takes: &str,
    ) -> Result<Option<Wiped>, Fault> {
        let base = self.address.as_str().trim_end_matches('/');
        let mut request = self.client.request(method, format!("{base}/v1/{path}"));
        if !token.is_empty() {
            request = request.header("X-Vault-Token", token);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json");
            request = request.body(body.to_bytes()?);
        }
        let answer = request.send().await.map_err(wire::failed)?;
        let status = answer.status();
        let value = wire::read(answer).await?;
        let says = |word: &str| {
            let errors = value["errors"].as_array();
            let mut errors = errors.into_iter().flatten().filter_map(Value::as_str);
            errors.any(|error| error.contains(word))
        };
        match status {
            status if status.is_success() => Ok(Some(value)),
            // KV 2 tells of a version that it no longer hands out. To write over it one would have to know that.
            StatusCode::NOT_FOUND if value["data"]["metadata"]["version"].is_u64() => {
                Err(Fault::Other(DELETED.to_owned()))
            }
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::SERVICE_UNAVAILABLE if says("sealed") => Err(Fault::Sealed),
            StatusCode::BAD_REQUEST if says("check-and-set") => Err(Fault::Conflict),
            status => {
                // A token keeps the policies of its day. Who is given more signs in anew.
                if status == StatusCode::FORBIDDEN {
                    tokens::forget(token);
                }
                Err(Fault::of_status(status.as_u16(), takes))
            }
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
