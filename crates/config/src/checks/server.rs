//! Rules of `[servers.NAME]`: one way to reach it, keys that fit this way, and names that are its own.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::api;
use super::names::skeleton;
use super::queue;
use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Glob, Server, TOOLKITS, Transport, nearest};

/// Reports what is wrong with the server `name`.
pub(super) fn check(name: &str, server: &Server, problems: &mut Problems<'_>) {
    let path = KeyPath::of(["servers", name]);
    match (&server.command, server.address()) {
        _ if server.is_own(name) => {}
        _ if server.is_api() => api::check(server, &path, problems),
        _ if server.toolkit.is_some() => check_toolkit(server, &path, problems),
        (Some(command), None) => check_command(command, server, &path, problems),
        (None, Some(_)) => check_addresses(server, &path, problems),
        (Some(_), Some(_)) if server.url.is_none() => {
            problems.add(&path.key("instances"), "both `command` and `instances` are given", "remove one");
        }
        (Some(_), Some(_)) => problems.add(&path.key("url"), "both `command` and `url` are given", "remove one"),
        (None, None) => problems.add(
            &path,
            "neither `command` nor `url` is given",
            "give `command` to run a program, `url` to reach a server, `toolkit` for a built-in one, or `openapi`, `rest`, `graphql` or `grpc` for an api",
        ),
    }
    if server.address().is_none() {
        unused(!server.only_regions.is_empty(), "only_regions", "instances", &path, problems);
    }
    if server.toolkit.is_none() {
        unused(!server.roots.is_empty(), "roots", "toolkit", &path, problems);
        unused(server.sandbox.is_some(), "sandbox", "toolkit", &path, problems);
        unused(!server.connections.is_empty(), "connections", "toolkit", &path, problems);
        unused(server.show_commands, "show_commands", "toolkit", &path, problems);
    }
    check_renames(&server.rename, &path.key("rename"), problems);
    check_tool_globs(server, &path.key("tool"), problems);
    queue::check_locks(server, &path, problems);
    if !server.is_api() {
        api::check_unused(server, &path, problems);
    }
}

/// Reports servers whose tools would begin with the same prefix as those of another.
pub(super) fn check_prefixes(servers: &BTreeMap<String, Server>, problems: &mut Problems<'_>) {
    let mut seen = BTreeMap::new();
    for (name, server) in servers {
        let prefix = server.prefix(name);
        let path = KeyPath::of(["servers", name, "prefix"]);
        if server.prefix.is_some() && !prefix.is_empty() && !is_tool_name(prefix) {
            let hint = "use letters, digits, `-` and `_`, at most 64";
            problems.add(&path, format!("`{prefix}` is no prefix"), hint);
        }
        if let Some(other) = seen.insert(skeleton(prefix), name) {
            // Look-alike names are already reported as such.
            if skeleton(name) != skeleton(other) {
                let message = format!("the prefix `{prefix}` is also that of the server `{other}`");
                problems.add(&path, message, "give each server its own prefix");
            }
        }
    }
}

/// Reports new names that are no tool names, or that two tools share.
pub(super) fn check_renames(rename: &BTreeMap<String, String>, path: &KeyPath, problems: &mut Problems<'_>) {
    let mut seen = BTreeSet::new();
    for (own, exposed) in rename {
        if !is_tool_name(exposed) {
            let hint = "use 1 to 64 letters, digits, `-` and `_`";
            problems.add(&path.key(own), format!("`{exposed}` is no tool name"), hint);
        }
        if !seen.insert(exposed) {
            problems.add(&path.key(own), format!("two tools become `{exposed}`"), "give each its own name");
        }
    }
}

/// Reports keys of `tool` that match nothing because they are no globs.
fn check_tool_globs(server: &Server, path: &KeyPath, problems: &mut Problems<'_>) {
    for glob in server.tool.keys() {
        if let Err(error) = glob.parse::<Glob>() {
            problems.add(&path.key(glob), error.to_string(), Glob::HINT);
        }
    }
}

fn check_command(command: &str, server: &Server, path: &KeyPath, problems: &mut Problems<'_>) {
    if command.trim().is_empty() {
        problems.add(&path.key("command"), "the command is empty", "name a program");
    }
    if !matches!(server.transport, Transport::Auto | Transport::Stdio) {
        problems.add(&path.key("transport"), "a `command` speaks `stdio` only", "remove `transport`");
    }
    for name in server.env.keys().filter(|name| name.is_empty() || name.contains(['=', '\0'])) {
        problems.add(&path.key("env").key(name), format!("`{name}` cannot name a variable"), "leave out `=`");
    }
    unused(!server.headers.is_empty(), "headers", "url", path, problems);
}

fn check_toolkit(server: &Server, path: &KeyPath, problems: &mut Problems<'_>) {
    let name = server.toolkit.as_deref().unwrap_or_default();
    if !TOOLKITS.contains(&name) {
        let hint = nearest::hint(name, TOOLKITS.iter().copied());
        problems.add(&path.key("toolkit"), format!("there is no toolkit `{name}`"), hint);
    }
    for (key, given) in [("command", server.command.is_some()), ("url", server.url.is_some())] {
        if given {
            problems.add(&path.key(key), format!("both `toolkit` and `{key}` are given"), "remove one");
        }
    }
    for (place, root) in server.roots.iter().enumerate() {
        if !(root.starts_with('/') || root == "~" || root.starts_with("~/")) {
            let hint = "write an absolute path, or one that begins with `~/`";
            problems.add(&path.key("roots").index(place), format!("`{root}` is no place to work in"), hint);
        }
    }
    check_connections(server, &path.key("connections"), problems);
    if !matches!(server.transport, Transport::Auto | Transport::Stdio) {
        problems.add(&path.key("transport"), "a `toolkit` speaks `stdio` only", "remove `transport`");
    }
    unused(!server.headers.is_empty(), "headers", "url", path, problems);
    unused(!server.args.is_empty(), "args", "command", path, problems);
    unused(server.cwd.is_some(), "cwd", "command", path, problems);
}

/// Reports connections that cannot be named or lead nowhere. Which addresses there are is for the toolkit to say.
fn check_connections(server: &Server, path: &KeyPath, problems: &mut Problems<'_>) {
    for (name, connection) in &server.connections {
        let path = path.key(name);
        if !is_tool_name(name) {
            problems.add(
                &path,
                format!("`{name}` cannot name a connection"),
                "use 1 to 64 letters, digits, `-` and `_`",
            );
        }
        if connection.url.is_empty() {
            problems.add(&path.key("url"), "the connection has no address", "give `url`");
        }
        unused(connection.certificate.is_some() && connection.key.is_none(), "certificate", "key", &path, problems);
        unused(connection.key.is_some() && connection.certificate.is_none(), "key", "certificate", &path, problems);
    }
}

fn check_addresses(server: &Server, path: &KeyPath, problems: &mut Problems<'_>) {
    let of_instances = server.instances.iter().enumerate().map(|(place, instance)| {
        let path = path.key("instances").index(place).key("url");
        (path, instance.url.as_str())
    });
    let mut seen = BTreeSet::new();
    for (path, url) in server.url.iter().map(|url| (path.key("url"), url.as_str())).chain(of_instances) {
        if let Err((message, hint)) = fitting_url(url, server.transport) {
            problems.add(&path, message, hint);
        }
        if !seen.insert(url) {
            problems.add(&path, "two instances have the same address", "remove one");
        }
    }
    let regions: BTreeSet<_> = server.instances.iter().map(|instance| &instance.region).collect();
    for (place, region) in server.only_regions.iter().enumerate().filter(|(_, region)| !regions.contains(region)) {
        let path = path.key("only_regions").index(place);
        problems.add(&path, format!("no instance stands in `{region}`"), "give an instance this `region`");
    }
    check_headers(server, path, problems);
    unused(!server.args.is_empty(), "args", "command", path, problems);
    unused(!server.env.is_empty(), "env", "command", path, problems);
    unused(server.cwd.is_some(), "cwd", "command", path, problems);
}

/// Reports headers that cannot be sent.
pub(super) fn check_headers(server: &Server, path: &KeyPath, problems: &mut Problems<'_>) {
    for name in server.headers.keys().filter(|name| !is_header_name(name)) {
        problems.add(&path.key("headers").key(name), format!("`{name}` is no header name"), None);
    }
    for (name, value) in &server.headers {
        if value.expose().contains(|letter: char| letter.is_control()) {
            let hint = "remove line ends and other control characters";
            problems.add(&path.key("headers").key(name), "the value cannot be sent as a header", hint);
        }
    }
}

/// Whether `text` is an address that `transport` can reach, or what is wrong and what to do.
fn fitting_url(text: &str, transport: Transport) -> Result<(), (String, &'static str)> {
    let Ok(url) = Url::parse(text) else {
        return Err((format!("`{text}` is no url"), "write `https://example.org/mcp` or `unix:/path/to/socket`"));
    };
    if !url.username().is_empty() || url.password().is_some() {
        let hint = "send them in `headers`, with `${env:NAME}`";
        return Err(("a url must not hold a user name or password".to_owned(), hint));
    }
    let fitting: &[Transport] = match url.scheme() {
        "http" | "https" => &[Transport::Auto, Transport::Http, Transport::Sse],
        "ws" | "wss" => &[Transport::Auto, Transport::Ws],
        "unix" if text.starts_with("unix:/") => &[Transport::Auto, Transport::Unix],
        "unix" => {
            return Err((format!("`{text}` is no absolute path"), "write `unix:/path/to/socket`"));
        }
        scheme => {
            return Err((format!("`{scheme}` is no scheme we speak"), "use http, https, ws, wss or unix"));
        }
    };
    if fitting.contains(&transport) {
        return Ok(());
    }
    Err((format!("`{}` does not fit the transport", url.scheme()), "remove `transport`"))
}

/// Reports a key that has no effect without another one.
pub(super) fn unused(given: bool, key: &str, without: &str, path: &KeyPath, problems: &mut Problems<'_>) {
    if given {
        problems.add(&path.key(key), format!("`{key}` has no effect without `{without}`"), "remove it");
    }
}

pub(super) fn is_tool_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Whether `name` is a token of RFC 9110.
fn is_header_name(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

#[cfg(test)]
mod tests {
    use super::fitting_url;
    use crate::Transport;

    fn check(text: &str, transport: Transport, expected: bool) {
        assert_eq!(fitting_url(text, transport).is_ok(), expected, "{text} {transport:?}");
    }

    #[test]
    fn url_fits_its_transport() {
        check("http://127.0.0.1:8080/mcp", Transport::Auto, true);
        check("https://example.org/sse", Transport::Sse, true);
        check("wss://example.org/mcp", Transport::Ws, true);
        check("unix:/run/server.sock", Transport::Unix, true);
        check("https://example.org/mcp", Transport::Ws, false);
        check("unix:/run/server.sock", Transport::Http, false);
        check("https://example.org/mcp", Transport::Stdio, false);
    }

    #[test]
    fn url_of_unknown_scheme_or_with_password_is_refused() {
        check("example.org/mcp", Transport::Auto, false);
        check("ftp://example.org/", Transport::Auto, false);
        check("unix:server.sock", Transport::Auto, false);
        check("https://user:word@example.org/mcp", Transport::Auto, false);
    }
}
