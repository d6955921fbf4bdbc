//! A client that talks to a served toolkit message by message.

#![expect(clippy::needless_pass_by_value, reason = "arguments are written at the call")]

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use toolkit::Toolkit;

/// The client's end of a connection.
pub(crate) struct Client {
    to_server: mpsc::Sender<Bytes>,
    from_server: mpsc::Receiver<Bytes>,
}

impl Client {
    /// Connects to a toolkit that is served in a task.
    pub(crate) fn connect(toolkit: Arc<Toolkit>) -> Self {
        let (to_server, incoming) = mpsc::channel(8);
        let (outgoing, from_server) = mpsc::channel(8);
        tokio::spawn(toolkit::serve(toolkit, incoming, outgoing));
        Self { to_server, from_server }
    }

    /// Sends a message.
    pub(crate) async fn say(&self, message: &Value) {
        self.to_server.send(message.to_string().into()).await.expect("the server listens");
    }

    /// The next message.
    pub(crate) async fn hear(&mut self) -> Value {
        let message = self.from_server.recv().await.expect("the server is there");
        serde_json::from_slice(&message).expect("the server writes JSON")
    }

    /// Sends a request and gives the next message.
    pub(crate) async fn ask(&mut self, message: &Value) -> Value {
        self.say(message).await;
        self.hear().await
    }

    /// Shakes hands as a legacy client with these capabilities.
    pub(crate) async fn shake_hands(&mut self, capabilities: Value) -> Value {
        let params = json!({"protocolVersion": "2025-06-18", "capabilities": capabilities, "clientInfo": {}});
        let introduction = self.ask(&legacy(0, "initialize", params)).await;
        self.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        introduction
    }
}

/// A legacy request.
pub(crate) fn legacy(id: u32, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// A modern request of a client that can fill in forms.
pub(crate) fn modern(id: u32, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
        "progressToken": "p",
    });
    legacy(id, method, params)
}

/// A modern call.
pub(crate) fn call(id: u32, name: &str, arguments: Value) -> Value {
    modern(id, "tools/call", json!({"name": name, "arguments": arguments}))
}
