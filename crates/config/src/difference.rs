//! What differs between two configuration files, key by key. Order, comments and spelling do not count, and a secret that
//! differs is told without its value.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::document::Document;
use crate::load::PROFILES;
use crate::path::KeyPath;
use crate::{Error, Secret};

/// A key that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The key.
    pub key: String,
    /// What the old file says; nothing, where it does not mention the key.
    pub old: Option<Value>,
    /// What the new file says.
    pub new: Option<Value>,
}

/// The keys in which `new` differs from `old`.
pub fn differences(old: &str, new: &str) -> Result<Vec<Difference>, Error> {
    let (old, new) = (leaves(old)?, leaves(new)?);
    let keys = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
    let mut differing: Vec<Difference> = keys
        .filter(|key| old.get(*key) != new.get(*key))
        .map(|key| {
            let shown = |leaf: &Leaf| if leaf.is_secret { Secret::masked() } else { leaf.value.clone() };
            Difference { key: key.clone(), old: old.get(key).map(shown), new: new.get(key).map(shown) }
        })
        .collect();
    differing.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(differing)
}

#[derive(PartialEq)]
struct Leaf {
    value: Value,
    is_secret: bool,
}

/// Every value of a file that is no table, by key.
fn leaves(text: &str) -> Result<BTreeMap<String, Leaf>, Error> {
    Document::parse(text, "").map_err(|problems| Error::Syntax { problems })?;
    let root: Value = toml::from_str(text).map_err(|_| Error::Syntax { problems: Vec::new() })?;
    let mut found = BTreeMap::new();
    collect(&KeyPath::default(), &KeyPath::default(), &root, &mut found);
    Ok(found)
}

/// `path` is where a value stands, `meant` the key that it is a value of: they differ within a profile.
fn collect(path: &KeyPath, meant: &KeyPath, value: &Value, found: &mut BTreeMap<String, Leaf>) {
    let Value::Object(members) = value else {
        found.insert(path.to_string(), Leaf { value: value.clone(), is_secret: meant.is_secret() });
        return;
    };
    for (key, member) in members {
        let is_profile = *path == KeyPath::of([PROFILES]);
        let meant = if is_profile { KeyPath::default() } else { meant.key(key) };
        collect(&path.key(key), &meant, member, found);
    }
}

#[cfg(test)]
mod tests {
    use super::differences;

    fn check(old: &str, new: &str, expected: &[&str]) {
        let shown =
            |value: Option<serde_json::Value>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
        let found = differences(old, new).unwrap().into_iter();
        let told: Vec<_> = found.map(|one| format!("{}: {} → {}", one.key, shown(one.old), shown(one.new))).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn only_what_is_said_counts() {
        check("a = 1\nb.c = [1]", "# comment\n[b]\nc = [ 1 ]\n", &["a: 1 → nothing"]);
        check("", "servers.git = { command = \"git\" }", &["servers.git.command: nothing → \"git\""]);
        check("limits.x = 1", "limits.x = 2", &["limits.x: 1 → 2"]);
    }

    #[test]
    fn secret_is_told_without_its_value() {
        check("servers.git.env.T = \"1\"", "servers.git.env.T = \"2\"", &["servers.git.env.T: \"•••\" → \"•••\""]);
        let profile = "profile.dev.servers.git.headers.T = \"1\"";
        check(profile, "", &["profile.dev.servers.git.headers.T: \"•••\" → nothing"]);
    }

    #[test]
    fn broken_file_is_told() {
        assert!(differences("", "[a").is_err());
    }
}
