//! Callers of earlier names: each tool of the ready-made bundles under its names of both families, and each argument under
//! each of its names, as the reference pages promise them. The answers are refusals that tell what a name has led to, so that
//! nothing is done.

use e2e::{Node, toolkits, toolkits::Tool, wire};
use serde_json::{Value, json};

/// The toolkits of the bundles, as far as the program has them.
const MEMBERS: [&str; 5] = ["dev_env", "docker", "server", "project", "graphics"];
/// Another prefix under which the tools of a toolkit are called.
const PREFIX_ALIASES: [(&str, &str); 1] = [("system", "server")];
/// An argument that no tool has.
const UNKNOWN: &str = "no_such_argument_at_all";

#[test]
fn every_name_that_a_page_promises_leads_to_its_tool_and_its_argument() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = toolkits::names();
    let members: Vec<&str> = MEMBERS.into_iter().filter(|name| all.iter().any(|known| known == name)).collect();
    let section =
        |name: &&str| format!("[servers.{name}]\ntoolkit = \"{name}\"\nroots = [\"{}\"]\n", folder.path().display());
    let node = Node::start(&members.iter().map(section).collect::<String>());
    let (mut named, mut understood) = (0, 0);
    for toolkit in members {
        for tool in toolkits::tools(toolkit) {
            for (path, name) in ways(toolkit, &tool) {
                let refusal = refused(&node, &path, &name, &json!({ UNKNOWN: 1 }));
                let expected = format!("`{UNKNOWN}` is not an argument of `{}`", tool.name);
                assert_eq!(refusal["message"], json!(expected), "{path} {name}");
                named += 1;
            }
            for (alias, name) in &tool.argument_aliases {
                let (path, tool) = (format!("/servers/{toolkit}/mcp"), &tool.name);
                let refusal = refused(&node, &path, tool, &json!({ alias: "one", name: "other" }));
                let expected = format!("`{alias}` and `{name}` are the same argument and have different values");
                assert_eq!(refusal["message"], json!(expected), "{tool}");
                understood += 1;
            }
        }
    }
    assert!(named > 100 && understood > 100, "{named} names of tools, {understood} of arguments");
}

/// The endpoints and names under which a tool is called.
fn ways(toolkit: &str, tool: &Tool) -> Vec<(String, String)> {
    let prefixes = PREFIX_ALIASES.iter().filter(|(_, of)| *of == toolkit).map(|(prefix, _)| *prefix);
    let prefixes: Vec<&str> = std::iter::once(toolkit).chain(prefixes).collect();
    let mut ways = vec![("/bundles/devops/mcp".to_owned(), tool.name.clone())];
    for name in std::iter::once(&tool.name).chain(&tool.aliases) {
        ways.push((format!("/servers/{toolkit}/mcp"), name.clone()));
        for prefix in &prefixes {
            for bundle in ["workspace", "devops"] {
                ways.push((format!("/bundles/{bundle}/mcp"), format!("{prefix}_{name}")));
            }
        }
    }
    ways
}

/// Calls a tool that has to refuse its arguments, and gives why.
fn refused(node: &Node, path: &str, name: &str, arguments: &Value) -> Value {
    let answer = wire::call(node.address(), path, "1", name, &arguments.to_string());
    let message: Value = serde_json::from_str(&answer.message()).expect("an answer in JSON");
    let refusal = message["result"]["_meta"]["dev.switchboard/error"].clone();
    assert_eq!(refusal["code"], "INVALID_INPUT", "{path} {name} {arguments}: {message}");
    refusal
}
