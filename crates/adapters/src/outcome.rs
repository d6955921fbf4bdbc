//! JSON as the result of a call: the text for the model, and the same as a structure for programs.

use serde_json::{Map, Value};
use toolkit::Output;

/// The result that a JSON text stands for, in its own letters; nothing if it is no JSON.
pub(crate) fn of_text(text: &str) -> Option<Output> {
    let value = serde_json::from_str(text).ok()?;
    Some(Output { text: Some(text.to_owned()), ..of_value(value) })
}

/// The result that a JSON value stands for. What is no object stands under `result`, because a structured result of
/// the older revisions is always an object.
pub(crate) fn of_value(value: Value) -> Output {
    let text = Some(value.to_string());
    let structured = match value {
        Value::Object(members) => members,
        other => Map::from_iter([("result".to_owned(), other)]),
    };
    Output { structured: Some(structured), text, ..Output::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_its_letters_and_the_structure_is_always_an_object() {
        for (text, expected) in [
            ("{\"id\": 18446744073709551616, \"x\": 1.0}", "{\"id\":1.8446744073709552e+19,\"x\":1.0}"),
            ("[1, 2]", "{\"result\":[1,2]}"),
            (" \"a\" ", "{\"result\":\"a\"}"),
            ("null", "{\"result\":null}"),
        ] {
            let output = of_text(text).expect("the text is json");
            assert_eq!(output.text.as_deref(), Some(text));
            assert_eq!(Value::from(output.structured.expect("json has a structure")).to_string(), expected);
        }
        assert_eq!(of_text("{"), None);
    }
}
