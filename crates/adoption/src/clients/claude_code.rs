//! Claude Code: `mcpServers` among much else in its file at home, or alone in `.mcp.json` of a project.

use crate::{
    Words,
    client::{Client, Scope, Spot},
    documents::Syntax,
};

pub(super) const CLIENT: Client = Client {
    key: "claude-code",
    title: "Claude Code",
    files: &[(Scope::User, Spot::Home(".claude.json")), (Scope::Project, Spot::Project(".mcp.json"))],
    syntax: Syntax::Json,
    place: &["mcpServers"],
    words: Words { program_type: Some("stdio"), address_type: Some("http"), ..Words::COMMON },
};
