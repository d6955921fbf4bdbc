//! The toolkit `docker`: containers, images, networks, volumes and Compose projects of a Docker or Podman engine. Each file
//! in `tools` declares one tool; the other modules are the nouns that tools speak of, and ask or tell the engine for them.
//!
//! It knows no engine by itself: a call names a connection. Outgoing connections are made by `egress`, programs are run on
//! the workbench, and what would give a container the machine itself is refused by `privilege`.
//!
//! In reading order: `endpoint`, `engine` and `error` (how an engine is reached, and what is said when it is not);
//! `name` and `shown` (what callers write, and how it is shown again); `container`, `state`, `privilege`, `wish`, `lines`,
//! `logs`, `moment` and `usage` (containers); `image`, `ignored` and `context` (images); `volume` and `waste`; `compose`;
//! `tools`.

mod compose;
mod container;
mod context;
mod endpoint;
mod engine;
mod error;
mod ignored;
mod image;
mod lines;
mod logs;
mod moment;
mod name;
mod privilege;
mod shown;
mod state;
mod tools;
mod usage;
mod volume;
mod waste;
mod wish;

use toolkit::{Connection, Connections, Toolkit, connection};
use workbench::Bench;

/// What it is for, in a few words.
pub const ABOUT: &str = "containers, images, volumes and Compose projects of Docker and Podman";

/// Other names of arguments, as callers of earlier servers write them.
const ARGUMENT_ALIASES: &[(&str, &str)] = &[
    ("containerId", "container"),
    ("container_id", "container"),
    ("id", "container"),
    ("compose_file", "path"),
    ("composeFile", "path"),
    ("serviceName", "service"),
    ("service_name", "service"),
];

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
