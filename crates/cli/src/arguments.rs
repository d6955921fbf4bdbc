//! The arguments of a tool or prompt as they are typed, read by the schema they are for: `key=value`, `key:=JSON`,
//! `key=@FILE`, or one JSON object.

use std::fs::File;
use std::io::Read;

use config::nearest;
use serde_json::{Map, Value};

use crate::Error;

/// The largest file that is read as an argument, in bytes: the largest request a gateway takes by default.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The arguments that `typed` words say, by `schema`.
pub(crate) fn read(typed: &[String], schema: &Value) -> Result<Map<String, Value>, Error> {
    let mut arguments = Map::new();
    for word in typed {
        let fail = |reason: &str, hint: Option<String>| Error::Argument {
            argument: word.clone(),
            reason: reason.to_owned(),
            hint,
        };
        if word.starts_with('{') {
            arguments.extend(object(word).map_err(|reason| fail(&reason, None))?);
            continue;
        }
        let Some((key, text)) = word.split_once('=') else {
            return Err(fail("has no `=`", Some(format!("write `{word}=VALUE`"))));
        };
        let (key, is_json) = key.strip_suffix(':').map_or((key, false), |key| (key, true));
        let property = known(key, schema).map_err(|hint| fail("the tool does not know it", Some(hint)))?;
        let text = contents(text).map_err(|reason| fail(&reason, None))?;
        let read = if is_json { json(&text) } else { value(&text, property) };
        if arguments.insert(key.to_owned(), read.map_err(|reason| fail(&reason, None))?).is_some() {
            return Err(fail("is given twice", Some("give a list as `key='[1, 2]'`".to_owned())));
        }
    }
    Ok(arguments)
}

/// `text` as the first type of `schema` that it fits, or what was expected.
pub(crate) fn value(text: &str, schema: &Value) -> Result<Value, String> {
    let types = types(schema);
    let read = if types.is_empty() {
        serde_json::from_str(text).unwrap_or_else(|_| text.into())
    } else {
        // A text fits anything, so every other type goes first.
        let parsed = serde_json::from_str(text).ok();
        let fitting = parsed.filter(|value| types.iter().any(|name| is(value, name)));
        match fitting {
            Some(value) => value,
            None if types.contains(&"string") => text.into(),
            None => return Err(format!("expected {}", expected(&types))),
        }
    };
    match schema["enum"].as_array() {
        Some(choices) if !choices.contains(&read) => Err(format!("expected one of {}", listed(choices))),
        _ => Ok(read),
    }
}

/// What a value for `schema` looks like, in a few words.
pub(crate) fn wanted(schema: &Value) -> String {
    match schema["enum"].as_array() {
        Some(choices) => format!("one of {}", listed(choices)),
        None => expected(&types(schema)),
    }
}

/// Reads a JSON object.
pub(crate) fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("it is no JSON object: {error}"))
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))
}

/// What `text` stands for: itself, or the contents of the file after `@`; `@@` is an `@`.
fn contents(text: &str) -> Result<String, String> {
    match text.strip_prefix('@') {
        None => Ok(text.to_owned()),
        Some(rest) if rest.starts_with('@') => Ok(rest.to_owned()),
        Some(path) => file(path).map_err(|error| format!("cannot read the file `{path}`: {error}")),
    }
}

fn file(path: &str) -> std::io::Result<String> {
    let mut text = String::new();
    #[expect(clippy::disallowed_methods, reason = "`take` bounds it")]
    let read = File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if read as u64 > FILE_BYTES_MAX {
        return Err(std::io::Error::other(format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    Ok(text)
}

/// The schema of the argument `key`, or a hint where it is mistyped. One that resembles none is left to the tool, which may
/// take other names than it lists.
fn known<'s>(key: &str, schema: &'s Value) -> Result<&'s Value, String> {
    let property = &schema["properties"][key];
    if property.is_null() && schema["additionalProperties"] == false {
        let known = schema["properties"].as_object().into_iter().flatten();
        if let Some(hint) = nearest::hint(key, known.map(|(key, _)| key.as_str())) {
            return Err(hint);
        }
    }
    Ok(property)
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

fn expected(types: &[&str]) -> String {
    let words: Vec<&str> = types.iter().filter(|name| **name != "null").map(|name| words(name)).collect();
    if words.is_empty() { "a value".to_owned() } else { words.join(" or ") }
}

fn words(name: &str) -> &str {
    match name {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list in JSON, such as '[1, 2]'",
        "object" => "an object in JSON, such as '{\"a\": 1}'",
        other => other,
    }
}

fn listed(choices: &[Value]) -> String {
    let words = choices.iter().map(|choice| choice.as_str().map_or_else(|| choice.to_string(), str::to_owned));
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
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
                "unit": { "type": "string", "enum": ["metre", "mile"] },
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
        check("unit=mile", &json!("mile"));
    }

    #[test]
    fn json_a_file_or_a_whole_object_can_be_given() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.json");
        std::fs::write(&path, "[1, 2]").unwrap();
        check("text:=42", &json!(42));
        check(&format!("text=@{}", path.display()), &json!("[1, 2]"));
        check(&format!("names:=@{}", path.display()), &json!([1, 2]));
        check("text=@@ada", &json!("@ada"));
        check(r#"{"count": 7}"#, &json!(7));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        refuse(&["any:=[1"], "argument `any:=[1`: it is no JSON: EOF while parsing a list at line 1 column 2");
        refuse(&["{1}"], "argument `{1}`: it is no JSON object: key must be a string at line 1 column 2");
        refuse(
            &["text=@/nowhere"],
            "argument `text=@/nowhere`: cannot read the file `/nowhere`: No such file or directory (os error 2)",
        );
    }

    #[test]
    fn value_of_another_type_is_refused() {
        refuse(&["count=1.5"], "argument `count=1.5`: expected a whole number");
        refuse(&["unit=yard"], "argument `unit=yard`: expected one of `metre`, `mile`");
        refuse(&["all=yes"], "argument `all=yes`: expected true or false");
        refuse(&["names=a"], "argument `names=a`: expected a list in JSON, such as '[1, 2]'");
    }

    #[test]
    fn key_that_resembles_none_is_left_to_the_tool() {
        assert_eq!(read(&["xyzzy=1".to_owned()], &schema()).expect("it is read")["xyzzy"], 1);
    }

    #[test]
    fn key_is_not_mistyped_and_given_once() {
        refuse(&["counts=1"], "argument `counts=1`: the tool does not know it (did you mean `count`?)");
        refuse(&["count"], "argument `count`: has no `=` (write `count=VALUE`)");
        refuse(&["text=a", "text=b"], "argument `text=b`: is given twice (give a list as `key='[1, 2]'`)");
    }
}
