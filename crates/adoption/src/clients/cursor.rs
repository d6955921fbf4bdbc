//! Cursor: `mcpServers` in `mcp.json`, at home or in a project.

use crate::{
    Words,
    client::{Client, Scope, Spot},
    documents::Syntax,
};

pub(super) const CLIENT: Client = Client {
    key: "cursor",
    title: "Cursor",
    files: &[(Scope::User, Spot::Home(".cursor/mcp.json")), (Scope::Project, Spot::Project(".cursor/mcp.json"))],
    syntax: Syntax::Json,
    place: &["mcpServers"],
    words: Words::COMMON,
};
