//! What other programs know of MCP servers: the configuration files of desktop clients, editors and agents.
//!
//! Pure: text in, text out. [`Client`] is the list of all clients that are known and where their files are;
//! [`Server`] is one entry in the words of all of them; [`read`], [`add`] and [`remove`] work on the text of a file and
//! leave every other byte of it alone, comments and line ends included. Finding, backing up and writing files is the
//! business of the command line.
//!
//! ```
//! let text = "{\n  // mine\n  \"mcpServers\": {}\n}\n";
//! let cursor = adoption::Client::find("cursor").unwrap();
//! let server = adoption::Server::address("switchboard", "http://127.0.0.1:3100/mcp");
//! let installed = adoption::add(cursor, text, &server).unwrap();
//! assert!(installed.contains("// mine"));
//! assert_eq!(adoption::read(cursor, &installed).unwrap(), [server]);
//! ```
//!
//! In reading order: `client` and `clients` (who), `server` and `words` (what), `documents` (the three kinds of files).

mod client;
mod clients;
mod documents;
mod error;
mod server;
mod words;

pub use client::{Client, Places, Scope, Spot};
pub use documents::{Syntax, add, read, remove};
pub use error::Error;
pub use server::{Kind, Server, Way};
pub use words::Words;
