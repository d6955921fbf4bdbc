//! Gemini CLI: `mcpServers` among its other settings, at home or in a project; Streamable HTTP has a word of its own.

use crate::{
    Words,
    client::{Client, Scope, Spot},
    documents::Syntax,
};

pub(super) const CLIENT: Client = Client {
    key: "gemini-cli",
    title: "Gemini CLI",
    files: &[
        (Scope::User, Spot::Home(".gemini/settings.json")),
        (Scope::Project, Spot::Project(".gemini/settings.json")),
    ],
    syntax: Syntax::Json,
    place: &["mcpServers"],
    words: Words { url: Some("httpUrl"), ..Words::COMMON },
};
