//! What is wrong with a configuration: a place, a message, a hint, and whether the node can start without it.
//! It collects; what is wrong is decided in `document.rs`, `shape.rs`, `references.rs` and `checks/`.

use std::fmt;

use crate::layers::{Layer, speaker};
use crate::path::KeyPath;

/// One thing wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it prevents.
    pub severity: Severity,
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The path of the key, such as `servers.git.command`; empty where the file could not be read that far.
    pub key: String,
    /// What is wrong, in lower case.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What a problem prevents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The node does not start.
    Fatal,
    /// The named server is left out; the node starts with the others.
    Server(String),
}

impl Problem {
    /// A problem of a configuration that consists of defaults only.
    fn nowhere(severity: Severity, key: String) -> Self {
        let file = "the defaults".to_owned();
        Self { severity, file, line: 1, column: 1, key, message: String::new(), hint: None }
    }

    /// The server this problem leaves out, if it does not stop the node.
    pub fn server(&self) -> Option<&str> {
        match &self.severity {
            Severity::Server(name) => Some(name),
            Severity::Fatal => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(out, "{}: ", self.key)?;
        }
        out.write_str(&self.message)
    }
}

/// Collects the problems of all layers.
pub(crate) struct Problems<'d> {
    layers: &'d [Layer<'d>],
    /// The layer that is being read on its own, if one is.
    reading: Option<usize>,
    /// Each with the number of its layer.
    list: Vec<(usize, Problem)>,
}

impl<'d> Problems<'d> {
    pub(crate) fn of(layers: &'d [Layer<'d>]) -> Self {
        Self { layers, reading: None, list: Vec::new() }
    }

    /// Everything found by `read` lies in the layer with this number.
    pub(crate) fn within<T>(&mut self, layer: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        self.reading = Some(layer);
        let value = read(self);
        self.reading = None;
        value
    }

    /// Adds a problem of the key at `path`.
    pub(crate) fn add(&mut self, path: &KeyPath, message: impl Into<String>, hint: impl Into<Hint>) {
        let number = self.reading.or_else(|| speaker(self.layers, path)).unwrap_or_default();
        let severity = path.server().map_or(Severity::Fatal, |name| Severity::Server(name.to_owned()));
        let key = path.to_string();
        let problem = match self.layers.get(number) {
            Some(layer) => layer.document.problem(severity, layer.locate(path).1, key),
            None => Problem::nowhere(severity, key),
        };
        self.list.push((number, Problem { message: message.into(), hint: hint.into().0, ..problem }));
    }

    /// The problems, text by text in the order of the lines.
    pub(crate) fn into_sorted(mut self) -> Vec<Problem> {
        self.list.sort_by_key(|(number, problem)| (*number, problem.line, problem.column));
        self.list.into_iter().map(|(_, problem)| problem).collect()
    }
}

/// A hint, or none.
pub(crate) struct Hint(Option<String>);

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self(Some(text))
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

impl From<Option<String>> for Hint {
    fn from(text: Option<String>) -> Self {
        Self(text)
    }
}
