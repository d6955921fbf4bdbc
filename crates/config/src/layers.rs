//! The texts that a configuration is made of, from the strongest to the weakest, and where in them a key is given.
//! What they say is laid over each other here; what it means is decided in `shape.rs` and `checks/`.

use std::fmt;

use serde_json::{Map, Value};

use crate::document::Document;
use crate::path::KeyPath;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--set KEY=VALUE` on the command line.
    Flag,
    /// An environment variable, such as `SWITCHBOARD_LIMITS__CALL_MS_MAX`.
    Variable(String),
    /// The stored configuration, kept where the file cannot be written.
    Stored,
    /// The profile in force: its own file, or its section of the configuration file.
    Profile(String),
    /// The configuration file.
    File,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => out.write_str("the flag `--set`"),
            Self::Variable(name) => write!(out, "the environment variable `{name}`"),
            Self::Stored => out.write_str("the stored configuration"),
            Self::Profile(name) => write!(out, "the profile `{name}`"),
            Self::File => out.write_str("the configuration file"),
        }
    }
}

/// One text, or one section of it, that takes part.
pub(crate) struct Layer<'d> {
    pub(crate) origin: Origin,
    pub(crate) document: &'d Document<'d>,
    /// The section within the text that is this layer; empty for all of it.
    pub(crate) section: KeyPath,
}

impl Layer<'_> {
    /// How many steps of `path` this layer has, and where the last of them stands.
    pub(crate) fn locate(&self, path: &KeyPath) -> (usize, usize) {
        let (depth, offset) = self.document.locate(&self.section.join(path));
        (depth.saturating_sub(self.section.segments().len()), offset)
    }
}

/// The layer that says most about `path`: the strongest of those that have most of its steps.
pub(crate) fn speaker(layers: &[Layer<'_>], path: &KeyPath) -> Option<usize> {
    let depth_of = |layer: &Layer<'_>| layer.locate(path).0;
    let most = layers.iter().map(depth_of).max()?;
    layers.iter().position(|layer| depth_of(layer) == most)
}

/// Lays `over` on `under`: tables are merged, everything else is replaced.
pub(crate) fn lay(over: Map<String, Value>, under: &mut Map<String, Value>) {
    for (key, value) in over {
        match (value, under.get_mut(&key)) {
            (Value::Object(over), Some(Value::Object(under))) => lay(over, under),
            (value, _) => drop(under.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::lay;

    #[test]
    fn tables_are_merged_and_the_rest_is_replaced() {
        let object = |value: Value| value.as_object().cloned().unwrap();
        let mut under = object(json!({ "a": { "x": 1, "y": [1, 2] }, "b": 1 }));
        lay(object(json!({ "a": { "y": [3] }, "b": { "z": 1 }, "c": 2 })), &mut under);
        assert_eq!(Value::Object(under), json!({ "a": { "x": 1, "y": [3] }, "b": { "z": 1 }, "c": 2 }));
    }
}
