//! A value that is used but never shown: in `Debug` and when serialized it is `•••`.
//! Resolving `${env:NAME}` is the job of `references.rs`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

/// What is shown instead of a secret.
const MASK: &str = "•••";

/// A text that never prints itself.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What is shown instead of any secret.
    pub(crate) fn masked() -> serde_json::Value {
        MASK.into()
    }

    /// A secret of which only is known that it is there.
    pub(crate) fn unknown() -> Self {
        Self(MASK.to_owned())
    }

    /// Whether it is what is shown instead of a secret, in a configuration that was printed and is read again.
    pub(crate) fn is_masked(&self) -> bool {
        self.0 == MASK
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "A text; `${env:NAME}`, `${file:PATH}` and `${secret:NAME}` are replaced." })
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn secret_shows_only_its_mask() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "•••");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"•••\"");
        assert_eq!(secret.expose(), "hunter2");
    }
}
