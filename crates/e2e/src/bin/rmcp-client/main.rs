//! Drives the client of the official Rust SDK: `rmcp-client URL ERA ACTIONS`, see `crates/e2e/clients/README.md` for the
//! actions. A URL `unix:SOCKET` means the endpoint `/mcp` behind that socket. Owns the actions; `human` answers questions.

#![expect(deprecated, reason = "the newest revision deprecates sampling and roots, and servers still ask for them")]

mod human;

use std::error::Error;

use rmcp::model::{ClientCapabilities, ProtocolVersion};
use rmcp::service::RunningService;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, UnixSocketHttpClient};
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient, ServiceError};
use serde::Serialize;
use serde_json::{Value, json};

use crate::human::Human;

/// The endpoint behind a unix socket; the host only fills the header.
const SOCKET_ENDPOINT: &str = "http://localhost/mcp";

type Client = RunningService<RoleClient, Human>;
type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, era, actions] = arguments.as_slice() else {
        return Err("usage: rmcp-client URL ERA ACTIONS".into());
    };
    let actions: Vec<Value> = serde_json::from_str(actions)?;
    let client = connect(url, era).await?;
    let protocol = client.peer_info().map(|server| server.protocol_version.to_string());
    report("connect", &json!({ "ok": true, "value": { "protocol": protocol } }), &client);
    for action in actions {
        let name = action["do"].as_str().unwrap_or_default().to_owned();
        client.service().begin(action["answer"].clone());
        let outcome = attempt(&client, &name, action).await?;
        report(&name, &outcome, &client);
    }
    client.cancel().await?;
    Ok(())
}

async fn connect(url: &str, era: &str) -> Outcome<Client> {
    let capabilities: ClientCapabilities =
        serde_json::from_value(json!({ "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {} }))?;
    let human = Human::new(capabilities);
    let lifecycle = lifecycle(era)?;
    if let Some(socket) = url.strip_prefix("unix:") {
        let socket = UnixSocketHttpClient::new(socket, SOCKET_ENDPOINT);
        let config = StreamableHttpClientTransportConfig::with_uri(SOCKET_ENDPOINT);
        let transport = StreamableHttpClientTransport::with_client(socket, config);
        return Ok(human.serve_with_lifecycle(transport, lifecycle).await?);
    }
    let transport = StreamableHttpClientTransport::from_uri(url);
    Ok(human.serve_with_lifecycle(transport, lifecycle).await?)
}

fn lifecycle(era: &str) -> Outcome<ClientLifecycleMode> {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    match era {
        "legacy" => Ok(ClientLifecycleMode::Initialize),
        "modern" => Ok(ClientLifecycleMode::Discover { preferred_versions }),
        "auto" => Ok(ClientLifecycleMode::Auto { preferred_versions, legacy_version: None }),
        unknown => Err(format!("unknown era {unknown}").into()),
    }
}

/// An error of the protocol is an outcome; any other ends the program.
async fn attempt(client: &Client, name: &str, action: Value) -> Outcome<Value> {
    match perform(client, name, action).await {
        Ok(value) => Ok(json!({ "ok": true, "value": value })),
        Err(error) => match error.downcast::<ServiceError>().map(|error| *error) {
            Ok(ServiceError::McpError(error)) => Ok(json!({ "ok": false, "error": error })),
            Ok(error) => Err(error.into()),
            Err(error) => Err(error),
        },
    }
}

async fn perform(client: &Client, name: &str, action: Value) -> Outcome<Value> {
    match name {
        "list_tools" => names(client.list_all_tools().await?, "name"),
        "list_resources" => names(client.list_all_resources().await?, "uri"),
        "list_templates" => names(client.list_all_resource_templates().await?, "uriTemplate"),
        "list_prompts" => names(client.list_all_prompts().await?, "name"),
        "call" => plain(client.call_tool(serde_json::from_value(action)?).await?),
        "progress" => {
            let steps = action["arguments"]["to"].as_u64().unwrap_or(0) as usize;
            let result = plain(client.call_tool(serde_json::from_value(action)?).await?)?;
            Ok(json!({ "result": result, "progress": client.service().progress(steps).await }))
        }
        "cancel" => cancel(client, action).await,
        "read" => plain(client.read_resource(serde_json::from_value(action)?).await?),
        "prompt" => plain(client.get_prompt(serde_json::from_value(action)?).await?),
        "complete" => plain(client.complete(serde_json::from_value(action)?).await?),
        unknown => Err(format!("unknown action {unknown}").into()),
    }
}

/// Abandons the call at its first progress: in this SDK that is how a call is cancelled.
async fn cancel(client: &Client, action: Value) -> Outcome<Value> {
    let call = client.call_tool(serde_json::from_value(action)?);
    tokio::select! {
        result = call => result.map(|_| json!({ "cancelled": false })).map_err(Into::into),
        () = client.service().first_progress() => Ok(json!({ "cancelled": true })),
    }
}

fn names(items: Vec<impl Serialize>, field: &str) -> Outcome<Value> {
    let name = |item| plain(item).map(|mut item| item[field].take());
    items.into_iter().map(name).collect()
}

fn plain(value: impl Serialize) -> Outcome<Value> {
    Ok(serde_json::to_value(value)?)
}

fn report(name: &str, outcome: &Value, client: &Client) {
    let mut line = outcome.clone();
    line["do"] = name.into();
    line["asked"] = client.service().asked().into();
    println!("{line}");
}
