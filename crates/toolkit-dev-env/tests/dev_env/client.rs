//! Clients of the toolkit, each in a folder of its own.

use std::sync::Arc;

pub(crate) use testkit::tools::{Client, SECRET};
use workbench::{Bench, Denied, Roots};

/// A client.
pub(crate) fn client() -> Client {
    Client::of(|root, incoming, outgoing| {
        let roots = Roots::open([root], Denied::system()).expect("a root");
        let toolkit = toolkit_dev_env::toolkit(&Bench { roots });
        tokio::spawn(toolkit::serve(Arc::new(toolkit), incoming, outgoing));
    })
}
