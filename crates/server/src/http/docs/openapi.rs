//! The OpenAPI 3.1 document.

use concierge_core::{
    api::{Form, Method, TARGET},
    catalogue::{self, Entry},
    problem::{ErrorCode, Problem},
};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{StatusOf, UNTYPED, Untyped, all_errors, fields::resolve, needs_session};

/// An endpoint with the schemas of its bodies.
pub(super) struct Described {
    pub(super) entry: Entry,
    pub(super) request: Value,
    pub(super) response: Value,
}

/// Every endpoint, and the named schemas they refer to.
pub(super) struct Catalogue {
    pub(super) endpoints: Vec<Described>,
    pub(super) schemas: Map<String, Value>,
}

/// Collects the schemas of all wire types.
pub(super) fn describe() -> Catalogue {
    let mut generator: SchemaGenerator = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let endpoints = catalogue::all()
        .into_iter()
        .map(|entry| Described {
            request: (entry.request_schema)(&mut generator).to_value(),
            response: (entry.response_schema)(&mut generator).to_value(),
            entry,
        })
        .collect();
    let _ = generator.subschema_for::<Problem>();
    let schemas = generator.take_definitions(true);
    Catalogue { endpoints, schemas }
}

/// The OpenAPI 3.1 document of the whole API.
pub fn openapi(status_of: StatusOf) -> Value {
    let catalogue = describe();
    let mut paths = Map::new();
    for described in &catalogue.endpoints {
        let operation = operation(described, &catalogue.schemas, status_of);
        let method = described.entry.method.as_str();
        add(&mut paths, described.entry.path, method, operation);
    }
    for route in &UNTYPED {
        add(&mut paths, route.path, route.method, untyped(route));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Concierge",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Accounts, sign-in and sessions of a self-hosted house.",
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": catalogue.schemas,
            "securitySchemes": {
                "cookie": { "type": "apiKey", "in": "cookie", "name": "__Host-at" },
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
        },
    })
}

fn add(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    let item = paths.entry(path).or_insert_with(|| json!({}));
    item[method.to_lowercase()] = operation;
}

fn operation(described: &Described, schemas: &Map<String, Value>, status_of: StatusOf) -> Value {
    let entry = &described.entry;
    let security = match needs_session(entry) {
        true => json!([{ "cookie": [] }, { "bearer": [] }]),
        false => json!([]),
    };
    let mut operation = json!({
        "operationId": operation_id(entry.method.as_str(), entry.path),
        "summary": entry.summary,
        "security": security,
        "responses": responses(described, status_of),
    });
    let parameters = parameters(described, schemas);
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if entry.has_request && entry.method != Method::Get {
        operation["requestBody"] = request_body(described, schemas);
    }
    operation
}

/// The path's `{id}`, and what a GET takes in its query.
fn parameters(described: &Described, schemas: &Map<String, Value>) -> Vec<Value> {
    let entry = &described.entry;
    let mut parameters = Vec::new();
    if entry.path.contains(TARGET) {
        parameters.push(json!({
            "name": "id", "in": "path", "required": true, "schema": { "type": "string" },
        }));
    }
    if entry.has_request && entry.method == Method::Get {
        let schema = resolve(&described.request, schemas);
        let properties = schema["properties"].as_object().into_iter().flatten();
        parameters.extend(properties.map(|(name, schema)| {
            json!({ "name": name, "in": "query", "required": false, "schema": schema })
        }));
    }
    parameters
}

fn responses(described: &Described, status_of: StatusOf) -> Value {
    let entry = &described.entry;
    let mut success = json!({ "description": "Done." });
    if entry.has_response {
        success["content"] = json!({ "application/json": { "schema": described.response } });
    }
    let mut responses = Map::new();
    responses.insert(entry.success.to_string(), success);
    if entry.form.is_some() {
        let description = "The answer to a form, done or failed: on to `next`, or back to the form's page with `code`.";
        responses.insert("303".to_owned(), json!({ "description": description }));
    }
    for (status, codes) in all_errors(entry, status_of) {
        responses.insert(status.to_string(), problem(&codes));
    }
    Value::Object(responses)
}

fn problem(codes: &[ErrorCode]) -> Value {
    let names: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`", code.as_str()))
        .collect();
    json!({
        "description": names.join(", "),
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    })
}

fn request_body(described: &Described, schemas: &Map<String, Value>) -> Value {
    let schema = resolve(&described.request, schemas);
    let mut content = json!({ "application/json": { "schema": described.request } });
    if let Some(form) = &described.entry.form {
        content["application/x-www-form-urlencoded"] =
            json!({ "schema": form_schema(schema, form) });
    }
    let is_required = schema["required"]
        .as_array()
        .is_some_and(|names| !names.is_empty());
    json!({ "required": is_required, "content": content })
}

/// The same fields as a form sends them: check boxes are `on` or absent, and a hidden `next` may come along.
fn form_schema(schema: &Value, form: &Form) -> Value {
    let mut schema = schema.clone();
    for flag in form.flags {
        schema["properties"][*flag] = json!({ "type": "string", "const": "on" });
    }
    schema["properties"]["next"] = json!({
        "type": "string",
        "description": "The path to go to afterwards; anything but a path of this site is ignored.",
    });
    schema
}

fn untyped(route: &Untyped) -> Value {
    let responses: Map<String, Value> = route
        .answers
        .iter()
        .map(|(status, meaning)| (status.to_string(), json!({ "description": meaning })))
        .collect();
    json!({
        "operationId": operation_id(route.method, route.path),
        "summary": route.summary,
        "description": format!("Who: {}.", route.access),
        "security": [],
        "responses": responses,
    })
}

/// Such as `post_auth_login`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty() && *word != "api");
    std::iter::once(method.to_lowercase())
        .chain(words.map(str::to_owned))
        .collect::<Vec<_>>()
        .join("_")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn document() -> Value {
        openapi(crate::http::error::status_of)
    }

    fn operations(document: &Value) -> Vec<Value> {
        let paths = document["paths"].as_object().into_iter().flatten();
        paths
            .flat_map(|(_, item)| item.as_object().into_iter().flatten())
            .map(|(_, operation)| operation.clone())
            .collect()
    }

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member.as_str() {
                        Some(target) if name == "$ref" => drop(found.insert(target.to_owned())),
                        _ => references(member, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_endpoint_and_route_is_listed() {
        let document = document();
        for entry in catalogue::all() {
            let operation = &document["paths"][entry.path][entry.method.as_str().to_lowercase()];
            assert_eq!(operation["summary"], entry.summary, "{}", entry.path);
        }
        for route in &UNTYPED {
            let operation = &document["paths"][route.path][route.method.to_lowercase()];
            assert_eq!(operation["summary"], route.summary, "{}", route.path);
        }
        assert_eq!(
            operations(&document).len(),
            catalogue::all().len() + UNTYPED.len()
        );
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.contains("#/components/schemas/Problem"));
        for target in found {
            let pointer = target.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{target}");
        }
    }

    #[test]
    fn every_operation_can_succeed_and_has_its_own_id() {
        let document = document();
        let mut ids = BTreeSet::new();
        for operation in operations(&document) {
            let responses = operation["responses"].as_object().expect("an object");
            assert!(
                // A WebSocket succeeds with "101 Switching Protocols".
                responses
                    .keys()
                    .any(|status| status.starts_with('2') || status == "101"),
                "{operation}"
            );
            assert!(
                ids.insert(operation["operationId"].to_string()),
                "{operation}"
            );
        }
    }

    #[test]
    fn a_form_sends_check_boxes_as_on_and_may_name_the_next_page() {
        let document = document();
        let content = &document["paths"]["/api/auth/login"]["post"]["requestBody"]["content"];
        let form = &content["application/x-www-form-urlencoded"]["schema"]["properties"];
        assert_eq!(form["remember"]["const"], "on");
        assert_eq!(form["next"]["type"], "string");
    }
}
