//! A client that calls the toolkit in a folder of its own, with something outside that must stay as it is.

use std::{fs, path::PathBuf, sync::Arc};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use toolkit::Connections;
use workbench::{Bench, Denied, Roots};

/// What nobody may read or write.
pub(crate) const SECRET: &str = "nobody may read this";

/// A client with its toolkit.
pub(crate) struct Client {
    folder: tempfile::TempDir,
    to_server: mpsc::Sender<Bytes>,
    from_server: mpsc::Receiver<Bytes>,
}

impl Client {
    /// Starts the toolkit in a new folder.
    pub(crate) fn new() -> Self {
        Self::trusting(&[])
    }

    /// Starts the toolkit in a new folder in which these repositories are trusted.
    pub(crate) fn trusting(repositories: &[&str]) -> Self {
        Self::made(repositories, Connections::default())
    }

    /// Starts the toolkit in a new folder with these connections.
    pub(crate) fn with(connections: Connections) -> Self {
        Self::made(&[], connections)
    }

    fn made(repositories: &[&str], connections: Connections) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("root")).expect("a root");
        fs::write(folder.path().join("secret"), SECRET).expect("a secret");
        let roots = Roots::open([folder.path().join("root")], Denied::system()).expect("a root");
        let root = fs::canonicalize(folder.path()).expect("the folder").join("root");
        let trusted = repositories.iter().map(|repository| root.join(repository)).collect();
        let toolkit = toolkit_project::toolkit_with(&Bench { roots }, toolkit_project::Settings { trusted });
        let toolkit = toolkit.connections(connections);
        let (to_server, incoming) = mpsc::channel(8);
        let (outgoing, from_server) = mpsc::channel(8);
        tokio::spawn(toolkit::serve(Arc::new(toolkit), incoming, outgoing));
        Self { folder, to_server, from_server }
    }

    /// A path in the root.
    pub(crate) fn on_disk(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).expect("the folder").join("root").join(path)
    }

    /// Puts a file into the root, past the toolkit.
    pub(crate) fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.on_disk(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, content).expect("a file");
    }

    /// What is in a file of the root.
    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.on_disk(path)).expect("a file")
    }

    /// Sends a modern request and gives its whole answer.
    pub(crate) async fn request(&mut self, method: &str, mut params: Value) -> Value {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.to_server.send(request.to_string().into()).await.expect("the server listens");
        let answer = self.from_server.recv().await.expect("the server answers");
        serde_json::from_slice(&answer).expect("the server writes JSON")
    }

    /// Calls a tool and gives its result.
    pub(crate) async fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let answer = self.request("tools/call", json!({"name": tool, "arguments": arguments})).await;
        answer["result"].clone()
    }

    /// Calls a tool that succeeds, and gives its structured result.
    pub(crate) async fn good(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, &arguments).await;
        assert_ne!(result["isError"], true, "{tool} {arguments}: {result}");
        result["structuredContent"].clone()
    }

    /// Calls a tool that fails, and gives its code, and the argument to blame.
    pub(crate) async fn bad(&mut self, tool: &str, arguments: Value) -> (String, String) {
        let result = self.call(tool, &arguments).await;
        assert_eq!(result["isError"], true, "{tool} {arguments}: {result}");
        let error = &result["_meta"]["dev.switchboard/error"];
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        assert!(!text("message").contains(SECRET), "{error}");
        (text("code"), text("field"))
    }

    /// Nothing outside of the root was made, changed or removed.
    pub(crate) fn assert_outside_is_untouched(&self) {
        let names: Vec<_> =
            fs::read_dir(self.folder.path()).expect("the folder").flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(fs::read_to_string(self.folder.path().join("secret")).expect("the secret"), SECRET);
    }
}
