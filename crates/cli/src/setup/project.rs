//! The folder that is worked in: two servers that most people begin with, where what runs them is there and no client has
//! brought one of that name. The home folder and the root are not offered to agents as a whole.

use std::path::Path;

use serde_json::json;

use super::{Discovery, Found, Proposal, Surroundings, page};

/// Programs that many servers are started with.
const RUNNERS: [(&str, &str); 4] = [("npx", "Node"), ("uvx", "uv"), ("python3", "Python"), ("git", "git")];

/// Finds the programs, and proposes servers for the folder.
pub(super) fn look(around: &Surroundings, discovery: &mut Discovery) {
    for (command, title) in RUNNERS {
        if let Some(path) = (around.program)(command) {
            let place = path.display().to_string();
            discovery.found.push(Found { title: title.to_owned(), about: String::new(), place });
        }
    }
    let folder = &around.places.project;
    if *folder == around.places.home || folder.parent().is_none() {
        return;
    }
    let has = |command| (around.program)(command).is_some();
    if has("npx") {
        add(discovery, "files", &["npx", "-y", "@modelcontextprotocol/server-filesystem"], folder, "npm");
    }
    if has("uvx") && folder.join(".git").exists() {
        add(discovery, "git", &["uvx", "mcp-server-git", "--repository"], folder, "PyPI");
    }
}

fn add(discovery: &mut Discovery, name: &str, words: &[&str], folder: &Path, registry: &str) {
    let section = format!("servers.{name}");
    let (Some(path), false) = (folder.to_str(), discovery.proposals.iter().any(|known| known.section == section))
    else {
        return;
    };
    let arguments: Vec<&str> = words[1..].iter().copied().chain([path]).collect();
    discovery.proposals.push(Proposal {
        section,
        what: words.join(" "),
        reason: format!("lets agents work in {path}; its first start fetches it from {registry}"),
        note: None,
        text: page::server(name, &json!({ "command": words[0], "args": arguments })),
    });
}
