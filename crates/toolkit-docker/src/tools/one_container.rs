//! What tools share whose only argument is a container.

use schemars::JsonSchema;
use serde::Deserialize;

/// The container that is meant.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The container: its name, its id, or the beginning of its id.
    pub(crate) container: String,
}
