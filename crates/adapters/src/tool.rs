//! A tool that an API offers: what a client is told of it. How it is called is the business of each kind of API.

use serde_json::{Map, Value, json};

/// Letters of a description; documents carry whole manuals there, and every one is read by a model.
const DESCRIPTION_LETTERS_MAX: usize = 1_024;

/// A tool as clients see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// The JSON Schema of its arguments, an object.
    pub input_schema: Value,
    /// The JSON Schema of its structured result, where that is known.
    pub output_schema: Option<Value>,
    /// What it does to the world.
    pub effect: Effect,
}

/// What a tool does to the world, as far as its API tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It only reads.
    Reads,
    /// It changes something; the API does not tell what.
    Changes,
    /// It overwrites: twice the same is the same as once.
    Overwrites,
    /// It removes: twice the same is the same as once.
    Removes,
}

impl Tool {
    /// The tool as an item of `tools/list`.
    pub fn declaration(&self) -> Value {
        let mut declaration = json!({
            "name": self.name,
            "description": self.description,
            "inputSchema": self.input_schema,
            "annotations": self.effect.annotations(),
        });
        if let Some(schema) = &self.output_schema {
            declaration["outputSchema"] = schema.clone();
        }
        declaration
    }

    /// The properties of its arguments.
    pub fn arguments(&self) -> Option<&Map<String, Value>> {
        self.input_schema["properties"].as_object()
    }
}

impl Effect {
    /// The hints for clients. A change of unknown kind keeps the protocol's cautious default: destructive.
    pub fn annotations(self) -> Value {
        match self {
            Self::Reads => json!({ "readOnlyHint": true, "idempotentHint": true, "openWorldHint": true }),
            Self::Changes => json!({ "readOnlyHint": false, "openWorldHint": true }),
            Self::Overwrites | Self::Removes => json!({
                "readOnlyHint": false, "destructiveHint": true, "idempotentHint": true, "openWorldHint": true,
            }),
        }
    }
}

/// What a document says of an operation, short enough for a model: the summary, then the description.
pub(crate) fn description(summary: &str, text: &str, otherwise: &str) -> String {
    let (summary, text) = (summary.trim(), text.trim());
    let whole = match (summary.is_empty(), text.is_empty()) {
        (true, true) => otherwise.to_owned(),
        (true, false) => text.to_owned(),
        (false, true) => summary.to_owned(),
        (false, false) if text.starts_with(summary) => text.to_owned(),
        (false, false) => format!("{summary}\n{text}"),
    };
    cut(&whole, DESCRIPTION_LETTERS_MAX)
}

/// At most `letters_max` letters of `text`, with an ellipsis where something is missing.
pub(crate) fn cut(text: &str, letters_max: usize) -> String {
    match text.char_indices().nth(letters_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn description_joins_what_is_there() {
        for (summary, text, expected) in [
            ("Find a pet.", "Returns one pet.", "Find a pet.\nReturns one pet."),
            ("Find", "Find a pet by its id.", "Find a pet by its id."),
            ("", "  Returns one pet. ", "Returns one pet."),
            ("", "", "GET /pets"),
        ] {
            assert_eq!(description(summary, text, "GET /pets"), expected);
        }
        assert_eq!(description("", &"é".repeat(5_000), "").chars().count(), DESCRIPTION_LETTERS_MAX + 1);
    }
}
