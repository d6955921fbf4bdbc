//! A client of a toolkit that is served in the process of the test, in a folder of its own. Beside the root in which the
//! toolkit may work lies something that must stay as it is.

use std::{
    borrow::Borrow,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// What nobody may read or write.
pub const SECRET: &str = "nobody may read this";
/// A tool that panics gives no answer; on a busy machine a good one takes minutes.
const ANSWER_WAIT: Duration = Duration::from_mins(10);
/// Messages that wait for one side to read them.
const MESSAGES_MAX: usize = 64;
/// Bytes of the message of an error: people read it.
const MESSAGE_BYTES_MAX: usize = 2_000;

/// A client with its toolkit.
#[derive(Debug)]
pub struct Client {
    folder: TempDir,
    to_server: mpsc::Sender<Bytes>,
    from_server: mpsc::Receiver<Bytes>,
    /// How often progress was told in the last request.
    pub progress: usize,
}

impl Client {
    /// Makes a root and has a toolkit served in it, over these ends of a connection.
    pub fn of(serve: impl FnOnce(&Path, mpsc::Receiver<Bytes>, mpsc::Sender<Bytes>)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = fs::canonicalize(folder.path()).expect("the folder").join("root");
        fs::create_dir(&root).expect("a root");
        fs::write(folder.path().join("secret"), SECRET).expect("a secret");
        let (to_server, incoming) = mpsc::channel(MESSAGES_MAX);
        let (outgoing, from_server) = mpsc::channel(MESSAGES_MAX);
        serve(&root, incoming, outgoing);
        Self { folder, to_server, from_server, progress: 0 }
    }

    /// A path in the root.
    pub fn on_disk(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).expect("the folder").join("root").join(path)
    }

    /// Puts a file into the root, past the toolkit.
    pub fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.on_disk(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, content).expect("a file");
    }

    /// What is in a file of the root.
    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.on_disk(path)).expect("a file")
    }

    /// Sends a modern request and gives its whole answer.
    pub async fn request(&mut self, method: &str, mut params: Value) -> Value {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "progressToken": "p",
        });
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.to_server.send(request.to_string().into()).await.expect("the server listens");
        self.progress = 0;
        loop {
            let message = tokio::time::timeout(ANSWER_WAIT, self.from_server.recv()).await.expect("the server answers");
            let message: Value =
                serde_json::from_slice(&message.expect("the server is there")).expect("the server writes JSON");
            if message["method"].is_null() {
                return message;
            }
            self.progress += usize::from(message["method"] == "notifications/progress");
        }
    }

    /// Calls a tool and gives its result.
    pub async fn call(&mut self, tool: &str, arguments: impl Borrow<Value>) -> Value {
        let arguments = arguments.borrow();
        self.request("tools/call", json!({"name": tool, "arguments": arguments})).await["result"].take()
    }

    /// Calls a tool that succeeds, and gives its structured result.
    pub async fn good(&mut self, tool: &str, arguments: impl Borrow<Value>) -> Value {
        let arguments = arguments.borrow();
        let mut result = self.call(tool, arguments).await;
        assert_ne!(result["isError"], true, "{tool} {arguments}: {result}");
        result["structuredContent"].take()
    }

    /// Calls a tool that fails, and gives its error.
    pub async fn error(&mut self, tool: &str, arguments: impl Borrow<Value>) -> Value {
        let arguments = arguments.borrow();
        let mut result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{tool} {arguments:.200}: {result}");
        let error = result["_meta"]["dev.switchboard/error"].take();
        let message = error["message"].as_str().expect("an error has a message");
        assert!(message.len() < MESSAGE_BYTES_MAX, "{tool}: the message is long");
        assert!(!message.contains(SECRET), "{error}");
        error
    }

    /// Calls a tool that fails, and gives its code, and the argument to blame.
    pub async fn bad(&mut self, tool: &str, arguments: impl Borrow<Value>) -> (String, String) {
        let error = self.error(tool, arguments).await;
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        (text("code"), text("field"))
    }

    /// Every example of every tool has only arguments that the tool takes, and no tool is without one.
    pub async fn assert_examples_fit(&mut self) {
        let listed = self.request("tools/list", json!({})).await["result"].take();
        for tool in listed["tools"].as_array().expect("a list") {
            let examples = tool["inputSchema"]["examples"].as_array();
            let properties = tool["inputSchema"]["properties"].as_object().expect("an object");
            for example in examples.unwrap_or_else(|| panic!("{} has none", tool["name"])) {
                for name in example.as_object().expect("an object").keys() {
                    assert!(properties.contains_key(name), "{}: {name}", tool["name"]);
                }
            }
        }
    }

    /// Nothing outside of the root was made, changed or removed.
    pub fn assert_outside_is_untouched(&self) {
        let entries = fs::read_dir(self.folder.path()).expect("the folder").flatten();
        let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(fs::read_to_string(self.folder.path().join("secret")).expect("the secret"), SECRET);
    }
}
