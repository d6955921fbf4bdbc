//! A client of the toolkit where no engine answers.

use std::sync::Arc;

use testkit::tools::Client;
use toolkit::{Connection, Connections, Toolkit};
use workbench::{Bench, Denied, Roots};

/// Where nobody listens.
pub(crate) const NOBODY: &str = "unix:///run/nobody.sock";

/// The toolkit, working in a folder.
pub(crate) fn toolkit_in(folder: &std::path::Path) -> Toolkit {
    let roots = Roots::open([folder], Denied::system()).expect("the folder is there");
    toolkit_docker::toolkit(&Bench { roots })
}

/// A client whose engine should answer at this address.
pub(crate) fn client(engine: Connection) -> Client {
    Client::of(|root, incoming, outgoing| {
        let toolkit = toolkit_in(root).connections(Connections::new([("default".to_owned(), engine)]));
        tokio::spawn(toolkit::serve(Arc::new(toolkit), incoming, outgoing));
    })
}
