//! `call_tool`: calls a tool that is not listed. The gateway turns such a call into a call of the tool that it names before
//! it is routed (`gateway::redirect`), so only the declaration stands here.

use gateway::redirect;
use serde_json::json;
use toolkit::{Arguments, Call, Code, Declaration, Failure, Marks, Output, Running, Served};

/// Stands for the tool that it names.
pub(crate) struct CallTool(Declaration);

impl Default for CallTool {
    fn default() -> Self {
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
        Self(Declaration {
            input,
            takes_shared: false,
            examples: vec![json!({"name": "docker_list_containers", "arguments": {}})],
            ..Declaration::new(redirect::CALL_TOOL, about, Marks::destroys().open_world())
        })
    }
}

impl Served for CallTool {
    fn declaration(&self) -> &Declaration {
        &self.0
    }

    fn run<'a>(&'a self, _: Arguments, _: &'a Call) -> Running<'a, Result<Output, Failure>> {
        Box::pin(std::future::ready(Err(unreachable_here())))
    }

    fn plan<'a>(&'a self, _: Arguments, _: &'a Call) -> Running<'a, Result<Vec<String>, Failure>> {
        Box::pin(std::future::ready(Err(unreachable_here())))
    }
}

/// The gateway sends no call here; whoever does has gone round it.
fn unreachable_here() -> Failure {
    Failure::new(Code::NotSupported, "`call_tool` works only through the gateway").hint("call the tool itself")
}
