//! `key=value` arguments, typed by the input schema of the tool they are for.

use config::nearest;
use serde_json::{Map, Value};

use crate::Error;

/// The arguments that `typed` words say, by `schema`.
pub(crate) fn read(typed: &[String], schema: &Value) -> Result<Map<String, Value>, Error> {
    let mut arguments = Map::new();
    for word in typed {
        let fail = |reason: &str, hint: Option<String>| Error::Argument {
            argument: word.clone(),
            reason: reason.to_owned(),
            hint,
        };
        let Some((key, text)) = word.split_once('=') else {
            return Err(fail("has no `=`", Some(format!("write `{word}=VALUE`"))));
        };
        let property = known(key, schema).map_err(|hint| fail("the tool does not know it", hint))?;
        let value = value(text, property).map_err(|expected| fail(&format!("expected {expected}"), None))?;
        if arguments.insert(key.to_owned(), value).is_some() {
            return Err(fail("is given twice", Some("give a list as `key='[1, 2]'`".to_owned())));
        }
    }
    Ok(arguments)
}

/// The schema of the argument `key`, or a hint where the tool cannot have it.
fn known<'s>(key: &str, schema: &'s Value) -> Result<&'s Value, Option<String>> {
    let property = &schema["properties"][key];
    if property.is_null() && schema["additionalProperties"] == false {
        let known = schema["properties"].as_object().into_iter().flatten();
        return Err(nearest::hint(key, known.map(|(key, _)| key.as_str())));
    }
    Ok(property)
}

/// `text` as the first type of `schema` that it fits, or what was expected.
fn value(text: &str, schema: &Value) -> Result<Value, String> {
    let types = types(schema);
    if types.is_empty() {
        return Ok(serde_json::from_str(text).unwrap_or_else(|_| text.into()));
    }
    // A text fits anything, so every other type goes first.
    let parsed = serde_json::from_str(text).ok();
    let fitting = parsed.filter(|value| types.iter().any(|name| is(value, name)));
    match fitting {
        Some(value) => Ok(value),
        None if types.contains(&"string") => Ok(text.into()),
        None => Err(types.iter().map(|name| words(name)).collect::<Vec<_>>().join(" or ")),
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether `value` is of the JSON Schema type `name`; texts are taken as typed, not as JSON.
fn is(value: &Value, name: &str) -> bool {
    match name {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => false,
    }
}

fn words(name: &str) -> &str {
    match name {
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list in JSON, such as '[1, 2]'",
        "object" => "an object in JSON, such as '{\"a\": 1}'",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::read;

    fn schema() -> Value {
        json!({
            "properties": {
                "count": { "type": "integer" },
                "ratio": { "type": "number" },
                "all": { "type": "boolean" },
                "names": { "type": "array" },
                "filter": { "type": "object" },
                "text": { "type": "string" },
                "maybe": { "type": ["string", "null", "integer"] },
                "any": {},
            },
            "additionalProperties": false,
        })
    }

    fn check(word: &str, expected: &Value) {
        let read = read(&[word.to_owned()], &schema()).unwrap();
        assert_eq!(read.values().next(), Some(expected), "{word}");
    }

    fn refuse(words: &[&str], expected: &str) {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let error = read(&words, &schema()).unwrap_err();
        let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
        assert_eq!(format!("{error}{hint}"), expected);
    }

    #[test]
    fn value_is_typed_by_the_schema() {
        check("count=-7", &json!(-7));
        check("ratio=0.5", &json!(0.5));
        check("ratio=2", &json!(2));
        check("all=true", &json!(true));
        check("names=[\"a\", 1]", &json!(["a", 1]));
        check("filter={\"a\": {}}", &json!({"a": {}}));
        check("text=42", &json!("42"));
        check("text=a=b", &json!("a=b"));
        check("text=", &json!(""));
        check("maybe=null", &json!(null));
        check("maybe=7", &json!(7));
        check("maybe=seven", &json!("seven"));
        check("any=[1]", &json!([1]));
        check("any=word", &json!("word"));
    }

    #[test]
    fn value_of_another_type_is_refused() {
        refuse(&["count=1.5"], "argument `count=1.5`: expected a whole number");
        refuse(&["all=yes"], "argument `all=yes`: expected true or false");
        refuse(&["names=a"], "argument `names=a`: expected a list in JSON, such as '[1, 2]'");
    }

    #[test]
    fn key_is_known_and_given_once() {
        refuse(
            &["cuont=1"],
            "argument `cuont=1`: the tool does not know it (known are `all`, `any`, `count`, `filter`, `maybe`, `names`, `ratio`, `text`)",
        );
        refuse(&["counts=1"], "argument `counts=1`: the tool does not know it (did you mean `count`?)");
        refuse(&["count"], "argument `count`: has no `=` (write `count=VALUE`)");
        refuse(&["text=a", "text=b"], "argument `text=b`: is given twice (give a list as `key='[1, 2]'`)");
    }
}
