//! `docs/configuration.md`, made from the table of settings.

use std::fmt::Write as _;

use super::settings::{Preset, SETTINGS, Section, Setting};

const HEAD: &str = "\
# Configuration

This page is written by the program: `concierge config docs > docs/configuration.md`.

Concierge needs no configuration to be tried. Where a setting is given more than once, the later of
these counts: its default, `concierge.toml`, a `.env` file, the process environment, a command-line flag.

- `concierge.toml` is read from the working directory, or from where `--config` or `CONCIERGE_CONFIG` points.
- `.env` is read from the working directory in development only. Elsewhere name it with `--env-file` or
  `CONCIERGE_ENV_FILE`; in staging and production it must have mode 0600. It is read literally: no
  substitution, no escapes, no comments behind a value, one pair of quotes taken off.
- An empty value counts as not set.
- A key in `concierge.toml` or a `CONCIERGE_*` variable that is not on this page is an error.
- Secrets (marked *secret*) can also stand in a file: `JWT_SECRET_FILE=/run/secrets/jwt` and so on, or in a
  systemd credential of the same name, such as `JWT_SECRET`. Staging and production refuse a file that others can read.
- Keys are looked for in this order: file or systemd credential, process environment, `.env`, keyring
  file, key store. Two places with different keys are refused.
- The keyring file may be encrypted (`concierge key encrypt`). Its passphrase comes from the file that
  `CONCIERGE_KEYRING_PASSPHRASE_FILE` names or from the systemd credential `keyring-passphrase`.

`concierge config check` shows everything that is wrong at once, each with its remedy; `concierge config explain`
shows each value with its source, secrets masked. Durations are written `500ms`, `90s`, `10m`, `1h`, `30d`.
";

const EXAMPLE: &str = "
## Example

```toml
# concierge.toml
environment = \"production\"

[server]
public_url = \"https://id.example.org\"
trusted_proxies = [\"127.0.0.1\"]

[account]
registration = \"closed\"
```
";

/// The whole page.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    for section in Section::ALL {
        page += &format!("\n## {}\n\n", section.title());
        page += "| variable | in `concierge.toml` | default | |\n|---|---|---|---|\n";
        for setting in SETTINGS.iter().filter(|one| one.section == section) {
            page += &row(setting);
        }
    }
    page + EXAMPLE
}

fn row(setting: &Setting) -> String {
    let key = setting.key.map_or("—".to_owned(), |key| format!("`{key}`"));
    let mut help = setting.help.to_owned();
    if setting.secret {
        help += " *secret*";
    }
    if let Some(flag) = setting.flag {
        // Writing to a String cannot fail.
        let _ = write!(help, " Flag: `{flag}`.");
    }
    format!(
        "| `{}` | {key} | {} | {help} |\n",
        setting.variable,
        default(setting)
    )
}

fn default(setting: &Setting) -> String {
    match setting.preset {
        Preset::Unset => "not set".to_owned(),
        Preset::Fixed(text) => format!("`{text}`"),
        Preset::Derived(how) => how.to_owned(),
        Preset::ByEnvironment([development, test, staging, production]) => {
            if development == test && test == staging {
                format!("`{development}`; production `{production}`")
            } else {
                format!(
                    "`{development}` in development and test; `{production}` in staging and production"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == markdown(),
            "docs/configuration.md is stale: cargo run -- config docs > docs/configuration.md"
        );
    }

    #[test]
    fn every_setting_has_a_row() {
        let page = markdown();
        for setting in SETTINGS {
            assert!(page.contains(&format!("| `{}` |", setting.variable)));
        }
    }
}
