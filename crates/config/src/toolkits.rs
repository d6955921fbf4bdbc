//! The toolkits that come with the program, by name: what `toolkit` of a server section may say, and where they may work
//! when it says nothing more. How they are made is for the program to know.

use std::collections::BTreeMap;

use crate::{Bundle, Config, Naming};

/// The names of the toolkits, in the order of their reference.
pub const TOOLKITS: &[&str] = &["dev_env", "docker", "project", "server", "graphics"];

/// Toolkits of daily work, which have bundles of their own when one of them is configured.
const WORKSPACE: [&str; 5] = ["dev_env", "docker", "server", "project", "graphics"];

/// Bundles that are there without being configured, when a server is one of their toolkits: both families of names that
/// callers already use.
const READY_MADE: [(&str, Naming, &str); 2] = [
    (
        "workspace",
        Naming::Prefixed,
        "Projects, containers, this machine and pictures, each under the name of its toolkit.",
    ),
    ("devops", Naming::Bare, "Projects, containers, this machine and pictures, under bare names."),
];

/// Other prefixes under which the tools of a toolkit are called: `(prefix, toolkit)`. They are never listed.
pub const PREFIX_ALIASES: &[(&str, &str)] = &[("system", "server")];

/// Where a toolkit works if nothing else is named.
pub const PROJECTS_ROOT: &str = "~/projects";

impl Config {
    /// The bundles that are configured, and the ready-made ones whose toolkits are.
    pub fn all_bundles(&self) -> BTreeMap<String, Bundle> {
        let mut bundles = self.bundles.clone();
        let is_member = |toolkit: &Option<String>| toolkit.as_deref().is_some_and(|name| WORKSPACE.contains(&name));
        let members = self.servers.iter().filter(|(_, server)| server.enabled && is_member(&server.toolkit));
        let servers: Vec<String> = members.map(|(name, _)| name.clone()).collect();
        if servers.is_empty() {
            return bundles;
        }
        for (name, naming, description) in READY_MADE {
            bundles.entry(name.to_owned()).or_insert_with(|| Bundle {
                description: Some(description.to_owned()),
                servers: servers.clone(),
                naming,
                ..Bundle::default()
            });
        }
        bundles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundles(text: &str) -> Vec<(String, Vec<String>, Naming)> {
        let config = crate::parse(text, "switchboard.toml", &|_| None).config;
        config.all_bundles().into_iter().map(|(name, bundle)| (name, bundle.servers, bundle.naming)).collect()
    }

    #[test]
    fn ready_made_bundles_are_there_with_their_toolkits() {
        let own = "[servers.git]\ncommand = \"git-mcp\"\n";
        assert_eq!(bundles(own), []);
        let files = "[servers.files]\ntoolkit = \"project\"\n";
        let servers = || vec!["files".to_owned()];
        let expected =
            [("devops".to_owned(), servers(), Naming::Bare), ("workspace".to_owned(), servers(), Naming::Prefixed)];
        assert_eq!(bundles(&format!("{own}{files}")), expected);
        assert_eq!(bundles(&format!("{files}enabled = false\n")), []);
        let mine = "[bundles.devops]\nservers = [\"git\"]\n";
        assert_eq!(bundles(&format!("{own}{files}{mine}"))[0].1, ["git"]);
    }
}
