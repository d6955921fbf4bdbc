//! A tool that an API offers: what a client is told of it. How it is called is the business of each kind of API.

use serde_json::{Map, Value};
use toolkit::{Declaration, Marks};

/// Letters of a description; documents carry whole manuals there, and every one is read by a model.
const DESCRIPTION_LETTERS_MAX: usize = 1_024;

/// A tool of an API.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tool {
    /// Its name.
    pub(crate) name: String,
    /// What it does, for the model.
    pub(crate) description: String,
    /// The JSON Schema of its arguments, an object.
    pub(crate) input_schema: Value,
    /// The JSON Schema of its structured result, an object, where that is known.
    pub(crate) output_schema: Option<Value>,
    /// What it does to the world.
    pub(crate) effect: Effect,
    /// What is said of it beside that.
    pub(crate) meta: Map<String, Value>,
}

/// What a tool does to the world, as far as its API tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only reads.
    Reads,
    /// It adds something.
    Adds,
    /// It changes something, and the API does not tell what: the worst is assumed.
    Changes,
    /// It overwrites or removes: twice the same is the same as once.
    Overwrites,
}

impl Tool {
    /// What is said of it, as the server of tools wants it; it may take `timeout_s` if the caller does not say.
    pub(crate) fn declaration(&self, timeout_s: u64) -> Declaration {
        let object = |schema: &Value| schema.as_object().cloned().unwrap_or_default();
        Declaration {
            input: object(&self.input_schema),
            output: self.output_schema.as_ref().map(object),
            timeout_s,
            meta: self.meta.clone(),
            ..Declaration::new(&self.name, &self.description, self.effect.marks())
        }
    }
}

impl Effect {
    fn marks(self) -> Marks {
        let marks = match self {
            Self::Reads => Marks::reads().idempotent(),
            Self::Adds => Marks::writes(),
            Self::Changes => Marks::destroys(),
            Self::Overwrites => Marks::destroys().idempotent(),
        };
        marks.open_world()
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
