//! The arguments of a field as the schema of a tool's arguments. They travel as variables, never as text of a query.

use serde_json::{Map, Value, json};

use super::types::{Argument, Kind, Reference, Schema};
use crate::tool::cut;

/// Levels of input objects. Some schemas filter by filters of filters without end.
const DEPTH_MAX: usize = 5;

/// Letters of a note at an argument.
const NOTE_LETTERS_MAX: usize = 300;

/// The schemas of `arguments` by name.
pub(super) fn properties(schema: &Schema, arguments: &[Argument]) -> Map<String, Value> {
    let mut trail = Vec::new();
    arguments.iter().map(|argument| (argument.name.clone(), described(schema, argument, &mut trail))).collect()
}

/// The names of those that have to be given.
pub(super) fn required(arguments: &[Argument]) -> Vec<String> {
    arguments.iter().filter(|argument| argument.is_required()).map(|argument| argument.name.clone()).collect()
}

fn described<'s>(schema: &'s Schema, argument: &'s Argument, trail: &mut Vec<&'s str>) -> Value {
    let mut value = of_reference(schema, &argument.of, trail);
    let note = cut(argument.description.as_deref().unwrap_or_default().trim(), NOTE_LETTERS_MAX);
    let default = argument.default_value.as_ref().map(|default| format!(" Default {}.", cut(default, 80)));
    let note = note + &default.unwrap_or_default();
    if !note.is_empty() {
        value["description"] = note.trim_start().into();
    }
    value
}

fn of_reference<'s>(schema: &'s Schema, of: &'s Reference, trail: &mut Vec<&'s str>) -> Value {
    let mut value = match of.item() {
        Some(item) => json!({ "type": "array", "items": of_reference(schema, item, trail) }),
        None => of_name(schema, of.bare(), trail),
    };
    if !of.is_never_null() {
        allow_null(&mut value);
    }
    value
}

fn of_name<'s>(schema: &'s Schema, name: &'s str, trail: &mut Vec<&'s str>) -> Value {
    match name {
        "Int" => return json!({ "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX }),
        "Float" => return json!({ "type": "number" }),
        "String" => return json!({ "type": "string" }),
        "Boolean" => return json!({ "type": "boolean" }),
        "ID" => return json!({ "type": ["string", "integer"] }),
        _ => {}
    }
    let Some(of) = schema.of(name) else { return json!({}) };
    match of.kind {
        Kind::Enum => {
            let choices: Vec<&str> = of.enum_values.iter().map(|value| value.name.as_str()).collect();
            json!({ "type": "string", "enum": choices })
        }
        Kind::InputObject if trail.contains(&name) || trail.len() >= DEPTH_MAX => {
            json!({ "type": "object", "description": format!("another {name}, left out of this description") })
        }
        Kind::InputObject => {
            trail.push(name);
            let fields = of.input_fields.iter();
            let properties: Map<String, Value> =
                fields.map(|field| (field.name.clone(), described(schema, field, trail))).collect();
            trail.pop();
            json!({
                "type": "object",
                "properties": properties,
                "required": required(&of.input_fields),
                "additionalProperties": false,
            })
        }
        _ => json!({ "description": format!("a value of the scalar {name}") }),
    }
}

fn allow_null(value: &mut Value) {
    match &mut value["type"] {
        Value::String(only) => value["type"] = json!([only, "null"]),
        Value::Array(types) => types.push("null".into()),
        _ => {
            if let Some(keywords) = value.as_object_mut() {
                keywords.remove("type");
            }
        }
    }
    if let Some(choices) = value.get_mut("enum").and_then(Value::as_array_mut) {
        choices.push(Value::Null);
    }
}
