//! Every client's file as it really looks: what is read from it, and that nothing else changes when a server is added
//! and removed.

use std::{collections::BTreeMap, fs, path::Path};

use adoption::{Client, Error, Kind, Server, Syntax, Way, add, read, remove};

fn sample(client: &Client) -> String {
    let extension = match client.syntax {
        Syntax::Json => "json",
        Syntax::Toml => "toml",
        Syntax::Yaml => "yaml",
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/samples/{}.{extension}", client.key));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn ours(client: &Client) -> Server {
    match client.words.url {
        Some(_) => Server::address("switchboard", "http://127.0.0.1:3100/mcp"),
        None => Server::program("switchboard", "switchboard", &["stdio"]),
    }
}

/// The sample as it is, with a byte order mark, with line ends of Windows, and without a last line end.
fn variants(text: &str) -> Vec<String> {
    let windows = text.replace('\n', "\r\n");
    vec![text.to_owned(), format!("\u{feff}{text}"), windows.clone(), format!("\u{feff}{windows}")]
}

#[test]
fn a_server_that_is_added_and_removed_leaves_every_byte_as_it_was() {
    for client in Client::ALL {
        for text in variants(&sample(client)) {
            let added = add(client, &text, &ours(client)).unwrap_or_else(|error| panic!("{}: {error}", client.key));
            assert_ne!(added, text, "{}", client.key);
            assert_eq!(remove(client, &added, "switchboard").unwrap(), text, "{}", client.key);
        }
    }
}

#[test]
fn an_added_server_is_read_back_among_the_others() {
    for client in Client::ALL {
        for text in variants(&sample(client)) {
            let mut expected = read(client, &text).unwrap();
            let added = add(client, &text, &ours(client)).unwrap();
            let way = match ours(client).way {
                Way::Address { url, headers, .. } => {
                    let kind = if client.words.address_type.is_some() { Kind::Http } else { Kind::Unsaid };
                    Way::Address { url, kind, headers }
                }
                program @ Way::Program { .. } => program,
            };
            expected.push(Server { way, ..ours(client) });
            assert_eq!(read(client, &added).unwrap(), expected, "{}", client.key);
        }
    }
}

#[test]
fn every_line_that_was_there_is_still_there() {
    for client in Client::ALL {
        let text = sample(client);
        let added = add(client, &text, &ours(client)).unwrap();
        let bare = |line: &str| line.trim_end_matches(',').to_owned();
        let lines: Vec<String> = added.lines().map(bare).collect();
        for line in text.lines() {
            assert!(lines.contains(&bare(line)), "{}: {line:?} is gone from\n{added}", client.key);
        }
    }
}

#[test]
fn line_ends_stay_what_they_were() {
    for client in Client::ALL {
        let added = add(client, &sample(client).replace('\n', "\r\n"), &ours(client)).unwrap();
        assert_eq!(added.matches('\n').count(), added.matches("\r\n").count(), "{}", client.key);
    }
}

#[test]
fn a_file_that_is_not_there_yet_is_begun() {
    for client in Client::ALL {
        let begun = add(client, "", &ours(client)).unwrap();
        assert!(begun.ends_with('\n'), "{begun:?}");
        assert_eq!(read(client, &begun).unwrap().len(), 1, "{begun}");
    }
}

#[test]
fn what_is_there_or_not_there_is_said() {
    for client in Client::ALL {
        let text = sample(client);
        let added = add(client, &text, &ours(client)).unwrap();
        assert_eq!(add(client, &added, &ours(client)), Err(Error::Exists("switchboard".to_owned())), "{}", client.key);
        assert_eq!(
            remove(client, &text, "switchboard"),
            Err(Error::Missing("switchboard".to_owned())),
            "{}",
            client.key
        );
    }
}

#[test]
fn each_server_of_a_file_can_be_taken_out() {
    for client in Client::ALL {
        let text = sample(client);
        for server in read(client, &text).unwrap() {
            let rest = remove(client, &text, &server.name).unwrap();
            let names: Vec<String> = read(client, &rest).unwrap().into_iter().map(|server| server.name).collect();
            assert!(!names.contains(&server.name), "{}: {}", client.key, server.name);
        }
    }
}

#[test]
fn a_broken_file_is_answered_with_its_place() {
    for (key, text, place) in [
        ("cursor", "{\n  \"mcpServers\": {\n", "line 2"),
        ("cursor", "{\n  'mcpServers': {}\n}", "line 2"),
        ("codex", "[mcp_servers.a]\ncommand = \n", "line 2"),
        ("continue", "name: a\nmcpServers: [\n", "line 2"),
    ] {
        let error = read(Client::find(key).unwrap(), text).unwrap_err();
        assert!(error.to_string().starts_with(place), "{key}: {error}");
    }
}

#[test]
fn a_list_of_another_shape_is_left_alone() {
    for (key, text, error) in [
        ("cursor", "[]", Error::Shape("the file".to_owned())),
        ("cursor", r#"{"mcpServers": []}"#, Error::Shape("mcpServers".to_owned())),
        ("cursor", r#"{"mcpServers": {}, "mcpServers": {}}"#, Error::Twice("mcpServers".to_owned())),
        ("codex", "mcp_servers = 1\n", Error::Shape("mcp_servers".to_owned())),
        ("codex", "mcp_servers = { a = { command = \"x\" } }\n", Error::Form("mcp_servers".to_owned())),
        ("continue", "mcpServers: {}\n", Error::Shape("mcpServers".to_owned())),
        ("continue", "mcpServers: [{name: a, command: b}]\n", Error::Form("mcpServers".to_owned())),
    ] {
        let client = Client::find(key).unwrap();
        assert_eq!(add(client, text, &ours(client)), Err(error), "{text}");
    }
}

fn way_of(client: &str, name: &str) -> (bool, Way) {
    let client = Client::find(client).expect("a known client");
    let servers = read(client, &sample(client)).expect("a sample that can be read");
    let server = servers.into_iter().find(|server| server.name == name).expect("a server of the sample");
    (server.enabled, server.way)
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn programs_are_read_in_full() {
    let check = |client, name, enabled, command: &str, args: &[&str], env: &[(&str, &str)], cwd: Option<&str>| {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        let way = Way::Program { command: command.to_owned(), args, env: map(env), cwd: cwd.map(str::to_owned) };
        assert_eq!(way_of(client, name), (enabled, way), "{client} {name}");
    };
    check("claude-code", "db", true, "uvx", &["db-mcp", "--dsn", "${env:DSN}"], &[], None);
    check("codex", "docs", true, "npx", &["-y", "docs-mcp"], &[("LOG", "warn")], None);
    check("windsurf", "local", false, "npx", &["-y", "local-mcp"], &[], None);
    check("zed", "older", true, "older-mcp", &["serve"], &[], None);
    check(
        "continue",
        "sqlite",
        true,
        "uvx",
        &["mcp-server-sqlite", "--db-path", "./app.db"],
        &[("LEVEL", "info")],
        None,
    );
    check("gemini-cli", "py", true, "python", &["-m", "py_mcp"], &[], Some("./tools"));
}

#[test]
fn addresses_are_read_in_full() {
    let check = |client, name, enabled, url: &str, kind, headers: &[(&str, &str)]| {
        let way = Way::Address { url: url.to_owned(), kind, headers: map(headers) };
        assert_eq!(way_of(client, name), (enabled, way), "{client} {name}");
    };
    let (http, sse, unsaid) = (Kind::Http, Kind::Sse, Kind::Unsaid);
    let issues = "https://issues.example.com/mcp";
    check("claude-code", "issues", true, issues, http, &[("Authorization", "Bearer ${env:ISSUES_TOKEN}")]);
    check("claude-code", "old", true, "https://old.example.com/sse", sse, &[]);
    let github = "https://github.example.com/mcp/";
    check("vscode", "github", true, github, http, &[("Authorization", "Bearer ${input:token}")]);
    let figma = [("Authorization", "Bearer ${env:FIGMA_TOKEN}"), ("X-Region", "eu")];
    check("codex", "figma", false, "https://figma.example.com/mcp", unsaid, &figma);
    let tools = "https://tools.example.com/mcp";
    check("windsurf", "remote", true, tools, unsaid, &[("API_KEY", "Bearer ${env:KEY}")]);
    check("continue", "remote", true, tools, http, &[("Authorization", "Bearer ${{ secrets.TOOLS }}")]);
    check("gemini-cli", "maps", true, "https://maps.example.com/mcp", unsaid, &[]);
}

#[test]
fn what_an_extension_brings_is_no_server_of_the_file() {
    let zed = Client::find("zed").unwrap();
    let names: Vec<String> = read(zed, &sample(zed)).unwrap().into_iter().map(|server| server.name).collect();
    assert_eq!(names, ["postgres", "older"]);
}
