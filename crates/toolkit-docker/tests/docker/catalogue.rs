//! What the toolkit says of itself.

use serde_json::json;
use toolkit::Connection;

use crate::client::{Client, toolkit_in};

#[test]
fn the_tools_read_like_a_catalogue() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue: Vec<String> = toolkit_in(folder.path())
        .declarations()
        .map(|tool| {
            let names = |schema: Option<&serde_json::Map<String, serde_json::Value>>| {
                let own = schema.and_then(|schema| schema["properties"].as_object());
                own.map(|own| own.keys().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default()
            };
            let letters = tool.marks.letters();
            format!("{} [{letters}] ({}) -> {}\n", tool.name, names(Some(&tool.input)), names(tool.output.as_ref()))
        })
        .collect();
    assert_eq!(catalogue.concat(), include_str!("catalogue.txt"));
}

#[tokio::test]
async fn every_example_is_an_argument_that_the_tool_takes() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::connect(folder.path(), Connection::to("unix:///run/nobody.sock"));
    let listed = client.ask("tools/list", json!({})).await;
    for tool in listed["tools"].as_array().expect("a list") {
        let examples =
            tool["inputSchema"]["examples"].as_array().unwrap_or_else(|| panic!("{} has none", tool["name"]));
        let properties = tool["inputSchema"]["properties"].as_object().expect("an object");
        for example in examples {
            for name in example.as_object().expect("an object").keys() {
                assert!(properties.contains_key(name), "{}: {name}", tool["name"]);
            }
        }
    }
}
