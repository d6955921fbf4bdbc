//! The configuration of a repository itself, as git reads it: keys with their values. Pure; what of it is dangerous is
//! `dangers`' matter.

/// What a repository's own configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Config(Vec<(String, String)>);

impl Config {
    /// Reads what `git config --list -z --show-scope` prints: scope, then key and value parted by a line end. What comes
    /// from elsewhere than the repository is left out.
    pub(super) fn parse(listing: &str) -> Self {
        let mut entries = Vec::new();
        let mut fields = listing.split('\0');
        while let (Some(scope), Some(entry)) = (fields.next(), fields.next()) {
            if matches!(scope, "local" | "worktree") {
                let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
                entries.push((key.to_owned(), value.to_owned()));
            }
        }
        Self(entries)
    }

    /// Its keys; section and name in lower case.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    /// The names of its remotes.
    pub(super) fn remotes(&self) -> impl Iterator<Item = &str> {
        self.keys().filter_map(|key| key.strip_prefix("remote.")?.strip_suffix(".url"))
    }

    /// The value that counts of those of a key: the last.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().rfind(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_repository_counts_and_the_last_value_holds() {
        let listing = "command\0a.b\n1\0local\0user.name\nAda\0local\0user.name\nAda\nL.\0worktree\0core.bare\0";
        let config = Config::parse(listing);
        assert_eq!(config.value("user.name"), Some("Ada\nL."));
        assert_eq!((config.value("core.bare"), config.value("a.b")), (Some("true"), None));
        assert_eq!(config.keys().count(), 3);
        let remotes = Config::parse("local\0remote.a.b.url\nx\0local\0remote.c.fetch\ny\0");
        assert_eq!(remotes.remotes().collect::<Vec<_>>(), ["a.b"]);
        assert_eq!(Config::parse(""), Config::default());
        assert_eq!(Config::parse("local\0"), Config(vec![(String::new(), "true".to_owned())]));
    }
}
