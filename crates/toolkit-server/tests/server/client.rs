//! A client of the toolkit, which reads the programs and files of this machine.

use std::sync::Arc;

use testkit::tools::Client;
use toolkit::Toolkit;
use workbench::{Bench, Denied, Roots};

/// The toolkit.
pub(crate) fn toolkit() -> Toolkit {
    let roots = Roots::open(["/usr"], Denied::system()).expect("there is a `/usr`");
    toolkit_server::toolkit(&Bench { roots })
}

/// A client.
pub(crate) fn client() -> Client {
    Client::of(|_, incoming, outgoing| drop(tokio::spawn(toolkit::serve(Arc::new(toolkit()), incoming, outgoing))))
}
