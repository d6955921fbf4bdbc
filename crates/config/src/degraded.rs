//! The key `degraded` of `[servers.NAME.tool."GLOB"]`: what is answered in the place of a tool that only reads where nobody
//! else has an answer. That it is not the tool's own is said by the gateway, beside it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is answered where nobody else has an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Degraded {
    /// The text that the model reads. Default `structured` as it is.
    pub text: Option<String>,
    /// The structured content; it has to fit what the tool says of its output. Default none.
    pub structured: Option<BTreeMap<String, serde_json::Value>>,
}

impl Degraded {
    /// Whether it says anything.
    pub fn says_something(&self) -> bool {
        self.text.is_some() || self.structured.is_some()
    }
}
