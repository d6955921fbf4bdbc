//! Rules of `[servers.NAME]` where the server is an API: one kind of it, addresses that can be reached, and
//! hand-described tools whose arguments have a place.

use url::Url;

use super::server::{check_headers, is_tool_name, unused};
use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Auth, Operations, RestList, RestMethod, RestPlace, RestTool, Server};

/// Reports what is wrong with an API.
pub(super) fn check(server: &Server, path: &KeyPath, problems: &mut Problems<'_>) {
    check_kind(server, path, problems);
    for (key, address) in [("graphql", &server.graphql), ("grpc", &server.grpc), ("base_url", &server.base_url)] {
        if let Some(hint) = address.as_deref().and_then(wrong_address) {
            problems.add(&path.key(key), "this is no address of an api", hint);
        }
    }
    if server.base_url.is_none() && !server.rest.tools.is_empty() {
        problems.add(&path.key("rest"), "`base_url` is missing", "say where the api answers");
    }
    for (name, tool) in &server.rest.tools {
        let path = path.key("rest").key("tools").key(name);
        check_tool(name, tool, &path, problems);
        if let Some(list) = &tool.list {
            check_list(list, (server, tool), &path.key("list"), problems);
        }
    }
    check_headers(server, path, problems);
    check_auth(&server.auth, &path.key("auth"), problems);
    unused(server.descriptor_set.is_some() && server.grpc.is_none(), "descriptor_set", "grpc", path, problems);
    let has_base = server.openapi.is_some() || !server.rest.tools.is_empty();
    unused(server.base_url.is_some() && !has_base, "base_url", "openapi` or `rest", path, problems);
}

/// Reports keys of APIs at a server that is none.
pub(super) fn check_unused(server: &Server, path: &KeyPath, problems: &mut Problems<'_>) {
    const KINDS: &str = "openapi`, `rest`, `graphql` or `grpc";
    unused(server.base_url.is_some(), "base_url", KINDS, path, problems);
    unused(server.descriptor_set.is_some(), "descriptor_set", KINDS, path, problems);
    unused(server.auth != Auth::default(), "auth", KINDS, path, problems);
    unused(server.include != Operations::default(), "include", KINDS, path, problems);
    unused(server.exclude != Operations::default(), "exclude", KINDS, path, problems);
}

/// An API is of one kind, and is neither a program nor an MCP server.
fn check_kind(server: &Server, path: &KeyPath, problems: &mut Problems<'_>) {
    let kinds = [
        ("command", server.command.is_some()),
        ("url", server.url.is_some()),
        ("toolkit", server.toolkit.is_some()),
        ("openapi", server.openapi.is_some()),
        ("graphql", server.graphql.is_some()),
        ("grpc", server.grpc.is_some()),
        ("rest", !server.rest.tools.is_empty()),
    ];
    let given: Vec<&str> = kinds.into_iter().filter_map(|(key, given)| given.then_some(key)).collect();
    if let [first, .., last] = given.as_slice() {
        problems.add(&path.key(last), format!("both `{first}` and `{last}` are given"), "remove one");
    }
}

/// What to do about `text` where it is no `http` or `https` address without credentials.
fn wrong_address(text: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(text) else { return Some("write `https://api.example.org/v1`") };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Some("write `https://api.example.org/v1`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("user and password belong into `auth`");
    }
    (url.query().is_some() || url.fragment().is_some()).then_some("leave out `?` and `#`; `auth.query` adds to queries")
}

fn check_auth(auth: &Auth, path: &KeyPath, problems: &mut Problems<'_>) {
    if auth.bearer.is_some() && auth.user.is_some() {
        problems.add(&path.key("user"), "both `bearer` and `user` are given", "remove one");
    }
    unused(auth.password.is_some() && auth.user.is_none(), "password", "user", path, problems);
}

fn check_tool(name: &str, tool: &RestTool, path: &KeyPath, problems: &mut Problems<'_>) {
    if !is_tool_name(name) {
        problems.add(path, format!("`{name}` is no tool name"), "use 1 to 64 letters, digits, `-` and `_`");
    }
    if !tool.path.starts_with('/') || tool.path.contains(['?', '#']) {
        problems.add(&path.key("path"), format!("`{}` is no path", tool.path), "begin with `/`, leave out `?` and `#`");
    }
    let has_body = !matches!(tool.method, RestMethod::Get | RestMethod::Delete);
    for (argument, settings) in &tool.arguments {
        if settings.place == RestPlace::Body && !has_body {
            let hint = "choose another method, or `in = \"query\"`";
            problems.add(&path.key("arguments").key(argument), "this method has no body", hint);
        }
    }
}

fn check_list(list: &RestList, (server, tool): (&Server, &RestTool), path: &KeyPath, problems: &mut Problems<'_>) {
    if tool.method != RestMethod::Get {
        problems.add(path, "a tool that does more than read has no list form", "remove `list`");
    }
    if !is_tool_name(&list.tool) {
        let hint = "use 1 to 64 letters, digits, `-` and `_`";
        problems.add(&path.key("tool"), format!("`{}` is no tool name", list.tool), hint);
    }
    let forms = server.rest.tools.values().filter_map(|other| other.list.as_ref());
    if server.rest.tools.contains_key(&list.tool) || forms.filter(|other| other.tool == list.tool).count() > 1 {
        problems.add(&path.key("tool"), "another tool has this name", "choose another one");
    }
    if !list.path.starts_with('/') || list.path.contains(['?', '#', '{']) {
        let hint = "begin with `/`, leave out `?`, `#` and arguments";
        problems.add(&path.key("path"), format!("`{}` is no path of a list", list.path), hint);
    }
    if !tool.path.contains(&format!("{{{}}}", list.argument)) && !tool.arguments.contains_key(&list.argument) {
        let hint = "name the argument whose values are asked for";
        problems.add(&path.key("argument"), format!("the tool has no argument `{}`", list.argument), hint);
    }
    for (key, value) in [("name", &list.name), ("key", &list.key)] {
        if value.is_empty() {
            problems.add(&path.key(key), format!("`{key}` is missing"), "see the documentation of `list`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::wrong_address;

    #[test]
    fn address_of_an_api_is_plain_http() {
        for (text, expected) in [
            ("https://api.example.org/v1", true),
            ("http://127.0.0.1:8080", true),
            ("api.example.org", false),
            ("file:///etc/passwd", false),
            ("https://ann:word@example.org", false),
            ("https://example.org/?key=1", false),
        ] {
            assert_eq!(wrong_address(text).is_none(), expected, "{text}");
        }
    }

    #[test]
    fn list_form_is_of_a_tool_that_reads_and_names_what_there_is() {
        let check = |tool: &str, list: &str, expected: &str| {
            let text = format!(
                "[servers.s]\nbase_url = \"https://api.example.org\"\n[servers.s.rest.tools.one]\n{tool}\n\
                 [servers.s.rest.tools.one.list]\nname = \"ids\"\nkey = \"id\"\n{list}"
            );
            let problems = crate::parse(&text, "f", &|_| None).problems;
            let told: Vec<String> = problems.into_iter().map(|problem| problem.to_string()).collect();
            assert!(
                if expected.is_empty() { told.is_empty() } else { told.iter().any(|text| text.contains(expected)) },
                "{told:?}"
            );
        };
        let path = "path = \"/one/{id}\"";
        let list = "tool = \"many\"\npath = \"/many\"\nargument = \"id\"";
        check(path, list, "");
        check(&format!("{path}\nmethod = \"put\""), list, "a tool that does more than read has no list form");
        check("path = \"/one\"", list, "the tool has no argument `id`");
        check(path, &list.replace("many\"\np", "one\"\np"), "another tool has this name");
        check(path, &list.replace("/many", "many"), "`many` is no path of a list");
        check(path, &format!("{list}\nmax = 33"), "33");
    }
}
