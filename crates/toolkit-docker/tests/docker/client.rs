//! A client that calls the tools of the toolkit in this process, where no engine answers.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use toolkit::{Connection, Connections, Toolkit};
use workbench::{Bench, Denied, Roots};

/// A tool that panics gives no answer; on a busy machine a good one takes seconds.
const ANSWER_WAIT: Duration = Duration::from_mins(1);

/// The client's end of a connection.
pub(crate) struct Client {
    to_server: mpsc::Sender<Bytes>,
    from_server: mpsc::Receiver<Bytes>,
}

/// The toolkit, working in a folder.
pub(crate) fn toolkit_in(folder: &std::path::Path) -> Toolkit {
    let roots = Roots::open([folder], Denied::system()).expect("the folder is there");
    toolkit_docker::toolkit(&Bench { roots })
}

impl Client {
    /// Connects to a toolkit that is served in a task and whose engine should answer at this address.
    pub(crate) fn connect(folder: &std::path::Path, engine: Connection) -> Self {
        let toolkit = toolkit_in(folder).connections(Connections::new([("default".to_owned(), engine)]));
        let (to_server, incoming) = mpsc::channel(8);
        let (outgoing, from_server) = mpsc::channel(8);
        tokio::spawn(toolkit::serve(Arc::new(toolkit), incoming, outgoing));
        Self { to_server, from_server }
    }

    /// What a method gives.
    pub(crate) async fn ask(&mut self, method: &str, mut params: Value) -> Value {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.to_server.send(request.to_string().into()).await.expect("the server listens");
        let answer = tokio::time::timeout(ANSWER_WAIT, self.from_server.recv()).await.expect("the server answers");
        let answer = answer.expect("the server is there");
        serde_json::from_slice::<Value>(&answer).expect("the server writes JSON")["result"].take()
    }

    /// The error of a call that fails.
    pub(crate) async fn error(&mut self, tool: &str, arguments: &Value) -> Value {
        let mut result = self.ask("tools/call", json!({"name": tool, "arguments": arguments})).await;
        assert_eq!(result["isError"], true, "{tool} {arguments:.200}: {result}");
        let error = result["_meta"]["dev.switchboard/error"].take();
        assert!(error["message"].as_str().is_some_and(|text| text.len() < 2_000), "{tool}: the message is long");
        error
    }
}
