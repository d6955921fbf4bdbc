//! Visual Studio Code: `servers` in `mcp.json` of the profile or the workspace; each entry names its type.

use crate::{
    Words,
    client::{Client, Scope, Spot},
    documents::Syntax,
};

pub(super) const CLIENT: Client = Client {
    key: "vscode",
    title: "Visual Studio Code",
    files: &[(Scope::User, Spot::Config("Code/User/mcp.json")), (Scope::Project, Spot::Project(".vscode/mcp.json"))],
    syntax: Syntax::Json,
    place: &["servers"],
    words: Words { program_type: Some("stdio"), address_type: Some("http"), ..Words::COMMON },
};
