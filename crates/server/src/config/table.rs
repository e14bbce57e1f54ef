//! `concierge.toml`: sections and keys turned into the texts the settings are read from.

use std::{collections::BTreeMap, path::Path};

use toml::{Table, Value};

use super::{Finding, nearest::suggestion, settings::SETTINGS};

/// The values of the known keys. Unknown keys, wrong kinds and broken TOML become findings; none
/// of them quotes the file, which may hold a password.
pub(super) fn read(
    path: &Path,
    text: &str,
    findings: &mut Vec<Finding>,
) -> BTreeMap<&'static str, String> {
    let mut values = BTreeMap::new();
    let table = match text.parse::<Table>() {
        Ok(table) => table,
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            findings.push(Finding::error(
                "concierge.toml",
                format!("{}, line {line}", path.display()),
                format!("the file is not valid TOML: {}", error.message()),
                "mend that line; strings stand in double quotes",
            ));
            return values;
        }
    };
    for (name, value) in flattened(table) {
        let known = SETTINGS.iter().filter_map(|setting| setting.key);
        match (known.clone().find(|key| *key == name), as_text(&value)) {
            (Some(key), Some(text)) => {
                values.insert(key, text);
            }
            (Some(_), None) => findings.push(Finding::error(
                &name,
                path.display(),
                "the value has the wrong kind",
                format!("write {name} as text in double quotes"),
            )),
            (None, _) => findings.push(Finding::error(
                &name,
                path.display(),
                "there is no such key",
                suggestion(&name, known),
            )),
        }
    }
    values
}

fn flattened(table: Table) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (section, value) in table {
        match value {
            Value::Table(inner) => flat.extend(
                inner
                    .into_iter()
                    .map(|(key, value)| (format!("{section}.{key}"), value)),
            ),
            other => flat.push((section, other)),
        }
    }
    flat
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(true) => Some("on".to_owned()),
        Value::Boolean(false) => Some("off".to_owned()),
        Value::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(as_text).collect();
            texts.map(|texts| texts.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (BTreeMap<&'static str, String>, Vec<Finding>) {
        let mut findings = Vec::new();
        let values = read(Path::new("concierge.toml"), text, &mut findings);
        (values, findings)
    }

    #[test]
    fn text_numbers_switches_and_lists_are_taken() {
        let (values, findings) = parsed(
            "environment = \"test\"\n[server]\ntrusted_proxies = [\"10.0.0.1\", \"::1\"]\n\
             address_limit_factor = 5\n[database]\nmigrate = false\n",
        );
        assert_eq!(findings, []);
        assert_eq!(values["environment"], "test");
        assert_eq!(values["server.trusted_proxies"], "10.0.0.1,::1");
        assert_eq!(values["server.address_limit_factor"], "5");
        assert_eq!(values["database.migrate"], "off");
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_near_name() {
        let (_, findings) = parsed("[server]\nlissten = \"x\"\n[keys]\njwt_secret = \"y\"\n");
        let text = findings.iter().map(ToString::to_string).collect::<String>();
        assert!(text.contains("did you mean `server.listen`"), "{text}");
        assert!(text.contains("keys.jwt_secret"), "{text}");
    }

    #[test]
    fn broken_toml_names_its_line_and_shows_nothing_of_it() {
        let (_, findings) = parsed("[database]\nurl = \"postgres://u:hunter2@h/x\n");
        assert!(findings[0].source.ends_with("line 2"), "{:?}", findings[0]);
        assert!(!findings[0].to_string().contains("hunter2"));
    }

    #[test]
    fn a_wrong_kind_is_refused() {
        let (_, findings) = parsed("[server]\nlisten = 1.5\n");
        assert!(findings[0].message.contains("wrong kind"));
    }
}
