//! What the fuzz target asks of this crate: that any document is read without harm, and that no argument leads a request
//! elsewhere. It is compiled for fuzzing only.

use config::Operations;
use serde_json::{Map, Value};

use crate::http::Operation;
use crate::{openapi, source};

/// Letters of a name that every client takes.
const NAME_LETTERS_MAX: usize = 64;

/// Reads a document, and gives every argument of every tool the same text.
///
/// # Panics
///
/// When a tool has a name that is not allowed, or a request leaves the path of its operation.
pub fn openapi(document: &[u8], argument: &str) {
    let Ok(document) = source::parse(document) else { return };
    let Ok(described) = openapi::read(&document, &Operations::default(), &Operations::default()) else { return };
    for (tool, operation) in &described.tools {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        assert!(tool.name.len() <= NAME_LETTERS_MAX && tool.name.bytes().all(is_legal), "{}", tool.name);
        let properties = tool.input_schema["properties"].as_object();
        let names: Vec<&String> = properties.into_iter().flat_map(Map::keys).collect();
        let harmless = segments(operation, &names, "x");
        let given = segments(operation, &names, argument);
        assert!(given.is_none() || harmless.is_none() || given == harmless, "{argument:?} leaves {operation:?}");
    }
}

/// The number of segments in the path of a request whose arguments all have this value; none where it is refused.
fn segments(operation: &Operation, names: &[&String], value: &str) -> Option<usize> {
    let arguments: Map<String, Value> = names.iter().map(|name| ((*name).clone(), Value::from(value))).collect();
    let asked = operation.ask(&arguments).ok()?;
    assert!(!asked.path.contains(|letter: char| letter.is_control() || letter == '#'), "{}", asked.path);
    let path = asked.path.split('?').next().unwrap_or_default();
    assert!(!path.split('/').any(|segment| matches!(segment, "." | "..")), "{path}");
    Some(path.split('/').count())
}
