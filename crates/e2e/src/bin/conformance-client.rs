//! The gateway as a *client* for the conformance suite: `conformance-client URL` starts a gateway whose only server is
//! URL, and drives an SDK client through it. The suite starts this program and watches what arrives at URL.

#![expect(clippy::disallowed_methods, reason = "the suite expects one command that is the whole client")]

use std::process::{Command, ExitCode};

use e2e::{Node, tools};

fn main() -> ExitCode {
    let Some(url) = std::env::args().next_back().filter(|last| last.starts_with("http://")) else {
        eprintln!("conformance-client: the last argument is no URL");
        return ExitCode::from(2);
    };
    let node = Node::start(&format!("[servers.suite]\nurl = {url:?}\n"));
    let client =
        Command::new(tools::node()).arg(tools::script("conformance_client.mjs")).arg(node.server("suite")).status();
    eprintln!("{}", node.log());
    if client.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
