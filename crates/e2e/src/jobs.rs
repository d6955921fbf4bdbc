//! Calls that a gateway finishes without their callers, as a modern client with the extension for tasks makes them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::wire::{self, Answer};

/// How long a job may take to come to its end.
const ENDS_WITHIN: Duration = Duration::from_secs(30);
/// How often a client comes back.
const COME_BACK: Duration = Duration::from_millis(20);

/// The `_meta` of a client that can follow tasks.
fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": wire::MODERN,
        "io.modelcontextprotocol/clientCapabilities": { "extensions": { "io.modelcontextprotocol/tasks": {} } },
    })
}

fn request(address: &str, method: &str, name: &str, params: &Value) -> Vec<u8> {
    let headers = [
        format!("MCP-Protocol-Version: {}", wire::MODERN),
        format!("Mcp-Method: {method}"),
        format!("Mcp-Name: {name}"),
    ];
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    wire::post(address, "/mcp", &headers.each_ref().map(String::as_str), body.as_bytes())
}

/// The request that a call of `tool` become a job.
fn submission(address: &str, tool: &str, arguments: &Value) -> Vec<u8> {
    let mut meta = meta();
    meta["dev.switchboard/async"] = json!(true);
    request(address, "tools/call", tool, &json!({ "name": tool, "arguments": arguments, "_meta": meta }))
}

/// Submits a call, and gives what is said to it.
pub fn submit(address: &str, tool: &str, arguments: &Value) -> Answer {
    wire::exchange(address, &submission(address, tool, arguments))
}

/// Submits a call to a gateway that may die at any moment; the task, if it was acknowledged.
pub fn try_submit(address: &str, tool: &str, arguments: &Value) -> Option<String> {
    task_in(&wire::attempt(address, &submission(address, tool, arguments))?)
}

/// The task that an answer says was made.
pub fn task_in(answer: &Answer) -> Option<String> {
    let message: Value = serde_json::from_str(&answer.message()).ok()?;
    message["result"]["taskId"].as_str().map(str::to_owned)
}

/// Asks something about a task.
///
/// # Panics
///
/// When the answer is no JSON.
pub fn ask(address: &str, method: &str, task: &str) -> Value {
    let answer = wire::exchange(address, &request(address, method, task, &json!({ "taskId": task, "_meta": meta() })));
    serde_json::from_str(&answer.message()).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// The task when it has ended.
///
/// # Panics
///
/// When it does not end in time, or is not known.
pub fn ended(address: &str, task: &str) -> Value {
    let until = Instant::now() + ENDS_WITHIN;
    loop {
        let told = ask(address, "tasks/get", task);
        let result = &told["result"];
        assert!(result["status"].is_string(), "the task is not known: {told}");
        if result["status"] != "working" {
            return result.clone();
        }
        assert!(Instant::now() < until, "it has not ended: {told}");
        std::thread::sleep(COME_BACK);
    }
}
