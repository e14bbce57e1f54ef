//! Which secret this is, in full: the copy of one never stands in for another of the same name on another server, in
//! another namespace, region or account.

use crate::config::{Environment, StoreKind, StoreSettings};

/// The secret the settings name, in words that no other secret has.
pub(super) fn identity(settings: &StoreSettings, environment: Environment) -> String {
    let kind = settings.kind;
    let server = match kind {
        StoreKind::Vault => {
            let address = settings.vault.address.as_deref().unwrap_or_default();
            let address = address.trim_end_matches('/').to_owned();
            vec![Some(address), settings.vault.namespace.clone()]
        }
        StoreKind::Aws => settings.aws.iter().map(of_aws).collect(),
        // The name is an address, and that of a vault is its own in the world. The tenant has it.
        StoreKind::Azure => vec![settings.azure.tenant.clone()],
        StoreKind::File | StoreKind::Env => Vec::new(),
    };
    let name = settings.name_in(kind, environment);
    // As Rust writes them: no part can look like two.
    format!("{:?}", (kind.as_str(), server, name))
}

/// An access key of a role is another one every hour and says nothing of the account.
fn of_aws((name, text): (&&'static str, &String)) -> Option<String> {
    let is_passing = *name == "AWS_ACCESS_KEY_ID" && text.starts_with("ASIA");
    (!is_passing).then(|| format!("{name}={text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AzureSettings, VaultSettings};

    fn vault(address: &str, namespace: Option<&str>) -> StoreSettings {
        StoreSettings {
            kind: StoreKind::Vault,
            vault: VaultSettings {
                address: Some(address.to_owned()),
                namespace: namespace.map(str::to_owned),
                ..VaultSettings::default()
            },
            ..StoreSettings::default()
        }
    }

    fn of(settings: &StoreSettings) -> String {
        identity(settings, Environment::Staging)
    }

    fn aws(name: &'static str, text: &str) -> StoreSettings {
        StoreSettings {
            kind: StoreKind::Aws,
            aws: [(name, text.to_owned())].into(),
            ..StoreSettings::default()
        }
    }

    #[test]
    fn a_secret_of_the_same_name_elsewhere_is_another_one() {
        let azure = |name: &str| StoreSettings {
            kind: StoreKind::Azure,
            name: Some(name.to_owned()),
            azure: AzureSettings::default(),
            ..StoreSettings::default()
        };
        let all = [
            of(&vault("https://a.invalid", None)),
            of(&vault("https://b.invalid", None)),
            of(&vault("https://a.invalid", Some("n"))),
            of(&aws("AWS_REGION", "eu-central-1")),
            of(&aws("AWS_REGION", "eu-west-1")),
            of(&aws("AWS_PROFILE", "eu-west-1")),
            of(&aws("AWS_ACCESS_KEY_ID", "AKIAONE")),
            of(&aws("AWS_ACCESS_KEY_ID", "AKIATWO")),
            of(&azure("https://a.vault.azure.net/secrets/x")),
            of(&azure("https://b.vault.azure.net/secrets/x")),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len(), "{all:#?}");
    }

    #[test]
    fn a_slash_more_and_the_next_key_of_a_role_are_the_same_secret() {
        let one = vault("https://a.invalid", None);
        assert_eq!(of(&one), of(&vault("https://a.invalid/", None)));
        let by = |key| of(&aws("AWS_ACCESS_KEY_ID", key));
        assert_eq!(by("ASIAONE"), by("ASIATWO"));
    }
}
