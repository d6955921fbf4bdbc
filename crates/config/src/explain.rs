//! Who gives a key its value: every layer that mentions it, the strongest first, and the default below them.

use serde::Serialize;
use serde_json::Value;
use toml_edit::Key;

use crate::layers::Layer;
use crate::path::KeyPath;
use crate::{Config, Error, Loaded, Secret, nearest};

/// A value that is given somewhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Given {
    /// The key, such as `limits.call_ms_max`.
    pub key: String,
    /// Who gives it, in words.
    pub origin: String,
    /// The place: file, line and column.
    pub place: String,
    /// What is given; a secret reads `•••`.
    pub value: Value,
}

/// A key with its value and where that comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The key.
    pub key: String,
    /// The value in force; a secret reads `•••`.
    pub value: Value,
    /// Who gives it, the strongest first; nobody, where the default holds.
    pub given: Vec<Given>,
    /// The default, where there is one.
    pub default: Value,
}

impl Loaded {
    /// Says where the value of `key` comes from; `key` may be a section as well.
    pub fn explain(&self, key: &str) -> Result<Explanation, Error> {
        let parsed = Key::parse(key).map_err(|_| Error::NoKey { key: key.to_owned(), hint: None })?;
        let names: Vec<&str> = parsed.iter().map(Key::get).collect();
        let (value, default) = (look_up(&self.config, &names), look_up(&Config::default(), &names));
        let within = |given: &&Given| given.key == key || given.key.starts_with(&format!("{key}."));
        let given: Vec<Given> = self.given.iter().filter(within).cloned().collect();
        if value.is_none() && given.is_empty() {
            let parent = look_up(&self.config, &names[..names.len() - 1]).unwrap_or_default();
            let known = parent.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
            let hint = nearest::hint(names.last().copied().unwrap_or_default(), known);
            return Err(Error::NoKey { key: key.to_owned(), hint });
        }
        Ok(Explanation {
            key: key.to_owned(),
            value: value.unwrap_or_default(),
            given,
            default: default.unwrap_or_default(),
        })
    }
}

/// The value at a path of a configuration, secrets masked.
fn look_up(config: &Config, names: &[&str]) -> Option<Value> {
    let root = serde_json::to_value(config).ok()?;
    names.iter().try_fold(&root, |value, name| value.get(*name)).cloned()
}

/// Everything that one layer gives, key by key.
pub(crate) fn givens(layer: &Layer<'_>, value: &serde_json::Map<String, Value>) -> Vec<Given> {
    let mut found = Vec::new();
    for (key, member) in value {
        collect(layer, &KeyPath::of([key.as_str()]), member, &mut found);
    }
    found
}

fn collect(layer: &Layer<'_>, path: &KeyPath, value: &Value, found: &mut Vec<Given>) {
    if let Value::Object(members) = value {
        for (key, member) in members {
            collect(layer, &path.key(key), member, found);
        }
        return;
    }
    let value = if path.is_secret() { Secret::masked() } else { value.clone() };
    let (_, offset) = layer.locate(path);
    let place = layer.document.place(offset);
    found.push(Given { key: path.to_string(), origin: layer.origin.to_string(), place, value });
}
