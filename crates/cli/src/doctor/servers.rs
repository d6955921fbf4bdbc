//! The servers, each from its start to one harmless call, with the time that every step took.

use std::time::Instant;

use config::Server;
use serde_json::{Map, Value};

use super::{Finding, Patient, State};
use crate::{
    Context, Error,
    mcp_client::{Deaf, List, McpClient, Request},
};

const AREA: &str = "servers";

pub(super) async fn look(patient: &Patient, timeout_s: u64, context: &mut Context<'_>) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for (name, server) in patient.loaded.config.servers.iter().filter(|(_, server)| server.enabled) {
        context.terminal.say(&format!("trying {name} …"));
        findings.push(match examine(name, server, timeout_s, context).await {
            Ok(what) => Finding::new(AREA, State::Good, format!("{name} {what}")),
            Err(error) => {
                let hint = error.hint().unwrap_or_else(|| format!("`switchboard server test {name}` tries it alone"));
                Finding::new(AREA, State::Bad, error.with_causes()).hint(hint)
            }
        });
    }
    Ok(findings)
}

async fn examine(name: &str, server: &Server, timeout_s: u64, context: &Context<'_>) -> Result<String, Error> {
    let begin = Instant::now();
    let mut client = McpClient::inside(name, server.clone(), timeout_s, context).await?;
    let ready_ms = begin.elapsed().as_millis();
    let result = call(&mut client).await;
    let peer = client.peer().map(|peer| format!(", {peer}")).unwrap_or_default();
    client.close().await;
    Ok(format!("is ready in {ready_ms} ms{peer}; {}", result?))
}

/// Calls the first tool that says it only reads and wants nothing; a server without one is asked for its list again.
async fn call(client: &mut McpClient) -> Result<String, Error> {
    let begin = Instant::now();
    let tools = client.list(List::Tools).await?;
    let list_ms = begin.elapsed().as_millis();
    let listed = format!("{} tools listed in {list_ms} ms", tools.len());
    let Some(tool) = tools.iter().find(|tool| is_harmless(tool)).and_then(|tool| tool["name"].as_str()) else {
        return Ok(format!("{listed}; no tool of it can be called without arguments"));
    };
    let request = Request::new("tools/call").about(tool).param("name", tool).param("arguments", Map::new());
    let begin = Instant::now();
    let result = client.request(&request, &mut Deaf).await?;
    let outcome = if result["isError"] == true { "answered with an error" } else { "answered" };
    Ok(format!("{listed}; `{tool}` {outcome} in {} ms", begin.elapsed().as_millis()))
}

fn is_harmless(tool: &Value) -> bool {
    let marks = &tool["annotations"];
    let wants_nothing = tool["inputSchema"]["required"].as_array().is_none_or(Vec::is_empty);
    marks["readOnlyHint"] == true && marks["openWorldHint"] != true && wants_nothing
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_tool_that_says_so_is_harmless() {
        let check = |tool: Value, expected| assert_eq!(is_harmless(&tool), expected, "{tool}");
        check(json!({"annotations": {"readOnlyHint": true}}), true);
        check(json!({"annotations": {"readOnlyHint": true}, "inputSchema": {"required": ["path"]}}), false);
        check(json!({"annotations": {"readOnlyHint": true, "openWorldHint": true}}), false);
        check(json!({"annotations": {}}), false);
        check(json!({}), false);
    }
}
