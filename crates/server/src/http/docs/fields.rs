//! Fields of the wire types, read from their JSON schemas: what a reader of the documents needs of each.

use serde_json::{Map, Value};

/// Where the documents keep named schemas.
pub(super) const COMPONENTS: &str = "#/components/schemas/";

/// A choice of more values than these has a table of its own.
const MANY: usize = 4;

/// One field of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    /// In Markdown; names of other bodies are links.
    pub(super) kind: String,
    pub(super) is_required: bool,
    pub(super) meaning: String,
}

/// A body: one way to write it, or one of several.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) meaning: String,
    pub(super) fields: Vec<Field>,
}

/// The shapes a schema allows: one for an object, each variant for a choice.
pub(super) fn shapes(schema: &Value, named: &Map<String, Value>) -> Vec<Shape> {
    let schema = resolve(schema, named);
    match variants(schema) {
        Some(variants) => variants
            .iter()
            .flat_map(|variant| with_meaning(shapes(variant, named), variant))
            .collect(),
        None => vec![Shape {
            meaning: text(schema, "description"),
            fields: fields(schema, named),
        }],
    }
}

/// A variant's own description says more than that of the type behind it.
fn with_meaning(mut shapes: Vec<Shape>, variant: &Value) -> Vec<Shape> {
    let meaning = text(variant, "description");
    if let ([shape], false) = (shapes.as_mut_slice(), meaning.is_empty()) {
        shape.meaning = meaning;
    }
    shapes
}

/// Follows a reference to its definition.
pub(super) fn resolve<'a>(schema: &'a Value, named: &'a Map<String, Value>) -> &'a Value {
    reference(schema)
        .and_then(|name| named.get(name))
        .unwrap_or(schema)
}

/// The name a schema refers to.
pub(super) fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(COMPONENTS)
}

fn fields(schema: &Value, named: &Map<String, Value>) -> Vec<Field> {
    let required: Vec<&str> = schema["required"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let properties = schema["properties"].as_object();
    let mut fields: Vec<Field> = properties
        .into_iter()
        .flatten()
        .map(|(name, field)| Field {
            name: name.clone(),
            kind: kind(field, named),
            is_required: required.contains(&name.as_str()),
            meaning: text(field, "description").replace('\n', " "),
        })
        .collect();
    // What is needed comes first; the rest keeps its order.
    fields.sort_by_key(|field| !field.is_required);
    fields
}

/// A type in words.
pub(super) fn kind(schema: &Value, named: &Map<String, Value>) -> String {
    if let Some(value) = schema["const"].as_str() {
        return format!("`{value}`");
    }
    if let Some(name) = reference(schema) {
        let target = resolve(schema, named);
        return match (target["properties"].is_object(), is_long_choice(target)) {
            (true, _) => format!("[{name}](#{})", name.to_lowercase()),
            (_, true) => format!(
                "one of the [{0}](#{1})",
                plural(name),
                plural(name).replace(' ', "-")
            ),
            _ => kind(target, named),
        };
    }
    if let Some(choices) = variants(schema).or_else(|| schema["enum"].as_array()) {
        let words: Vec<String> = choices
            .iter()
            .filter_map(|one| choice(one, named))
            .collect();
        return words.join(" or ");
    }
    match name_of_type(schema) {
        Some("array") => format!("list of {}", kind(&schema["items"], named)),
        Some("string") => string(schema),
        Some(name) => name.to_owned(),
        None => "any".to_owned(),
    }
}

/// Whether this is a choice of more values than a line takes.
pub(super) fn is_long_choice(schema: &Value) -> bool {
    let is_value = |choice: &Value| choice["const"].is_string();
    variants(schema).is_some_and(|choices| choices.len() > MANY && choices.iter().all(is_value))
}

/// The heading of a choice's own table, such as `Error codes`.
pub(super) fn heading(name: &str) -> String {
    let words = plural(name);
    let (first, rest) = words.split_at(1);
    first.to_uppercase() + rest
}

/// Such as `error codes` for `ErrorCode`.
fn plural(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words + "s"
}

/// One of several; nothing for `null`, which the documents call "not required".
fn choice(schema: &Value, named: &Map<String, Value>) -> Option<String> {
    match schema {
        Value::String(value) => Some(format!("`{value}`")),
        Value::Null => None,
        _ if schema["type"] == "null" => None,
        _ => Some(kind(schema, named)),
    }
}

fn string(schema: &Value) -> String {
    let prefix = schema["pattern"]
        .as_str()
        .and_then(|pattern| pattern.strip_prefix('^')?.split_once('['));
    match (schema["format"].as_str(), prefix) {
        (Some("date-time"), _) => "time (RFC 3339)".to_owned(),
        (_, Some((prefix, _))) => format!("id, `{prefix}...`"),
        _ => "string".to_owned(),
    }
}

fn name_of_type(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null"),
        name => name.as_str(),
    }
}

fn variants(schema: &Value) -> Option<&Vec<Value>> {
    schema["anyOf"]
        .as_array()
        .or_else(|| schema["oneOf"].as_array())
}

/// A text member of a schema, or nothing.
pub(super) fn text(schema: &Value, name: &str) -> String {
    schema[name].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named() -> Map<String, Value> {
        let named = json!({
            "Locale": { "oneOf": [{ "type": "string", "const": "en" }, { "type": "string", "const": "fr" }] },
            "View": { "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] },
        });
        named.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn types_in_words_by_table() {
        let table = [
            (json!({ "type": ["string", "null"] }), "string"),
            (
                json!({ "type": "string", "format": "date-time" }),
                "time (RFC 3339)",
            ),
            (
                json!({ "type": "string", "pattern": "^acc_[0-9a-f]{32}$" }),
                "id, `acc_...`",
            ),
            (
                json!({ "anyOf": [{ "$ref": "#/components/schemas/Locale" }, { "type": "null" }] }),
                "`en` or `fr`",
            ),
            (
                json!({ "$ref": "#/components/schemas/View" }),
                "[View](#view)",
            ),
            (
                json!({ "type": "array", "items": { "type": "integer" } }),
                "list of integer",
            ),
        ];
        for (schema, expected) in table {
            assert_eq!(kind(&schema, &named()), expected, "{schema}");
        }
    }

    #[test]
    fn a_long_choice_leads_to_its_table() {
        let choices: Vec<Value> = (0..=MANY)
            .map(|at| json!({ "const": at.to_string() }))
            .collect();
        let mut named = Map::new();
        named.insert("BellSound".to_owned(), json!({ "oneOf": choices }));
        let schema = json!({ "$ref": "#/components/schemas/BellSound" });
        assert_eq!(
            kind(&schema, &named),
            "one of the [bell sounds](#bell-sounds)"
        );
    }

    #[test]
    fn a_choice_gives_each_of_its_shapes() {
        let schema = json!({ "anyOf": [
            { "description": "Here.", "$ref": "#/components/schemas/View" },
            { "type": "object", "description": "There." },
        ] });
        let shapes = shapes(&schema, &named());
        let meanings: Vec<&str> = shapes.iter().map(|shape| shape.meaning.as_str()).collect();
        assert_eq!(meanings, ["Here.", "There."]);
        assert_eq!(shapes[0].fields[0].name, "id");
        assert!(shapes[0].fields[0].is_required);
    }
}
