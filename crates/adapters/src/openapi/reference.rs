//! `$ref`, inside the document only: a reference that leads elsewhere is refused, and so is one that leads to itself.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// References that may follow each other before something has to stand there.
const HOPS_MAX: usize = 16;

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReferenceError {
    #[error("`$ref` to `{0}` leads out of the document")]
    Remote(String),
    #[error("`$ref` to `{0}` leads to nothing")]
    Missing(String),
    #[error("`$ref` to `{0}` leads to itself")]
    Cyclic(String),
}

/// What `value` is, or what it refers to.
pub(crate) fn resolve<'d>(root: &'d Value, value: &'d Value) -> Result<&'d Value, ReferenceError> {
    let mut value = value;
    for _ in 0..HOPS_MAX {
        let Some(reference) = value["$ref"].as_str() else { return Ok(value) };
        value = target(root, reference)?;
    }
    Err(ReferenceError::Cyclic(value["$ref"].as_str().unwrap_or_default().to_owned()))
}

/// What stands where `reference` leads to.
pub(crate) fn target<'d>(root: &'d Value, reference: &str) -> Result<&'d Value, ReferenceError> {
    let fragment = reference.strip_prefix('#').ok_or_else(|| ReferenceError::Remote(reference.to_owned()))?;
    let pointer = percent_decode_str(fragment).decode_utf8_lossy();
    root.pointer(&pointer).ok_or_else(|| ReferenceError::Missing(reference.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_followed_inside_the_document_only() {
        let root = json!({
            "a": { "$ref": "#/b" },
            "b": { "type": "string" },
            "paths": { "/pets/{id}": { "x": 1 } },
            "loop": { "$ref": "#/loop" },
            "ping": { "$ref": "#/pong" }, "pong": { "$ref": "#/ping" },
        });
        let found = |reference: &str| resolve(&root, &json!({ "$ref": reference })).cloned();
        assert_eq!(found("#/a"), Ok(json!({ "type": "string" })));
        assert_eq!(found("#/paths/~1pets~1%7Bid%7D"), Ok(json!({ "x": 1 })));
        for remote in ["https://evil.example/x.json", "other.yaml#/a", "/etc/passwd", "file:///etc/passwd"] {
            assert_eq!(found(remote), Err(ReferenceError::Remote(remote.to_owned())));
        }
        assert_eq!(found("#/none"), Err(ReferenceError::Missing("#/none".to_owned())));
        assert!(matches!(found("#/loop"), Err(ReferenceError::Cyclic(_))));
        assert!(matches!(found("#/ping"), Err(ReferenceError::Cyclic(_))));
    }
}
