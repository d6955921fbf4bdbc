//! What a successful call gives back: blocks for the model, and the same as a structure where the API answered JSON.

use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The result of a call.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The blocks of the result, as they stand in `content`.
    pub content: Vec<Value>,
    /// The structured result: an object, in the API's own bytes where it was one.
    pub structured: Option<Box<RawValue>>,
}

impl Outcome {
    /// A result of one text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { content: vec![json!({ "type": "text", "text": text.into() })], structured: None }
    }

    /// A result that is JSON: its text, and the structure. What is no object stands under `result`, because a
    /// structured result of the older revisions is always an object.
    pub(crate) fn json(text: &str) -> Option<Self> {
        let raw: Box<RawValue> = serde_json::from_str(text).ok()?;
        let structured = if raw.get().starts_with('{') {
            raw
        } else {
            RawValue::from_string(format!("{{\"result\":{}}}", raw.get())).ok()?
        };
        Some(Self { structured: Some(structured), ..Self::text(text) })
    }

    /// The same with an empty structure where there is none, for a tool that promises one.
    pub(crate) fn with_structure(mut self) -> Self {
        if self.structured.is_none() {
            self.structured = RawValue::from_string("{}".to_owned()).ok();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_bytes_and_is_always_an_object() {
        for (text, expected) in [
            ("{\"id\": 18446744073709551616, \"x\": 1.0}", "{\"id\": 18446744073709551616, \"x\": 1.0}"),
            ("[1, 2]", "{\"result\":[1, 2]}"),
            (" \"a\" ", "{\"result\":\"a\"}"),
        ] {
            let outcome = Outcome::json(text).expect("the text is json");
            assert_eq!(outcome.structured.expect("json has a structure").get(), expected);
            assert_eq!(outcome.content[0]["text"], text);
        }
        assert!(Outcome::json("{").is_none());
    }
}
