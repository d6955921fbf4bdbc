//! The words in which a client writes an entry. Reading is one for all: it takes every spelling that any of them uses.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    error::Error,
    server::{Kind, Server, Way},
};

/// How a client writes what differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// `type` of a program; `None` where the key is not written.
    pub program_type: Option<&'static str>,
    /// `type` of an address; `None` where the key is not written.
    pub address_type: Option<&'static str>,
    /// The key of the address; `None` if the client only starts programs.
    pub url: Option<&'static str>,
    /// The keys that lead to the headers.
    pub headers: &'static [&'static str],
}

impl Words {
    /// What most clients write.
    pub const COMMON: Self = Self { program_type: None, address_type: None, url: Some("url"), headers: &["headers"] };

    /// An entry in the words of a client.
    pub fn write(&self, server: &Server, client: &'static str) -> Result<Map<String, Value>, Error> {
        let mut entry = Map::new();
        match &server.way {
            Way::Program { command, args, env, cwd } => {
                put(&mut entry, "type", self.program_type);
                entry.insert("command".to_owned(), json!(command));
                entry.insert("args".to_owned(), json!(args));
                if !env.is_empty() {
                    entry.insert("env".to_owned(), json!(env));
                }
                put(&mut entry, "cwd", cwd.as_deref());
            }
            Way::Address { url, headers, .. } => {
                let key =
                    self.url.ok_or(Error::Unable { client, what: "reach an address: it only starts programs" })?;
                put(&mut entry, "type", self.address_type);
                entry.insert(key.to_owned(), json!(url));
                if let (false, [path @ .., last]) = (headers.is_empty(), self.headers) {
                    let mut inner = &mut entry;
                    for key in path {
                        let next = inner.entry(*key).or_insert_with(|| json!({}));
                        inner = next.as_object_mut().ok_or_else(|| Error::Shape((*key).to_owned()))?;
                    }
                    inner.insert((*last).to_owned(), json!(headers));
                }
            }
        }
        Ok(entry)
    }
}

fn put(entry: &mut Map<String, Value>, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        entry.insert(key.to_owned(), json!(value));
    }
}

/// An entry in our words; `None` if it names neither a program nor an address.
pub(crate) fn read(name: &str, entry: &Map<String, Value>) -> Option<Server> {
    let mut entry = entry.clone();
    let enabled = match (entry.remove("enabled"), entry.remove("disabled")) {
        (Some(Value::Bool(enabled)), _) => enabled,
        (_, Some(Value::Bool(disabled))) => !disabled,
        _ => true,
    };
    let kind = match entry.remove("type").as_ref().or(entry.remove("transport").as_ref()).and_then(Value::as_str) {
        Some("sse") => Kind::Sse,
        Some("http" | "streamable-http" | "streamableHttp" | "streamable_http") => Kind::Http,
        _ => Kind::Unsaid,
    };
    for known in ["name", "source"] {
        entry.remove(known);
    }
    let way = program(&mut entry).or_else(|| address(&mut entry, kind))?;
    Some(Server { name: name.to_owned(), enabled, way, unknown: entry.into_iter().map(|(key, _)| key).collect() })
}

fn program(entry: &mut Map<String, Value>) -> Option<Way> {
    let command = match entry.remove("command")? {
        Value::String(command) => command,
        Value::Object(mut parts) => {
            entry.extend(["args", "env"].into_iter().filter_map(|key| Some((key.to_owned(), parts.remove(key)?))));
            parts.remove("path")?.as_str()?.to_owned()
        }
        _ => return None,
    };
    Some(Way::Program {
        command,
        args: entry.remove("args").map(|args| texts(&args)).unwrap_or_default(),
        env: entry.remove("env").map(|env| pairs(&env)).unwrap_or_default(),
        cwd: entry.remove("cwd").and_then(|cwd| cwd.as_str().map(str::to_owned)),
    })
}

fn address(entry: &mut Map<String, Value>, kind: Kind) -> Option<Way> {
    let url = ["url", "serverUrl", "httpUrl"].iter().find_map(|key| entry.remove(*key))?.as_str()?.to_owned();
    let mut headers = BTreeMap::new();
    for key in ["headers", "http_headers"] {
        headers.extend(entry.remove(key).map(|given| pairs(&given)).unwrap_or_default());
    }
    if let Some(options) = entry.remove("requestOptions") {
        headers.extend(options.get("headers").map(pairs).unwrap_or_default());
    }
    if let Some(variables) = entry.remove("env_http_headers") {
        headers.extend(pairs(&variables).into_iter().map(|(name, variable)| (name, format!("${{env:{variable}}}"))));
    }
    if let Some(Value::String(variable)) = entry.remove("bearer_token_env_var") {
        headers.insert("Authorization".to_owned(), format!("Bearer ${{env:{variable}}}"));
    }
    Some(Way::Address { url, kind, headers })
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(plain).map(|text| with_variables(&text)).collect()
}

fn pairs(object: &Value) -> BTreeMap<String, String> {
    let pair = |(key, value): (&String, &Value)| (key.clone(), with_variables(&plain(value)));
    object.as_object().into_iter().flatten().map(pair).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `${NAME}` and `{env:NAME}`, as some clients write it, in the spelling that we understand: `${env:NAME}`.
fn with_variables(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['$', '{']) {
        out.push_str(&rest[..start]);
        let tail = &rest[start..];
        let taken = if let Some((name, taken)) = variable(tail) {
            out.extend(["${env:", name, "}"]);
            taken
        } else {
            out.push_str(&tail[..1]);
            1
        };
        rest = &tail[taken..];
    }
    out.push_str(rest);
    out
}

/// The variable that a text begins with, and how long it stands there.
fn variable(text: &str) -> Option<(&str, usize)> {
    let (open, inner) = ["${env:", "${", "{env:"].iter().find_map(|open| Some((open, text.strip_prefix(open)?)))?;
    let name = &inner[..inner.find('}')?];
    is_variable(name).then(|| (name, open.len() + name.len() + 1))
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entry: &Value, expected: Option<&Server>) {
        assert_eq!(read("x", entry.as_object().unwrap()).as_ref(), expected, "{entry}");
    }

    #[test]
    fn every_spelling_of_a_program_is_read() {
        let plain = Server::program("x", "npx", &["-y", "a"]);
        check(&json!({"command": "npx", "args": ["-y", "a"]}), Some(&plain));
        check(&json!({"type": "stdio", "command": "npx", "args": ["-y", "a"]}), Some(&plain));
        check(&json!({"source": "custom", "command": {"path": "npx", "args": ["-y", "a"]}}), Some(&plain));
        check(
            &json!({"command": "npx", "args": ["-y", "a"], "disabled": true}),
            Some(&Server { enabled: false, ..plain.clone() }),
        );
        check(
            &json!({"command": "npx", "args": ["-y", "a"], "autoApprove": []}),
            Some(&Server { unknown: vec!["autoApprove".to_owned()], ..plain }),
        );
    }

    #[test]
    fn every_spelling_of_an_address_is_read() {
        let address = |kind, headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let way = Way::Address { url: "https://a/mcp".to_owned(), kind, headers };
            Server { way, ..Server::address("x", "") }
        };
        check(&json!({"url": "https://a/mcp"}), Some(&address(Kind::Unsaid, &[])));
        check(
            &json!({"serverUrl": "https://a/mcp", "headers": {"A": "b"}}),
            Some(&address(Kind::Unsaid, &[("A", "b")])),
        );
        check(&json!({"type": "sse", "url": "https://a/mcp"}), Some(&address(Kind::Sse, &[])));
        check(
            &json!({"type": "streamable-http", "url": "https://a/mcp", "requestOptions": {"headers": {"A": "b"}}}),
            Some(&address(Kind::Http, &[("A", "b")])),
        );
        check(
            &json!({"url": "https://a/mcp", "bearer_token_env_var": "T", "env_http_headers": {"X": "Y"}, "enabled": true}),
            Some(&address(Kind::Unsaid, &[("Authorization", "Bearer ${env:T}"), ("X", "${env:Y}")])),
        );
    }

    #[test]
    fn what_is_neither_is_nothing() {
        check(&json!({"note": 1}), None);
        check(&json!({"command": 7}), None);
    }

    #[test]
    fn variables_are_read_in_every_spelling_and_other_braces_are_left_alone() {
        for (given, expected) in [
            ("${HOME}/x", "${env:HOME}/x"),
            ("${env:A}", "${env:A}"),
            ("{env:A}-{env:B}", "${env:A}-${env:B}"),
            ("${workspaceFolder:x}", "${workspaceFolder:x}"),
            ("${input:token}", "${input:token}"),
            ("a $ {b} {env:} ${", "a $ {b} {env:} ${"),
            ("é${A}é", "é${env:A}é"),
        ] {
            assert_eq!(with_variables(given), expected);
        }
    }

    #[test]
    fn an_address_is_refused_by_a_client_that_only_starts_programs() {
        let words = Words { url: None, ..Words::COMMON };
        let refused = words.write(&Server::address("x", "http://a"), "It").unwrap_err();
        assert_eq!(refused.to_string(), "It cannot reach an address: it only starts programs");
    }
}
