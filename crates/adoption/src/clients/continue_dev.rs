//! Continue: a list below `mcpServers` in its YAML file.

use crate::{
    Words,
    client::{Client, Scope, Spot},
    documents::Syntax,
};

pub(super) const CLIENT: Client = Client {
    key: "continue",
    title: "Continue",
    files: &[(Scope::User, Spot::Home(".continue/config.yaml"))],
    syntax: Syntax::Yaml,
    place: &["mcpServers"],
    words: Words {
        program_type: Some("stdio"),
        address_type: Some("streamable-http"),
        headers: &["requestOptions", "headers"],
        ..Words::COMMON
    },
};
