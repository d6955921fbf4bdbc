//! Sections `[bundles.NAME]`: a named selection of tools, served at `/bundles/NAME/mcp`.
//! Which tools exist is known only to the gateway's catalogue; a bundle only says which of them to show.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FixedArguments, Glob};

/// A named selection of tools with its own endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bundle {
    /// What the bundle is for, told to clients as instructions. Default none.
    pub description: Option<String>,
    /// The servers whose tools are considered. Default none, which means every server.
    pub servers: Vec<String>,
    /// Only tools whose exposed name (with the server's prefix) matches one of these globs. Default none,
    /// which means every tool.
    pub include: Vec<Glob>,
    /// Tools whose exposed name matches one of these globs are left out, also when included. Default none.
    pub exclude: Vec<Glob>,
    /// How tools are named in this bundle. Default `"prefixed"`.
    pub naming: Naming,
    /// New names, by exposed name. Default none.
    pub rename: BTreeMap<String, String>,
    /// New descriptions, by exposed name. Default none.
    pub describe: BTreeMap<String, String>,
    /// Arguments with a fixed value, by exposed name: clients neither see nor set them. Default none.
    pub fix: BTreeMap<String, FixedArguments>,
}

/// How the tools of a bundle are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Naming {
    /// The server's prefix, `_`, and the tool's own name.
    #[default]
    Prefixed,
    /// The tool's own name; the prefix stays where two tools would share one name.
    Bare,
}
