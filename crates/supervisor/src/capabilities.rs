//! What this system offers for keeping children together and apart, for `doctor` and the documentation.

use crate::{cgroup, guard, sandbox};

/// Which protections are in force. What is absent is not an error; the others carry on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one protection, which is there or not")]
pub struct Capabilities {
    /// Children end with us even when we are killed, also those that left their group.
    pub guard: bool,
    /// Each tree has its own cgroup v2 leaf: it is killed at once and may be bounded as a whole.
    pub cgroup: bool,
    /// A sandbox confines which files a process reaches: Landlock.
    pub files_confined: bool,
    /// A sandbox confines which system calls a process makes: seccomp.
    pub calls_filtered: bool,
}

/// Looks at the system, now.
pub fn capabilities() -> Capabilities {
    Capabilities {
        guard: guard::is_offered(),
        cgroup: guard::is_offered() && cgroup::home().is_some(),
        files_confined: sandbox::confines_files(),
        calls_filtered: sandbox::filters_calls(),
    }
}
