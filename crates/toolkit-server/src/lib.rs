//! The toolkit `server`: the machine at a glance, its processes, services, packages and firewall. Each file in `tools`
//! declares one tool; the other modules are the nouns that tools speak of, and read or change the machine for them.
//!
//! It starts programs only on the workbench, and knows no other machine than the one it runs on.
//!
//! In reading order: `reading`, `error` and `shown` (how the machine is asked, and what is said when it does not answer);
//! `cpu`, `memory`, `filesystems`, `network`, `gpu`, `processes`, `sockets`, `users`, `os_release`, `virtualization` and
//! `clock` (what is read); `units` (services) and `journal`; `programs`, `packages`, `sweep`, `firewall` and `allowed`;
//! `tools`.

mod allowed;
mod clock;
mod cpu;
mod error;
mod filesystems;
mod firewall;
mod gpu;
mod journal;
mod memory;
mod network;
mod os_release;
mod packages;
mod percent;
mod processes;
mod programs;
mod reading;
mod shown;
mod sockets;
mod sweep;
mod tools;
mod units;
mod users;
mod virtualization;

use toolkit::Toolkit;
use workbench::Bench;

/// What it is for, in a few words.
pub const ABOUT: &str = "this machine: health, processes, services, logs, packages, firewall";

/// The toolkit with all of its tools.
pub fn toolkit(bench: &Bench) -> Toolkit {
    let toolkit = Toolkit::new("server", env!("CARGO_PKG_VERSION")).instructions(
        "Looks after this machine. Begin with `health_check`; before an act, see its plan with `dry_run`.",
    );
    tools::all(toolkit, bench)
}
