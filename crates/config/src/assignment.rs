//! `KEY=VALUE` from the environment or the command line, as a line of TOML: the schema says what the value is to be.

use serde_json::Value;
use toml_edit::Key;

/// The variables that stand for keys: `SWITCHBOARD_` and then the key, in capitals, with `__` for each dot.
const PREFIX: &str = "SWITCHBOARD_";

/// The key that an environment variable stands for, if it stands for one.
pub(crate) fn key_of_variable(name: &str) -> Option<String> {
    let key = name.strip_prefix(PREFIX)?;
    key.contains("__").then(|| {
        // Names of variables of a server keep their case: they are the server's own.
        let parts: Vec<&str> = key.split("__").collect();
        let own_from = if parts[0] == "SERVERS" { 3 } else { parts.len() };
        let part =
            |(index, part): (usize, &&str)| if index < own_from { part.to_lowercase() } else { (*part).to_owned() };
        parts
            .iter()
            .enumerate()
            .map(part)
            .map(|part| Key::new(part).display_repr().into_owned())
            .collect::<Vec<_>>()
            .join(".")
    })
}

/// `key = value` in TOML. A value is taken as a text where the schema wants one, as a list of texts where it wants a list
/// and the value is none, and otherwise as TOML, if it is any.
pub(crate) fn line(key: &str, value: &str, schema: &Value) -> String {
    let text = || toml_edit::Value::from(value).to_string();
    let list = || value.split(',').map(str::trim).collect::<toml_edit::Array>().to_string();
    let written = match kind(key, schema) {
        Some("string") => text(),
        Some("array") if !value.trim_start().starts_with('[') => list(),
        _ if value.parse::<toml_edit::Value>().is_ok() => value.to_owned(),
        _ => text(),
    };
    format!("{key} = {written}\n")
}

/// The type that the schema wants at `key`.
fn kind<'s>(key: &str, root: &'s Value) -> Option<&'s str> {
    let resolve = |schema: &'s Value| match schema["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        Some(target) => root.pointer(target).unwrap_or(schema),
        None => schema,
    };
    let schema = Key::parse(key).ok()?.iter().try_fold(root, |schema, key| {
        let known = schema["properties"].get(key.get());
        known.or_else(|| schema.get("additionalProperties")).map(resolve)
    })?;
    let choices = schema["oneOf"].as_array().is_some_and(|choices| choices.iter().all(|one| one["const"].is_string()));
    match &schema["type"] {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => choices.then_some("string"),
    }
}

#[cfg(test)]
mod tests {
    use super::{key_of_variable, line};

    #[test]
    fn variable_stands_for_a_key() {
        let check = |name, expected: Option<&str>| assert_eq!(key_of_variable(name).as_deref(), expected, "{name}");
        check("SWITCHBOARD_LIMITS__CALL_MS_MAX", Some("limits.call_ms_max"));
        check("SWITCHBOARD_SERVERS__GIT__ENV__GIT_TOKEN", Some("servers.git.env.GIT_TOKEN"));
        check("SWITCHBOARD_CONFIG", None);
        check("OTHER_LIMITS__X", None);
    }

    #[test]
    fn value_is_written_as_the_schema_wants_it() {
        let schema = crate::schema();
        let check = |key, value, expected| assert_eq!(line(key, value, &schema), format!("{key} = {expected}\n"));
        check("limits.call_ms_max", "1_000", "1_000");
        check("gateway.name", "42", "\"42\"");
        check("gateway.legacy_stateless", "true", "true");
        check("gateway.listen", "127.0.0.1:1,unix:/x", "[\"127.0.0.1:1\", \"unix:/x\"]");
        check("gateway.allowed_hosts", "[\"a\"]", "[\"a\"]");
        check("log.format", "json", "\"json\"");
        check("servers.git.env.TOKEN", "1", "\"1\"");
        check("limits.nonsense", "a b", "\"a b\"");
    }
}
