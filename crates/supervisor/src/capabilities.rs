//! What this system offers for keeping children together, for `doctor` and the documentation.

use crate::{cgroup, guard};

/// Which protections are in force. What is absent is not an error; the others carry on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Children end with us even when we are killed, also those that left their group.
    pub guard: bool,
    /// Each tree has its own cgroup v2 leaf: it is killed at once and may be bounded as a whole.
    pub cgroup: bool,
}

/// Looks at the system, now.
pub fn capabilities() -> Capabilities {
    Capabilities { guard: guard::is_offered(), cgroup: guard::is_offered() && cgroup::home().is_some() }
}
