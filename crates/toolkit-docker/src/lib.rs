//! The toolkit `docker`: the containers of a Docker or Podman engine. Each file in `tools` declares one tool; the other modules
//! are the nouns that tools speak of, and ask or tell the engine for them.
//!
//! It knows no engine by itself: a call names a connection. Outgoing connections are made by `egress`.
//!
//! In reading order: `endpoint`, `engine` and `error` (how an engine is reached, and what is said when it is not);
//! `name` and `shown` (what callers write, and how it is shown again); `container`, `state`, `privilege`, `lines`, `logs`,
//! `moment` and `usage` (containers); `tools`.

mod container;
mod endpoint;
mod engine;
mod error;
mod lines;
mod logs;
mod moment;
mod name;
mod privilege;
mod shown;
mod state;
mod tools;
mod usage;

use toolkit::{Connection, Connections, Toolkit, connection};
use workbench::Bench;

/// What it is for, in a few words.
pub const ABOUT: &str = "containers of Docker and Podman: what they do, why one is down, and up again";

/// Other names of arguments, as callers of earlier servers write them.
const ARGUMENT_ALIASES: &[(&str, &str)] =
    &[("containerId", "container"), ("container_id", "container"), ("id", "container")];

/// The toolkit with all of its tools. Its connection `default` is the engine of this machine, until another is named.
pub fn toolkit(bench: &Bench) -> Toolkit {
    let own = Connection::to(endpoint::usual());
    let toolkit = Toolkit::new("docker", env!("CARGO_PKG_VERSION"))
        .instructions(
            "Works with containers of Docker and Podman. To find out why something is down, begin with `list_containers` \
             and `all: true`, then `inspect_container` and `container_logs`. Before an act, see its plan with `dry_run`.",
        )
        .argument_aliases(ARGUMENT_ALIASES)
        .connections(Connections::new([(connection::DEFAULT.to_owned(), own)]));
    tools::all(toolkit, bench)
}
