//! The JSON Schema of the configuration file, generated from the structs.

use serde_json::Value;

use crate::Config;

/// The JSON Schema of the configuration file.
pub fn schema() -> Value {
    schemars::schema_for!(Config).to_value()
}
