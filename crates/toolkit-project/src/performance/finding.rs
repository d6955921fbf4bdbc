//! One thing that makes a project slow.

use schemars::JsonSchema;
use serde::Serialize;

/// Bytes of a line that are shown as evidence.
const LINE_BYTES_SHOWN: usize = 200;

/// One thing that makes a project slow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Finding {
    /// The file, from the folder of the project.
    pub(super) file: String,
    /// The line, counted from 1.
    pub(super) line: usize,
    /// What it is, such as `query_in_loop`.
    pub(super) kind: String,
    /// What says so: the line and where it stands, or what was measured.
    pub(super) evidence: String,
    /// What to do about it.
    pub(super) proposal: String,
    /// How much it may bring.
    pub(super) gain: Gain,
}

/// How much a change may bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Gain {
    /// It grows with the amount of data, or is a large part of the time.
    High,
    /// It is done many times where once would do.
    Medium,
    /// It is seen only where it is done often.
    Low,
}

/// A line as evidence shows it.
pub(super) fn shown(line: &str) -> String {
    let line = line.trim();
    let end = line.floor_char_boundary(LINE_BYTES_SHOWN);
    if end < line.len() { format!("`{}…`", &line[..end]) } else { format!("`{line}`") }
}
