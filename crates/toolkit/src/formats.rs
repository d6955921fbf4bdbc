//! Formats in schemas: those that only name a Rust type are taken out. JSON Schema has formats for texts alone, and clients
//! warn of each one that they do not know.

use schemars::Schema;

/// Takes the format of a schema away, unless it is one of a text.
pub(crate) fn only_of_texts(schema: &mut Schema) {
    let is_text = match schema.get("type") {
        Some(serde_json::Value::Array(types)) => types.iter().any(|kind| kind == "string"),
        Some(kind) => kind == "string",
        None => true,
    };
    if !is_text {
        schema.remove("format");
    }
}

#[cfg(test)]
mod tests {
    use schemars::json_schema;
    use serde_json::json;

    use super::only_of_texts;

    #[test]
    fn only_a_text_keeps_its_format() {
        let check = |kind: serde_json::Value, expected: bool| {
            let mut schema = json_schema!({ "type": kind, "format": "any" });
            only_of_texts(&mut schema);
            assert_eq!(schema.get("format").is_some(), expected, "{schema:?}");
        };
        check(json!("integer"), false);
        check(json!(["number", "null"]), false);
        check(json!("string"), true);
        check(json!(["string", "null"]), true);
    }
}
