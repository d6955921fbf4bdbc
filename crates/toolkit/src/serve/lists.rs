//! What a toolkit says of itself, the same in both eras: what it is, its tools, and the texts that can be read.

use bytes::Bytes;
use mcp::{Envelope, Era, Param, Version, code, message};
use serde_json::{Map, Value, json};

use crate::{call::Caller, connection, declaration::Declaration, toolkit::Toolkit};

/// Milliseconds for which lists stay fresh. A toolkit never changes while it runs; an hour bounds what a cache holds.
const TTL_MS: u64 = 3_600_000;

/// The result of `server/discover`.
pub(super) fn discover(toolkit: &Toolkit) -> Map<String, Value> {
    let served: Vec<&str> = Version::SERVED.iter().map(|version| version.as_str()).collect();
    let mut result = cached("supportedVersions", json!(served), "public");
    result.insert("capabilities".to_owned(), toolkit.capabilities());
    if let Some(instructions) = &toolkit.instructions {
        result.insert("instructions".to_owned(), instructions.as_str().into());
    }
    result
}

/// The result of `tools/list`.
pub(super) fn tools(toolkit: &Toolkit) -> Map<String, Value> {
    let tools: Vec<Value> = toolkit.declarations().map(|declaration| tool(toolkit, declaration)).collect();
    cached("tools", tools.into(), "public")
}

/// One tool of the list; one that reaches outside systems says by which names.
fn tool(toolkit: &Toolkit, declaration: &Declaration) -> Value {
    let mut tool = declaration.to_tool();
    let names: Vec<&str> = toolkit.connections.names().collect();
    if declaration.marks.is_connected() && !names.is_empty() {
        tool["inputSchema"]["properties"][connection::ARGUMENT]["enum"] = names.into();
    }
    tool
}

/// The result of a list without items.
pub(super) fn empty(member: &str) -> Map<String, Value> {
    cached(member, json!([]), "public")
}

/// The result of `resources/read`, or the message that says no.
pub(super) async fn read(
    toolkit: &Toolkit,
    request: &Envelope,
    era: Era,
    id: &[u8],
) -> Result<Map<String, Value>, Bytes> {
    let uri = request.param_raw(Param::Uri).and_then(|raw| serde_json::from_slice::<String>(raw).ok());
    let (Some(uri), Some(resources)) = (uri, &toolkit.resources) else {
        return Err(message::error(Some(id), code::INVALID_PARAMS, "`uri` must be a string", None));
    };
    let Some(text) = resources.read(&uri, &Caller::of(request)).await else {
        let code = if era == Era::Modern { code::INVALID_PARAMS } else { code::LEGACY_RESOURCE_NOT_FOUND };
        let data = json!({"uri": uri}).to_string();
        return Err(message::error(Some(id), code, &format!("resource not found: {uri}"), Some(data.as_bytes())));
    };
    let contents = json!([{"uri": uri, "mimeType": "text/plain", "text": toolkit.secrets.hide(text)}]);
    let mut result = cached("contents", contents, "private");
    result.insert("ttlMs".to_owned(), 0.into());
    Ok(result)
}

fn cached(member: &str, value: Value, scope: &str) -> Map<String, Value> {
    Map::from_iter([
        (member.to_owned(), value),
        ("ttlMs".to_owned(), TTL_MS.into()),
        ("cacheScope".to_owned(), scope.into()),
    ])
}
