//! A folder with pictures, and a client of the toolkit that works in it.

use std::{
    fs,
    ops::{Deref, DerefMut},
    path::PathBuf,
    sync::Arc,
};

use serde_json::Value;
use testkit::tools::Client;
use workbench::{Bench, Denied, Roots};

/// A folder and a client.
pub(crate) struct Gallery(Client);

impl Gallery {
    /// An empty folder.
    pub(crate) fn open() -> Self {
        Self(Client::of(|root, incoming, outgoing| {
            let roots = Roots::open([root], Denied::system()).expect("the folder is there");
            tokio::spawn(toolkit::serve(Arc::new(toolkit_graphics::toolkit(&Bench { roots })), incoming, outgoing));
        }))
    }

    /// A folder with one file.
    pub(crate) fn with(name: &str, bytes: &[u8]) -> Self {
        let gallery = Self::open();
        gallery.put(name, bytes);
        gallery
    }

    /// Where a file of the folder is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.on_disk(name)
    }

    /// The folder.
    pub(crate) fn root(&self) -> PathBuf {
        self.on_disk("")
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

    /// Calls a tool that must do it; gives the structure.
    pub(crate) async fn done(&mut self, tool: &str, arguments: Value) -> Value {
        self.good(tool, arguments).await
    }

    /// Calls a tool that must refuse: with this code, blaming this field, and with nothing new in the folder.
    pub(crate) async fn refused(&mut self, tool: &str, arguments: Value, code: &str, field: &str) -> Value {
        let before = self.names();
        let error = self.error(tool, &arguments).await;
        let blamed = (error["code"].as_str(), error["field"].as_str().unwrap_or_default());
        assert_eq!(blamed, (Some(code), field), "{tool} {arguments}: {error}");
        assert_eq!(self.names(), before, "{tool} {arguments} left something behind");
        error
    }
}

impl Deref for Gallery {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

impl DerefMut for Gallery {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.0
    }
}
