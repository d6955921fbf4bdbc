//! `call_tool`: calls a tool that is not listed. The gateway turns such a call into a call of the tool that it names before
//! it is routed (`gateway::redirect`), so only the declaration stands here.

use gateway::redirect;
use serde_json::json;
use toolkit::{Arguments, Declaration, Marks};

/// What clients are told of it.
pub(crate) fn declaration() -> Declaration {
    let input = Arguments::from_iter([
        ("type".to_owned(), json!("object")),
        (
            "properties".to_owned(),
            json!({
                "name": {"type": "string", "description": "The name of the tool, as `search_tools` gives it."},
                "arguments": {"type": "object", "description": "The arguments of that tool.", "default": {}},
            }),
        ),
        ("required".to_owned(), json!(["name"])),
    ]);
    let about = "Calls a tool by its name, also one that is not listed. The result is that of the tool.";
    Declaration {
        input,
        takes_shared: false,
        examples: vec![json!({"name": "docker_list_containers", "arguments": {}})],
        ..Declaration::new(redirect::CALL_TOOL, about, Marks::destroys().open_world())
    }
}
