//! Servers that live in this process: whoever builds the node plugs them in, and to the gateway each is an upstream like
//! any other, reached over two bounded channels. It owns the seam; it does not know what lives behind it.

use std::sync::Arc;

use bytes::Bytes;
use config::Server;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

/// Messages that may wait on either way between the gateway and a resident.
pub const RESIDENT_QUEUE: usize = 256;

/// The two ends of a connection to a resident, each a queue of whole messages. Dropping either ends it.
#[derive(Debug)]
pub struct Resident {
    /// What the gateway says.
    pub to_server: mpsc::Sender<Bytes>,
    /// What the server says.
    pub from_server: mpsc::Receiver<Bytes>,
}

/// Who makes the servers that live in this process.
pub trait Residents: Send + Sync {
    /// The servers that are there without being configured.
    fn built_in(&self) -> Vec<(String, Server)> {
        Vec::new()
    }

    /// Whether the server with this name and these settings lives here.
    fn hosts(&self, name: &str, settings: &Server) -> bool;

    /// Starts a server that lives here, or says why it cannot.
    fn open<'a>(&'a self, name: &'a str, settings: &'a Server) -> BoxFuture<'a, Result<Resident, String>>;
}

/// A node in which no server lives.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Residents for Nobody {
    fn hosts(&self, _: &str, _: &Server) -> bool {
        false
    }

    fn open<'a>(&'a self, name: &'a str, _: &'a Server) -> BoxFuture<'a, Result<Resident, String>> {
        Box::pin(async move { Err(format!("no server `{name}` lives here")) })
    }
}

/// How one upstream reaches its resident.
#[derive(Clone)]
pub(crate) struct Home {
    /// The name of the server.
    pub(crate) name: Arc<str>,
    /// Who makes it.
    pub(crate) residents: Arc<dyn Residents>,
}
