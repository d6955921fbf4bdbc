//! `batch`: several calls of tools in one. The gateway makes them itself (`gateway::batch`), so only the declaration stands
//! here.

use gateway::batch::BATCH;
use serde_json::json;
use toolkit::{Arguments, Declaration, Marks};

/// What clients are told of it.
pub(crate) fn declaration() -> Declaration {
    let call = json!({
        "type": "object",
        "properties": {
            "id": {"type": "string", "description": "A name for the call, each its own."},
            "name": {"type": "string", "description": "The name of the tool."},
            "arguments": {"type": "object", "description": "The arguments of the tool.", "default": {}},
            "after": {
                "type": "array", "items": {"type": "string"},
                "description": "The ids of calls that have to succeed before this one starts.",
            },
        },
        "required": ["id", "name"],
        "additionalProperties": false,
    });
    let input = Arguments::from_iter([
        ("type".to_owned(), json!("object")),
        (
            "properties".to_owned(),
            json!({
                "calls": {"type": "array", "items": call, "minItems": 1, "maxItems": gateway::batch::CALLS_MAX},
                "atomic_start": {
                    "type": "boolean", "default": false,
                    "description": "Begin nothing unless every call can begin.",
                },
            }),
        ),
        ("required".to_owned(), json!(["calls"])),
    ]);
    let about =
        "Makes several calls of tools in one: those without `after` start together. Each has a result of its own.";
    Declaration {
        input,
        takes_shared: false,
        examples: vec![json!({"calls": [
            {"id": "log", "name": "git_log", "arguments": {}},
            {"id": "status", "name": "git_status", "arguments": {}, "after": ["log"]},
        ]})],
        ..Declaration::new(BATCH, about, Marks::destroys().open_world())
    }
}
