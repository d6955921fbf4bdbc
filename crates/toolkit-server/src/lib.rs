//! The toolkit `server`: the machine at a glance, its processes, services, packages and firewall. Each file in `tools`
//! declares one tool; the other modules are the nouns that tools speak of, and read or change the machine for them.
//!
//! It does not start programs itself and knows no other machine than the one it runs on.
//!
//! In reading order: `reading` and `error` (how the machine is asked), `cpu`, `memory`, `filesystems`, `network`, `gpu`,
//! `processes`, `sockets`, `users`, `os_release` and `virtualization` (what is read), `clock`, `units` (services),
//! `tools`.

mod clock;
mod cpu;
mod error;
mod filesystems;
mod gpu;
mod memory;
mod network;
mod os_release;
mod percent;
mod processes;
mod reading;
mod shown;
mod sockets;
mod tools;
mod units;
mod users;
mod virtualization;

use toolkit::Toolkit;

/// Its name as a server.
pub const NAME: &str = "server";

/// The toolkit with all of its tools.
pub fn toolkit() -> Toolkit {
    let toolkit = Toolkit::new(NAME, env!("CARGO_PKG_VERSION")).instructions(
        "Looks after this machine. Begin with `health_check`; before an act, see its plan with `dry_run`.",
    );
    tools::all(toolkit)
}
