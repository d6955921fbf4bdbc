//! A machine of its own for a test: a Debian with systemd, and the toolkit served inside it.

use testkit::lab::{Lab, Machine};

/// Boots it and serves the toolkit in it.
pub(crate) fn boot() -> Lab {
    let machine = Machine::boot("systemd.sh", &["boot"]);
    // it waits until everything has been started; `degraded` is an exit code too
    let waited = machine.output(&["systemctl", "is-system-running", "--wait"]);
    assert!(!waited.stdout.is_empty(), "{}", String::from_utf8_lossy(&waited.stderr));
    Lab::serve(machine, &["/opt/lab/serve"])
}
