//! Zed: `context_servers` among all other settings, in a file full of comments. Its settings are below `~/.config` on
//! macOS too.

use crate::{
    Words,
    client::{Client, Scope, Spot},
    documents::Syntax,
};

pub(super) const CLIENT: Client = Client {
    key: "zed",
    title: "Zed",
    files: &[
        (Scope::User, Spot::Home(".config/zed/settings.json")),
        (Scope::Project, Spot::Project(".zed/settings.json")),
    ],
    syntax: Syntax::Json,
    place: &["context_servers"],
    words: Words::COMMON,
};
