//! Which servers a list lacks, for programs that do not look into `_meta`: one entry for each server with which something is
//! wrong, and for each name that another hides.

use mcp::{Envelope, array};
use serde_json::Value;

/// What the notices of a list (`dev.switchboard/servers`) say, server by server; nothing where nothing is wrong.
pub(super) fn listed(notices: &[u8]) -> Option<Value> {
    let Ok(Value::Object(notices)) = serde_json::from_slice(notices) else { return None };
    let entries: Vec<Value> = notices.into_iter().map(entry).collect();
    (!entries.is_empty()).then(|| entries.into())
}

/// The same of a list that is an answer of ours.
pub(super) fn of(answer: &Envelope) -> Option<Value> {
    let meta = answer.meta_members().span.of(answer.bytes())?;
    listed(array::member(meta, "dev.switchboard/servers")?.of(meta)?)
}

fn entry((subject, mut notice): (String, Value)) -> Value {
    let (server, hidden) = subject.split_once('/').map_or((&*subject, None), |(server, name)| (server, Some(name)));
    notice["server"] = server.into();
    if let Some(name) = hidden {
        notice["name"] = name.into();
    }
    notice
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_server_and_each_hidden_name_has_its_entry() {
        let notices = json!({ "git": { "state": "starting" }, "web/a_b": { "state": "shadowed" } });
        let expected =
            json!([{ "server": "git", "state": "starting" }, { "server": "web", "name": "a_b", "state": "shadowed" }]);
        assert_eq!(listed(notices.to_string().as_bytes()), Some(expected));
        assert_eq!(listed(b""), None);
        assert_eq!(listed(b"{}"), None);
    }
}
