//! The programs that servers are started with: there, and on the path.

use std::collections::BTreeMap;

use super::{Finding, Patient, State};
use crate::programs::find;

const AREA: &str = "programs";

/// What brings the programs that most servers are started with.
const COMES_WITH: [(&str, &str); 8] = [
    ("npx", "Node: https://nodejs.org, or `apt install npm`"),
    ("node", "Node: https://nodejs.org, or `apt install nodejs`"),
    ("uvx", "uv: https://docs.astral.sh/uv"),
    ("uv", "uv: https://docs.astral.sh/uv"),
    ("python", "Python: `apt install python-is-python3`"),
    ("python3", "Python: `apt install python3`"),
    ("docker", "Docker: https://docs.docker.com/engine/install"),
    ("deno", "Deno: https://deno.com"),
];

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, server) in patient.loaded.config.servers.iter().filter(|(_, server)| server.enabled) {
        if let Some(command) = &server.command {
            wanted.entry(command).or_default().push(name);
        }
    }
    wanted.into_iter().map(|(command, servers)| program(command, &servers.join(", "))).collect()
}

fn program(command: &str, servers: &str) -> Finding {
    if let Some(path) = find(command) {
        return Finding::new(AREA, State::Good, format!("`{command}` is {} (for {servers})", path.display()));
    }
    let known = COMES_WITH.iter().find(|(program, _)| *program == command);
    let hint = known.map_or("give its full path as `command`", |(_, source)| source);
    Finding::new(AREA, State::Bad, format!("`{command}` was not found, so {servers} cannot start")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_its_servers_and_where_to_get_it() {
        let finding = program("npx-that-is-not-there", "files, git");
        assert_eq!(finding.what, "`npx-that-is-not-there` was not found, so files, git cannot start");
        assert!(finding.hint.is_some());
    }
}
