//! The JSON Schema of the configuration file, generated from the structs.

use serde_json::{Value, json};

use crate::Config;
use crate::load::PROFILES;

/// The JSON Schema of the configuration file.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Config).to_value();
    schema["properties"][PROFILES] = json!({
        "description": "Profiles, by name: what differs when one of them is in force. Default none.",
        "type": "object",
        "additionalProperties": { "$ref": "#" },
    });
    schema
}
