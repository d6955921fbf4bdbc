//! Codex: tables below `mcp_servers` in its TOML file, with its own word for headers.

use crate::{
    Words,
    client::{Client, Scope, Spot},
    documents::Syntax,
};

pub(super) const CLIENT: Client = Client {
    key: "codex",
    title: "Codex",
    files: &[(Scope::User, Spot::Home(".codex/config.toml")), (Scope::Project, Spot::Project(".codex/config.toml"))],
    syntax: Syntax::Toml,
    place: &["mcp_servers"],
    words: Words { headers: &["http_headers"], ..Words::COMMON },
};
