//! Clients of the toolkit, each in a folder of its own.

use std::sync::Arc;

pub(crate) use testkit::tools::{Client, SECRET};
use toolkit::Connections;
use workbench::{Bench, Denied, Roots};

/// A client.
pub(crate) fn client() -> Client {
    made(&[], Connections::default())
}

/// A client in whose folder these repositories are trusted.
pub(crate) fn trusting(repositories: &[&str]) -> Client {
    made(repositories, Connections::default())
}

/// A client with these connections.
pub(crate) fn connected(connections: Connections) -> Client {
    made(&[], connections)
}

fn made(repositories: &[&str], connections: Connections) -> Client {
    Client::of(|root, incoming, outgoing| {
        let roots = Roots::open([root], Denied::system()).expect("a root");
        let trusted = repositories.iter().map(|repository| root.join(repository)).collect();
        let toolkit = toolkit_project::toolkit_with(&Bench { roots }, toolkit_project::Settings { trusted });
        tokio::spawn(toolkit::serve(Arc::new(toolkit.connections(connections)), incoming, outgoing));
    })
}
