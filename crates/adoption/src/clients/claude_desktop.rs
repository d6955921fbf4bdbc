//! Claude Desktop: `mcpServers` in its own file. It starts programs; addresses are added in its settings, by account.

use crate::{
    Words,
    client::{Client, Scope, Spot},
    documents::Syntax,
};

pub(super) const CLIENT: Client = Client {
    key: "claude-desktop",
    title: "Claude Desktop",
    files: &[(Scope::User, Spot::Config("Claude/claude_desktop_config.json"))],
    syntax: Syntax::Json,
    place: &["mcpServers"],
    words: Words { url: None, ..Words::COMMON },
};
