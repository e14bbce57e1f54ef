//! `docs/api.md`: each endpoint with its fields, answers, errors and a `curl` line.

use std::fmt::Write as _;

use concierge_core::{catalogue::Entry, problem::ErrorCode};
use serde_json::{Map, Value};

use super::{
    StatusOf, UNTYPED, Untyped, all_errors,
    fields::{Field, Shape, heading, is_long_choice, shapes, text},
    needs_session,
    openapi::{Described, describe},
};

/// What holds for every endpoint.
const INTRO: &str = include_str!("intro.md");

/// Where the `curl` lines lead: what `concierge serve` listens on when nothing is set.
const BASE: &str = "http://localhost:3000";

/// Endpoints that anybody may call, but that act on a session when one comes along.
const ACT_ON_SESSION: [&str; 2] = ["/api/auth/logout", "/api/auth/session"];

/// Placeholders of the examples, and the shell variables that stand in for them on the `curl` line.
const PLACEHOLDERS: [(&str, &str); 2] = [
    ("\"REFRESH_TOKEN\"", "\"'\"$REFRESH_TOKEN\"'\""),
    ("\"TOKEN\"", "\"'\"$SETUP_TOKEN\"'\""),
];

/// The whole document.
pub fn markdown(status_of: StatusOf) -> String {
    let catalogue = describe();
    let mut page = INTRO.to_owned();
    page += "\n## Endpoints\n";
    for described in &catalogue.endpoints {
        page += &endpoint(described, &catalogue.schemas, status_of);
    }
    page += "\n## Other routes\n";
    for route in &UNTYPED {
        page += &untyped(route);
    }
    page += "\n## Bodies\n\nParts that several bodies share.\n";
    for (name, schema) in shared(&catalogue.schemas) {
        let _ = write!(page, "\n### {name}\n\n{}\n\n", sentence(schema));
        for shape in shapes(schema, &catalogue.schemas) {
            page += &table(&shape.fields);
        }
    }
    page += &error_codes(&catalogue.schemas, status_of);
    for (name, schema) in choices(&catalogue.schemas) {
        page += &table_of_choices(name, schema);
    }
    page
}

fn endpoint(described: &Described, schemas: &Map<String, Value>, status_of: StatusOf) -> String {
    let entry = &described.entry;
    let mut part = format!(
        "\n### `{} {}`\n\n{}\n\n**Who**: {}.\n",
        entry.method.as_str(),
        entry.path,
        entry.summary,
        entry.access
    );
    if entry.has_request {
        part += &body("**Request**:\n", &shapes(&described.request, schemas));
    } else {
        part += "\n**Request**: no body.\n";
    }
    let heading = format!("**Answer**: {}", entry.success);
    if entry.has_response {
        part += &body(&(heading + ".\n"), &shapes(&described.response, schemas));
    } else {
        let _ = write!(part, "\n{heading}, no body.\n");
    }
    if let Some(form) = &entry.form {
        let _ = write!(
            part,
            "\n**Form**: 303 to `next` or `{}`; after a failure back to `{}`.\n",
            form.done, form.page
        );
    }
    let _ = write!(part, "\n**Errors**: {}.\n", errors(entry, status_of));
    let _ = write!(part, "\n```sh\n{}\n```\n", curl(entry));
    part
}

/// One table for a body with one shape, or a list of the shapes it may have.
fn body(heading: &str, shapes: &[Shape]) -> String {
    let mut part = format!("\n{heading}");
    for shape in shapes {
        if shapes.len() > 1 {
            let _ = write!(part, "\n{}\n", shape.meaning);
        }
        let _ = write!(part, "\n{}", table(&shape.fields));
    }
    part
}

fn table(fields: &[Field]) -> String {
    let mut table = "| field | type | needed | meaning |\n|---|---|---|---|\n".to_owned();
    for field in fields {
        let need = if field.is_required { "yes" } else { "no" };
        let meaning = field.meaning.replace('|', "\\|");
        let _ = writeln!(
            table,
            "| `{}` | {} | {need} | {meaning} |",
            field.name, field.kind
        );
    }
    table
}

fn errors(entry: &Entry, status_of: StatusOf) -> String {
    let by_status: Vec<String> = all_errors(entry, status_of)
        .into_iter()
        .map(|(status, codes)| {
            let codes: Vec<String> = codes
                .iter()
                .map(|code| format!("`{}`", code.as_str()))
                .collect();
            format!("{status} {}", codes.join(" "))
        })
        .collect();
    by_status.join(", ")
}

/// A line to paste into a shell.
fn curl(entry: &Entry) -> String {
    let mut line = "curl -i".to_owned();
    let method = entry.method.as_str();
    if method != "GET" {
        let _ = write!(line, " -X {method}");
    }
    let _ = write!(line, " {BASE}{}", entry.path);
    if needs_session(entry) || ACT_ON_SESSION.contains(&entry.path) {
        line += " -H \"Authorization: Bearer $TOKEN\"";
    }
    if !entry.example.is_empty() {
        let mut example = entry.example.to_owned();
        for (placeholder, variable) in PLACEHOLDERS {
            example = example.replace(placeholder, variable);
        }
        let _ = write!(line, " -H 'Content-Type: application/json' -d '{example}'");
    }
    line
}

fn untyped(route: &Untyped) -> String {
    let mut part = format!(
        "\n### `{} {}`\n\n{}\n\n**Who**: {}.\n\n| status | meaning |\n|---|---|\n",
        route.method, route.path, route.summary, route.access
    );
    for (status, meaning) in route.answers {
        let _ = writeln!(part, "| {status} | {meaning} |");
    }
    let line = format!("curl -i {} {BASE}{}", route.curl, route.path).replace("  ", " ");
    let _ = write!(part, "\n```sh\n{line}\n```\n");
    part
}

/// The objects that stand inside other bodies, and the problem that any answer may be.
fn shared(schemas: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let all: Vec<Shape> = schemas
        .values()
        .flat_map(|schema| shapes(schema, schemas))
        .collect();
    let is_linked = |name: &str| {
        let link = format!("](#{})", name.to_lowercase());
        let mut fields = all.iter().flat_map(|shape| &shape.fields);
        name == "Problem" || fields.any(|field| field.kind.contains(&link))
    };
    schemas
        .iter()
        .filter(|(name, schema)| schema["properties"].is_object() && is_linked(name))
        .collect()
}

fn error_codes(schemas: &Map<String, Value>, status_of: StatusOf) -> String {
    let mut part = "\n## Error codes\n\n| code | status | when |\n|---|---|---|\n".to_owned();
    for code in ErrorCode::ALL {
        let meaning = meaning_of(&schemas["ErrorCode"], code.as_str());
        let _ = writeln!(
            part,
            "| `{}` | {} | {meaning} |",
            code.as_str(),
            status_of(*code)
        );
    }
    part
}

/// The choices too long for a line, which fields link to; those of errors have a table with their status.
fn choices(schemas: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    schemas
        .iter()
        .filter(|(name, schema)| *name != "ErrorCode" && is_long_choice(schema))
}

fn table_of_choices(name: &str, schema: &Value) -> String {
    let heading = heading(name);
    let mut part = format!("\n## {heading}\n\n| code | when |\n|---|---|\n");
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        let _ = writeln!(
            part,
            "| `{}` | {} |",
            text(choice, "const"),
            sentence(choice)
        );
    }
    part
}

/// What the enum says of one of its values.
fn meaning_of(choices: &Value, value: &str) -> String {
    let mut choices = choices["oneOf"].as_array().into_iter().flatten();
    choices
        .find(|choice| choice["const"] == value)
        .map(sentence)
        .unwrap_or_default()
}

fn sentence(schema: &Value) -> String {
    text(schema, "description").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use concierge_core::catalogue;

    use super::*;
    use crate::http::error::status_of;

    #[test]
    fn the_committed_document_is_what_the_program_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == markdown(status_of),
            "docs/api.md is stale: run `cargo run -p concierge-server --example write_docs` and commit it"
        );
    }

    #[test]
    fn every_endpoint_has_its_section_and_its_curl_line() {
        let page = markdown(status_of);
        for entry in catalogue::all() {
            let heading = format!("### `{} {}`", entry.method.as_str(), entry.path);
            let section = page.split(&heading).nth(1).expect(entry.path);
            let section = section.split("\n### ").next().expect(entry.path);
            assert!(
                section.contains(&format!("{BASE}{}", entry.path)),
                "{}",
                entry.path
            );
            assert!(section.contains("**Errors**: 400"), "{}", entry.path);
        }
    }

    #[test]
    fn what_acts_on_a_session_is_an_endpoint() {
        for path in ACT_ON_SESSION {
            assert!(
                catalogue::all().iter().any(|entry| entry.path == path),
                "{path}"
            );
        }
    }

    #[test]
    fn no_example_breaks_out_of_its_quotes() {
        for entry in catalogue::all() {
            assert!(!entry.example.contains('\''), "{}", entry.path);
            assert_eq!(curl(&entry).matches('\'').count() % 2, 0, "{}", entry.path);
        }
    }

    #[test]
    fn every_code_is_explained() {
        let schemas = describe().schemas;
        for code in ErrorCode::ALL {
            assert_ne!(
                meaning_of(&schemas["ErrorCode"], code.as_str()),
                "",
                "{code:?}"
            );
        }
    }
}
