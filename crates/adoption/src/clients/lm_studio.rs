//! LM Studio: `mcpServers` in `mcp.json`, as Cursor writes it.

use crate::{
    Words,
    client::{Client, Scope, Spot},
    documents::Syntax,
};

pub(super) const CLIENT: Client = Client {
    key: "lm-studio",
    title: "LM Studio",
    files: &[(Scope::User, Spot::Home(".lmstudio/mcp.json")), (Scope::User, Spot::Home(".cache/lm-studio/mcp.json"))],
    syntax: Syntax::Json,
    place: &["mcpServers"],
    words: Words::COMMON,
};
