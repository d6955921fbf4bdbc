//! Every bound on one child, with its unit and default.

use std::time::Duration;

/// What one child may use, and how long each step with it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest line taken from stdout, in bytes; a longer one becomes [`Line::Oversized`](crate::Line). Default 64 MiB.
    pub line_bytes_max: usize,
    /// How much of the end of stderr is kept, in bytes. Default 64 KiB.
    pub stderr_ring_bytes: usize,
    /// Lines that may wait for the child to read them. Default 256.
    pub outbox_lines: usize,
    /// How long one line may wait for a place among them. Default 10 s.
    pub write_timeout: Duration,
    /// From the end of its input to SIGTERM. Default 5 s.
    pub stop_stdin_wait: Duration,
    /// From SIGTERM to SIGKILL. Default 5 s.
    pub stop_term_wait: Duration,
    /// Data memory in bytes: `memory.max` of its cgroup where there is one, and RLIMIT_DATA per process. Default none.
    pub memory_bytes_max: Option<u64>,
    /// Open files per process. Default none.
    pub open_files_max: Option<u64>,
    /// Processes of the tree together; only enforced where its cgroup has a `pids` controller. Default none.
    pub processes_max: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes_max: 64 << 20,
            stderr_ring_bytes: 64 << 10,
            outbox_lines: 256,
            write_timeout: Duration::from_secs(10),
            stop_stdin_wait: Duration::from_secs(5),
            stop_term_wait: Duration::from_secs(5),
            memory_bytes_max: None,
            open_files_max: None,
            processes_max: None,
        }
    }
}
