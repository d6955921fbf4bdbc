//! A folder with pictures, and a client of the toolkit that works in it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;
use workbench::{Bench, Denied, Roots};

/// A folder and a client.
pub(crate) struct Gallery {
    folder: TempDir,
    to_server: mpsc::Sender<Bytes>,
    from_server: mpsc::Receiver<Bytes>,
    /// How often progress was told in the last call.
    pub(crate) progress: usize,
}

impl Gallery {
    /// An empty folder.
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let roots = Roots::open([folder.path()], Denied::system()).expect("the folder is there");
        let (to_server, incoming) = mpsc::channel(8);
        let (outgoing, from_server) = mpsc::channel(64);
        tokio::spawn(toolkit::serve(Arc::new(toolkit_graphics::toolkit(&Bench { roots })), incoming, outgoing));
        Self { folder, to_server, from_server, progress: 0 }
    }

    /// A folder with one file.
    pub(crate) fn with(name: &str, bytes: &[u8]) -> Self {
        let gallery = Self::open();
        gallery.put(name, bytes);
        gallery
    }

    /// Puts a file into the folder.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(&path)).expect("the folder can be made");
        fs::write(path, bytes).expect("the file can be written");
    }

    /// Where a file of the folder is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// What is in a file.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The pixels of a file that the reference decoder knows.
    pub(crate) fn pixels(&self, name: &str) -> image::DynamicImage {
        image::load_from_memory(&self.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root()).expect("the folder can be read").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Calls a tool; gives the whole result.
    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": tool, "arguments": arguments,
            "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {}, "progressToken": "p"},
        }});
        self.to_server.send(request.to_string().into()).await.expect("the toolkit listens");
        self.progress = 0;
        loop {
            let message = self.from_server.recv().await.expect("the toolkit answers");
            let message: Value = serde_json::from_slice(&message).expect("the answer is JSON");
            match message["method"].as_str() {
                Some("notifications/progress") => self.progress += 1,
                _ => return message["result"].clone(),
            }
        }
    }

    /// Calls a tool that must do it; gives the structure.
    pub(crate) async fn done(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments.clone()).await;
        assert!(result.get("isError").is_none_or(|error| error == false), "{tool} {arguments}: {result}");
        result["structuredContent"].clone()
    }

    /// Calls a tool that must refuse: with this code, blaming this field, and with nothing new in the folder.
    pub(crate) async fn refused(&mut self, tool: &str, arguments: Value, code: &str, field: &str) -> Value {
        let before = self.names();
        let result = self.call(tool, arguments.clone()).await;
        let error = &result["_meta"]["dev.switchboard/error"];
        assert_eq!(
            (error["code"].as_str(), error["field"].as_str().unwrap_or_default()),
            (Some(code), field),
            "{tool} {arguments}: {result}"
        );
        assert_eq!(self.names(), before, "{tool} {arguments} left something behind");
        error.clone()
    }
}
