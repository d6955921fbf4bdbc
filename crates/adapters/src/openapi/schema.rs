//! Schemas of a document as schemas of a tool: references put in place, dialects made one, size bounded.
//!
//! A tool's schema holds no `$ref`, because not every client can follow one. Where a schema contains itself, is too
//! deep or too large, it is cut there: what is left accepts anything, and the API checks it.

use serde_json::{Map, Value, json};

use super::reference::{self, ReferenceError};
use crate::tool::cut;

/// Levels of a schema. Models do not fill deeper arguments, and every level may multiply the size.
const DEPTH_MAX: usize = 12;

/// Schemas within one schema of a tool.
const NODES_MAX: usize = 1_000;

/// Letters of the description of one property.
const NOTE_LETTERS_MAX: usize = 300;

/// Keywords that mean the same in every dialect and need no look inside. `pattern` is not among them: documents hold
/// regular expressions of every dialect, and clients refuse a whole tool for one that they cannot compile.
const PLAIN_KEYWORDS: [&str; 15] = [
    "title",
    "enum",
    "const",
    "default",
    "format",
    "minimum",
    "maximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contentEncoding",
    "contentMediaType",
];

/// Which way the values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Arguments: exact, so that mistakes are found before anything is sent.
    Input,
    /// Results: only what an API is unlikely to break, because clients refuse a whole result for one broken promise.
    Output,
}

/// The schema of arguments that `schema` describes.
pub(crate) fn input(root: &Value, schema: &Value) -> Result<Value, ReferenceError> {
    Walk::new(root, Side::Input).schema(schema, 0)
}

/// The schema of results that `schema` describes; none where it cannot be followed or is too large.
pub(crate) fn output(root: &Value, schema: &Value) -> Option<Value> {
    let mut walk = Walk::new(root, Side::Output);
    let schema = walk.schema(schema, 0).ok()?;
    (walk.nodes <= NODES_MAX).then_some(schema)
}

/// A way through a schema and all that it refers to.
struct Walk<'d> {
    root: &'d Value,
    side: Side,
    /// The references that lead here.
    trail: Vec<&'d str>,
    nodes: usize,
}

impl<'d> Walk<'d> {
    fn new(root: &'d Value, side: Side) -> Self {
        Self { root, side, trail: Vec::new(), nodes: 0 }
    }

    fn schema(&mut self, schema: &'d Value, depth: usize) -> Result<Value, ReferenceError> {
        let Some(keywords) = schema.as_object() else { return Ok(json!({})) };
        self.nodes += 1;
        if depth > DEPTH_MAX || self.nodes > NODES_MAX {
            return Ok(anything("left out of this description: too large"));
        }
        match keywords.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.referred(reference, keywords, depth),
            None => self.keywords(keywords, depth),
        }
    }

    fn referred(
        &mut self,
        reference: &'d str,
        siblings: &'d Map<String, Value>,
        depth: usize,
    ) -> Result<Value, ReferenceError> {
        if self.trail.contains(&reference) {
            let name = reference.rsplit('/').next().unwrap_or(reference);
            return Ok(anything(&format!("another {name}, left out of this description")));
        }
        let target = reference::target(self.root, reference)?;
        self.trail.push(reference);
        let found = self.schema(target, depth);
        self.trail.pop();
        let mut found = found?;
        if let (Some(note), Some(keywords)) = (siblings.get("description"), found.as_object_mut()) {
            keywords.insert("description".to_owned(), shortened(note));
        }
        Ok(found)
    }

    fn keywords(&mut self, keywords: &'d Map<String, Value>, depth: usize) -> Result<Value, ReferenceError> {
        let mut read = Map::new();
        for (keyword, value) in keywords {
            match keyword.as_str() {
                "type" => drop(read.insert(keyword.clone(), value.clone())),
                "description" => drop(read.insert(keyword.clone(), shortened(value))),
                "properties" => drop(read.insert(keyword.clone(), self.properties(value, depth)?)),
                "items" => drop(read.insert(keyword.clone(), self.schema(value, depth + 1)?)),
                "allOf" | "anyOf" => drop(read.insert(keyword.clone(), self.list(value, depth)?)),
                // Exactly one: what fits two forms of a loose schema is still a right result.
                "oneOf" => drop(read.insert("anyOf".to_owned(), self.list(value, depth)?)),
                "additionalProperties" if value.is_object() => {
                    read.insert(keyword.clone(), self.schema(value, depth + 1)?);
                }
                "additionalProperties" | "required" if self.side == Side::Input => {
                    read.insert(keyword.clone(), value.clone());
                }
                plain if self.side == Side::Input && PLAIN_KEYWORDS.contains(&plain) => {
                    read.insert(keyword.clone(), value.clone());
                }
                _ => {}
            }
        }
        exclusive_bounds(keywords, &mut read);
        let is_nullable = keywords.get("nullable") == Some(&Value::Bool(true)) || self.side == Side::Output;
        if is_nullable {
            allow_null(&mut read);
        }
        drop_unknown_required(&mut read);
        Ok(read.into())
    }

    /// The properties that go this way: what the API alone sets is no argument, what it never shows no result.
    fn properties(&mut self, properties: &'d Value, depth: usize) -> Result<Value, ReferenceError> {
        let other_way = if self.side == Side::Input { "readOnly" } else { "writeOnly" };
        let mut read = Map::new();
        for (name, schema) in properties.as_object().into_iter().flatten() {
            let resolved = reference::resolve(self.root, schema)?;
            if resolved[other_way] != true && schema[other_way] != true {
                read.insert(name.clone(), self.schema(schema, depth + 1)?);
            }
        }
        Ok(read.into())
    }

    fn list(&mut self, schemas: &'d Value, depth: usize) -> Result<Value, ReferenceError> {
        schemas.as_array().into_iter().flatten().map(|schema| self.schema(schema, depth + 1)).collect()
    }
}

/// An object whose parts come from `allOf`, as one object; anything else as it is.
pub(crate) fn joined(schema: Value) -> Value {
    let Some(parts) = schema["allOf"].as_array() else { return schema };
    let parts: Vec<Value> = parts.iter().cloned().map(joined).collect();
    if !parts.iter().all(|part| part["properties"].is_object()) {
        return schema;
    }
    let mut whole = schema.clone();
    let mut properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let mut required = schema["required"].as_array().cloned().unwrap_or_default();
    for part in &parts {
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    if let Some(keywords) = whole.as_object_mut() {
        keywords.remove("allOf");
        keywords.insert("type".to_owned(), "object".into());
        keywords.insert("properties".to_owned(), properties.into());
        keywords.insert("required".to_owned(), required.into());
    }
    whole
}

fn anything(note: &str) -> Value {
    json!({ "description": note })
}

fn shortened(note: &Value) -> Value {
    cut(note.as_str().unwrap_or_default(), NOTE_LETTERS_MAX).into()
}

/// In 3.0 `exclusiveMinimum` is a flag beside `minimum`; since 3.1 it is the bound itself.
fn exclusive_bounds(keywords: &Map<String, Value>, read: &mut Map<String, Value>) {
    for (exclusive, inclusive) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match keywords.get(exclusive) {
            Some(Value::Bool(true)) => {
                if let Some(bound) = read.remove(inclusive) {
                    read.insert(exclusive.to_owned(), bound);
                }
            }
            Some(bound @ Value::Number(_)) if read.contains_key("type") => {
                read.insert(exclusive.to_owned(), bound.clone());
            }
            _ => {}
        }
    }
}

fn allow_null(read: &mut Map<String, Value>) {
    match read.get_mut("type") {
        Some(Value::String(only)) => {
            let both = json!([only, "null"]);
            read.insert("type".to_owned(), both);
        }
        Some(Value::Array(types)) if !types.contains(&"null".into()) => types.push("null".into()),
        _ => {}
    }
    if let Some(Value::Array(choices)) = read.get_mut("enum")
        && !choices.contains(&Value::Null)
    {
        choices.push(Value::Null);
    }
}

fn drop_unknown_required(read: &mut Map<String, Value>) {
    let Some(known) = read.get("properties").and_then(Value::as_object).cloned() else { return };
    if let Some(Value::Array(required)) = read.get_mut("required") {
        required.retain(|name| name.as_str().is_some_and(|name| known.contains_key(name)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> Value {
        json!({ "components": { "schemas": {
            "Name": { "type": "string", "maxLength": 9, "pattern": "(?i)x", "example": "Rex", "x-order": 1 },
            "Node": { "type": "object", "properties": {
                "name": { "$ref": "#/components/schemas/Name" },
                "next": { "$ref": "#/components/schemas/Node" },
            } },
            "Pet": { "type": "object", "required": ["id", "name", "key"], "properties": {
                "id": { "type": "integer", "readOnly": true },
                "name": { "type": "string" },
                "key": { "type": "string", "writeOnly": true },
            } },
            "Wide": { "type": "object", "properties": {
                "a": { "$ref": "#/components/schemas/Wide2" }, "b": { "$ref": "#/components/schemas/Wide2" } } },
            "Wide2": { "type": "array", "items": { "$ref": "#/components/schemas/Name" } },
        } } })
    }

    #[test]
    fn dialects_become_one() {
        for (schema, expected) in [
            (json!({ "$ref": "#/components/schemas/Name" }), json!({ "type": "string", "maxLength": 9 })),
            (json!({ "type": "string", "nullable": true }), json!({ "type": ["string", "null"] })),
            (
                json!({ "type": "string", "nullable": true, "enum": ["a"] }),
                json!({ "type": ["string", "null"], "enum": ["a", null] }),
            ),
            (
                json!({ "type": "number", "minimum": 0, "exclusiveMinimum": true }),
                json!({ "type": "number", "exclusiveMinimum": 0 }),
            ),
            (json!({ "type": "number", "exclusiveMinimum": 0 }), json!({ "type": "number", "exclusiveMinimum": 0 })),
            (
                json!({ "description": "who", "$ref": "#/components/schemas/Name" }),
                json!({ "type": "string", "maxLength": 9, "description": "who" }),
            ),
            (json!({ "oneOf": [{ "type": "string" }] }), json!({ "anyOf": [{ "type": "string" }] })),
            (json!(true), json!({})),
        ] {
            assert_eq!(input(&root(), &schema), Ok(expected), "{schema}");
        }
    }

    #[test]
    fn schema_that_contains_itself_is_cut_where_it_begins_again() {
        let cut = input(&root(), &json!({ "$ref": "#/components/schemas/Node" })).expect("the reference is local");
        assert_eq!(cut["properties"]["name"]["type"], "string");
        assert_eq!(cut["properties"]["next"], json!({ "description": "another Node, left out of this description" }));
    }

    #[test]
    fn properties_go_one_way() {
        let pet = json!({ "$ref": "#/components/schemas/Pet" });
        let given = input(&root(), &pet).expect("the reference is local");
        assert_eq!(given["required"], json!(["name", "key"]));
        assert!(given["properties"].get("id").is_none());
        let shown = output(&root(), &pet).expect("the schema is small");
        assert!(shown["properties"].get("key").is_none() && shown.get("required").is_none());
        assert_eq!(shown["properties"]["id"]["type"], json!(["integer", "null"]));
    }

    #[test]
    fn remote_reference_is_refused() {
        let schema = json!({ "type": "array", "items": { "$ref": "https://evil.example/a.json" } });
        assert!(matches!(input(&root(), &schema), Err(ReferenceError::Remote(_))));
    }

    #[test]
    fn schema_that_multiplies_is_cut() {
        let mut schemas = Map::new();
        for level in 0..10 {
            let next = json!({ "$ref": format!("#/s/{}", level + 1) });
            let properties: Map<String, Value> = (0..10).map(|name| (format!("p{name}"), next.clone())).collect();
            schemas.insert(level.to_string(), json!({ "type": "object", "properties": properties }));
        }
        schemas.insert("10".to_owned(), json!({ "type": "string" }));
        let root = json!({ "s": schemas });
        let bomb = json!({ "$ref": "#/s/0" });
        assert!(input(&root, &bomb).expect("the references are local").to_string().len() < 200_000);
        assert_eq!(output(&root, &bomb), None);
    }

    #[test]
    fn parts_of_one_object_are_joined() {
        let schema = json!({ "allOf": [
            { "properties": { "a": {} }, "required": ["a"] },
            { "properties": { "b": {} } },
        ] });
        let whole = joined(schema);
        assert_eq!((&whole["properties"], &whole["required"]), (&json!({ "a": {}, "b": {} }), &json!(["a"])));
        assert!(whole.get("allOf").is_none());
        let mixed = json!({ "allOf": [{ "type": "string" }] });
        assert_eq!(joined(mixed.clone()), mixed);
    }
}
