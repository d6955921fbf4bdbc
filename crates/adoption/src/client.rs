//! The clients that are known, where their files are and how they write them.

use std::path::PathBuf;

use crate::{Syntax, Words, clients};

/// One client.
#[derive(Debug, PartialEq, Eq)]
pub struct Client {
    /// What it is called on the command line.
    pub key: &'static str,
    /// What it is called by people.
    pub title: &'static str,
    /// Its files; the first one of a scope that exists counts.
    pub files: &'static [(Scope, Spot)],
    /// The kind of file.
    pub syntax: Syntax,
    /// The keys that lead to the list of servers.
    pub place: &'static [&'static str],
    /// How an entry is written.
    pub words: Words,
}

/// For whom a file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One person, everywhere.
    User,
    /// Whoever works in a folder.
    Project,
}

/// Where a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Below the home folder.
    Home(&'static str),
    /// Below the folder where programs of this system keep their configuration.
    Config(&'static str),
    /// Below the folder of a project.
    Project(&'static str),
}

/// The folders of this machine.
#[derive(Clone, Debug)]
pub struct Places {
    /// The home folder.
    pub home: PathBuf,
    /// `XDG_CONFIG_HOME`, `~/Library/Application Support` or `%APPDATA%`.
    pub config: PathBuf,
    /// The project that is worked in.
    pub project: PathBuf,
}

impl Spot {
    /// As a path on this machine.
    pub fn path(self, places: &Places) -> PathBuf {
        match self {
            Self::Home(path) => places.home.join(path),
            Self::Config(path) => places.config.join(path),
            Self::Project(path) => places.project.join(path),
        }
    }
}

impl Client {
    /// All that are known, in the order in which they are listed.
    pub const ALL: &'static [Self] = clients::ALL;

    /// The client of that key.
    pub fn find(key: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|client| client.key == key)
    }

    /// Where its files of a scope can be.
    pub fn paths(&self, scope: Scope, places: &Places) -> Vec<PathBuf> {
        self.files.iter().filter(|(file, _)| *file == scope).map(|(_, spot)| spot.path(places)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_are_unique_and_every_client_has_a_file_of_its_user() {
        let keys: BTreeSet<&str> = Client::ALL.iter().map(|client| client.key).collect();
        assert_eq!(keys.len(), Client::ALL.len());
        assert!(Client::ALL.iter().all(|client| client.files.iter().any(|(scope, _)| *scope == Scope::User)));
    }

    #[test]
    fn paths_are_below_the_right_folder() {
        let places = Places { home: "/h".into(), config: "/h/.config".into(), project: "/p".into() };
        let check = |key, scope, expected: &[&str]| {
            let paths: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(Client::find(key).unwrap().paths(scope, &places), paths, "{key}");
        };
        check("cursor", Scope::User, &["/h/.cursor/mcp.json"]);
        check("cursor", Scope::Project, &["/p/.cursor/mcp.json"]);
        check("claude-desktop", Scope::User, &["/h/.config/Claude/claude_desktop_config.json"]);
        check("claude-desktop", Scope::Project, &[]);
    }
}
