//! What the toolkit says of its tools: a table to be read, and the promises of their schemas.

use workbench::{Bench, Denied, Roots};

fn toolkit() -> toolkit::Toolkit {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let roots = Roots::open([folder.path()], Denied::system()).expect("the folder is there");
    toolkit_graphics::toolkit(&Bench { roots })
}

#[test]
fn the_tools_are_those_of_the_catalogue() {
    assert_eq!(toolkit::reference::catalogue(&toolkit()), include_str!("catalogue.txt"));
}

#[test]
fn other_names_are_not_listed() {
    for tool in toolkit().declarations() {
        let listed = tool.to_tool().to_string();
        for alias in ["inputPath", "outputFormat", "maxSize", "maintainAspectRatio"] {
            assert!(!listed.contains(alias), "{}: {alias}", tool.name);
        }
    }
}

#[test]
fn every_argument_and_every_example_is_described() {
    for tool in toolkit().declarations() {
        for (name, schema) in tool.input["properties"].as_object().unwrap() {
            assert!(schema["description"].is_string(), "{}: {name}", tool.name);
        }
        assert!(!tool.examples.is_empty(), "{}", tool.name);
    }
}
