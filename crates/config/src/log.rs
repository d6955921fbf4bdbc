//! Section `[log]`: what the program says on stderr, and in which shape.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is logged, and in which shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// What is logged: a level (`error`, `warn`, `info`, `debug`, `trace`) or a list of `target=level`,
    /// separated by commas. Default `"info"`; the environment variable `SWITCHBOARD_LOG` wins.
    pub filter: String,
    /// The shape of a line. Default `"text"`.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            format: LogFormat::default(),
        }
    }
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people: aligned, coloured on a terminal.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}
