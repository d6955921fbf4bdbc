//! One server as clients describe it, in words common to all of them.

use std::collections::BTreeMap;

/// An entry in the file of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name there.
    pub name: String,
    /// Whether the client uses it.
    pub enabled: bool,
    /// How it is reached.
    pub way: Way,
    /// What the entry says beyond this and we have no word for, by key.
    pub unknown: Vec<String>,
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// A program that the client starts.
    Program {
        /// What to start.
        command: String,
        /// With which arguments.
        args: Vec<String>,
        /// With which additional environment.
        env: BTreeMap<String, String>,
        /// In which folder.
        cwd: Option<String>,
    },
    /// An address.
    Address {
        /// Where.
        url: String,
        /// Over which transport, if the entry says so.
        kind: Kind,
        /// With which headers.
        headers: BTreeMap<String, String>,
    },
}

/// The transport of an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The entry does not say.
    #[default]
    Unsaid,
    /// Streamable HTTP.
    Http,
    /// HTTP+SSE.
    Sse,
}

impl Server {
    /// A program without anything special.
    pub fn program(name: &str, command: &str, args: &[&str]) -> Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        let way = Way::Program { command: command.to_owned(), args, env: BTreeMap::new(), cwd: None };
        Self { name: name.to_owned(), enabled: true, way, unknown: Vec::new() }
    }

    /// An address without anything special.
    pub fn address(name: &str, url: &str) -> Self {
        let way = Way::Address { url: url.to_owned(), kind: Kind::Unsaid, headers: BTreeMap::new() };
        Self { name: name.to_owned(), enabled: true, way, unknown: Vec::new() }
    }
}
