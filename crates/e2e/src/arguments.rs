//! Arguments made from a tool's schema: a plain sample, and samples in which one text is what a test wants it to be.

use serde_json::{Map, Value, json};

/// A value that fits, as plain as can be.
pub fn sample(schema: &Value) -> Value {
    if let Some(given) = schema.get("default").or(schema.get("const")).filter(|given| !given.is_null()) {
        return given.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(first) = alternatives(schema).next() {
        return sample(first);
    }
    match kind(schema) {
        "string" => json!("x"),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(false),
        "array" if schema["minItems"].as_u64().is_some_and(|items| items > 0) => json!([sample(&schema["items"])]),
        "array" => json!([]),
        "object" => Value::Object(required(schema)),
        _ => Value::Null,
    }
}

/// Values that fit but for one text in them, which is this one; each with the place where it stands.
pub fn with_text(schema: &Value, text: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    if kind(schema) == "string" || schema["enum"].is_array() {
        found.push((String::new(), json!(text)));
    }
    if let Some(items) = schema.get("items") {
        found.extend(with_text(items, text).into_iter().map(|(place, item)| (format!("[]{place}"), json!([item]))));
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        for (place, value) in with_text(property, text) {
            let mut object = required(schema);
            object.insert(name.clone(), value);
            found.push((format!(".{name}{place}"), Value::Object(object)));
        }
    }
    if let Some(others) = schema.get("additionalProperties").filter(|others| others.is_object()) {
        let values = with_text(others, text).into_iter();
        found.extend(values.map(|(place, value)| (format!(".*{place}"), json!({"name": value}))));
        found.push((".*".to_owned(), json!({text: sample(others)})));
    }
    found.extend(alternatives(schema).flat_map(|alternative| with_text(alternative, text)));
    found
}

/// What must be there, as plain as can be.
fn required(schema: &Value) -> Map<String, Value> {
    let names = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.map(|name| (name.to_owned(), sample(&schema["properties"][name]))).collect()
}

/// The type of a value, where it may also be nothing.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(one) => one,
        Value::Array(several) => several.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or(""),
        _ => "",
    }
}

fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["anyOf", "oneOf"].into_iter().filter_map(|name| schema[name].as_array());
    lists.flatten().filter(|alternative| alternative["type"] != "null")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_at_every_place_that_takes_one() {
        let schema = json!({
            "type": "object",
            "properties": {
                "path": {"type": "string"},
                "mode": {"oneOf": [{"const": "a", "type": "string"}, {"type": "null"}]},
                "names": {"type": ["array", "null"], "items": {"type": "string"}},
                "env": {"type": "object", "additionalProperties": {"type": "string"}},
                "edits": {"type": "array", "items": {"type": "object", "properties": {
                    "old": {"type": "string"}, "new": {"type": "string"}}, "required": ["old", "new"]}},
                "depth": {"type": "integer", "minimum": 2},
            },
            "required": ["path", "depth"],
        });
        assert_eq!(sample(&schema), json!({"path": "x", "depth": 2}));
        let mut found = with_text(&schema, "!");
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
        let expected = [".edits[].new", ".edits[].old", ".env.*", ".env.*", ".mode", ".names[]", ".path"];
        assert_eq!(places, expected);
        assert_eq!(found[1].1, json!({"path": "x", "depth": 2, "edits": [{"old": "!", "new": "x"}]}));
    }
}
