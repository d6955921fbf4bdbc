//! A client's entry as a section of our configuration.

use std::path::Path;

use adoption::{Kind, Server, Way};
use serde_json::{Map, Value, json};

/// The longest name that a server may have.
const NAME_BYTES_MAX: usize = 32;

/// The settings of a server of ours that does what the entry says.
pub(crate) fn section(server: &Server) -> Value {
    let mut section = Map::new();
    let mut put = |key: &str, value: Value| drop(section.insert(key.to_owned(), value));
    match &server.way {
        Way::Program { command, args, env, cwd } => {
            put("command", json!(command));
            if !args.is_empty() {
                put("args", json!(args));
            }
            if !env.is_empty() {
                put("env", json!(env));
            }
            if let Some(cwd) = cwd {
                put("cwd", json!(cwd));
            }
        }
        Way::Address { url, kind, headers } => {
            put("url", json!(url));
            if *kind == Kind::Sse {
                put("transport", json!("sse"));
            }
            if !headers.is_empty() {
                put("headers", json!(headers));
            }
        }
    }
    if !server.enabled {
        put("enabled", json!(false));
    }
    Value::Object(section)
}

/// Whether the entry leads to this program, so that taking it over would lead in a circle.
pub(crate) fn is_ours(server: &Server, addresses: &[String]) -> bool {
    match &server.way {
        Way::Program { command, args, .. } => {
            let program = Path::new(command).file_stem().and_then(|name| name.to_str());
            program == Some("switchboard") && args.first().is_some_and(|verb| verb == "stdio")
        }
        Way::Address { url, .. } => {
            let same = |address: &String| url.strip_prefix(address.as_str()).is_some_and(|rest| rest.starts_with('/'));
            addresses.iter().any(same)
        }
    }
}

/// A name that may stand in our configuration, as near as can be to the client's.
pub(crate) fn plain_name(name: &str) -> String {
    let plain = |letter: char| match letter.to_ascii_lowercase() {
        letter @ ('a'..='z' | '0'..='9' | '-' | '_') => letter,
        _ => '-',
    };
    let name: String = name.chars().map(plain).collect();
    let name = name.trim_start_matches(['-', '_']);
    let name = &name[..name.len().min(NAME_BYTES_MAX)];
    let name = name.trim_end_matches(['-', '_']);
    if name.is_empty() { "server".to_owned() } else { name.to_owned() }
}

/// The first reference in the entry that only its client can resolve, such as `${input:token}`.
pub(crate) fn unresolved(server: &Server) -> Option<String> {
    let texts: Vec<&String> = match &server.way {
        Way::Program { command, args, env, cwd } => {
            [command].into_iter().chain(args).chain(env.values()).chain(cwd).collect()
        }
        Way::Address { url, headers, .. } => [url].into_iter().chain(headers.values()).collect(),
    };
    texts.into_iter().find_map(|text| {
        let foreign = |tail: &&str| !["${env:", "${file:", "${secret:"].iter().any(|ours| tail.starts_with(ours));
        let tail = text.match_indices("${").map(|(at, _)| &text[at..]).find(foreign)?;
        Some(tail[..tail.find('}').map_or(tail.len(), |end| end + 1)].to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_what_a_section_may_be_called() {
        for (given, expected) in [
            ("git", "git"),
            ("Brave Search", "brave-search"),
            ("@acme/tools", "acme-tools"),
            ("_x_", "x"),
            ("日本", "server"),
            (&"a".repeat(50), &"a".repeat(32)),
        ] {
            assert_eq!(plain_name(given), expected);
        }
    }

    #[test]
    fn a_section_says_what_the_entry_said() {
        let check = |server: &Server, expected: Value| assert_eq!(section(server), expected);
        check(&Server::program("a", "npx", &["-y"]), json!({"command": "npx", "args": ["-y"]}));
        check(
            &Server { enabled: false, ..Server::address("a", "https://a") },
            json!({"url": "https://a", "enabled": false}),
        );
        let way = Way::Address {
            url: "https://a/sse".to_owned(),
            kind: Kind::Sse,
            headers: [("K".into(), "v".into())].into(),
        };
        check(
            &Server { way, ..Server::address("a", "") },
            json!({"url": "https://a/sse", "transport": "sse", "headers": {"K": "v"}}),
        );
    }

    #[test]
    fn an_entry_that_leads_here_is_known() {
        let ours = ["http://127.0.0.1:3100".to_owned()];
        let check = |server: Server, expected| assert_eq!(is_ours(&server, &ours), expected, "{server:?}");
        check(Server::program("s", "/opt/bin/switchboard", &["stdio"]), true);
        check(Server::program("s", "switchboard", &["serve"]), false);
        check(Server::address("s", "http://127.0.0.1:3100/mcp"), true);
        check(Server::address("s", "http://127.0.0.1:31000/mcp"), false);
    }

    #[test]
    fn what_only_the_client_can_resolve_is_found() {
        let check = |arg: &str, expected: Option<&str>| {
            assert_eq!(unresolved(&Server::program("a", "x", &[arg])).as_deref(), expected);
        };
        check("${env:A} and ${input:token}!", Some("${input:token}"));
        check("Bearer ${{ secrets.T }}", Some("${{ secrets.T }"));
        check("${env:A}", None);
    }
}
