//! The earlier spelling of result fields, `created_at` as `createdAt`. Only fields that the tool declares in its
//! `outputSchema` are renamed: what stands under them, names of files and variables among it, is data.

use serde_json::{Map, Value};

/// Data with the fields that `schema` declares in camel case.
pub(super) fn renamed(data: Value, schema: &Value) -> Value {
    match data {
        Value::Array(items) => Value::Array(items.into_iter().map(|item| renamed(item, &schema["items"])).collect()),
        Value::Object(members) => {
            let declared = schema["properties"].as_object();
            let field = |(key, value): (String, Value)| match declared.and_then(|declared| declared.get(&key)) {
                Some(schema) => (camel(&key), renamed(value, schema)),
                None => (key, renamed(value, &schema["additionalProperties"])),
            };
            Value::Object(members.into_iter().map(field).collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |joined, word| {
        let mut letters = word.chars();
        let head = letters.next().map(|letter| letter.to_ascii_uppercase());
        joined + &head.into_iter().chain(letters).collect::<String>()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn declared_fields_are_renamed_and_data_is_not() {
        let file = json!({ "properties": { "size_bytes": {} } });
        let schema = json!({ "properties": {
            "created_at": {}, "all_files": { "items": file }, "by_name": { "additionalProperties": file },
        } });
        let data = json!({
            "created_at": 1, "all_files": [{ "size_bytes": 2, "my_key": 3 }],
            "by_name": { "a_file.txt": { "size_bytes": 4 } }, "not_declared": 5,
        });
        let expected = json!({
            "createdAt": 1, "allFiles": [{ "sizeBytes": 2, "my_key": 3 }],
            "byName": { "a_file.txt": { "sizeBytes": 4 } }, "not_declared": 5,
        });
        assert_eq!(renamed(data.clone(), &schema), expected);
        assert_eq!(renamed(data.clone(), &json!(null)), data);
    }
}
