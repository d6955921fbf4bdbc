//! Windsurf: `mcpServers` in its own file, with its own word for the address.

use crate::{
    Words,
    client::{Client, Scope, Spot},
    documents::Syntax,
};

pub(super) const CLIENT: Client = Client {
    key: "windsurf",
    title: "Windsurf",
    files: &[(Scope::User, Spot::Home(".codeium/windsurf/mcp_config.json"))],
    syntax: Syntax::Json,
    place: &["mcpServers"],
    words: Words { url: Some("serverUrl"), ..Words::COMMON },
};
