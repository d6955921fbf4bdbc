//! What can go wrong between us and a child process.

use std::{ffi::OsString, io, time::Duration};

/// A failure to start or to feed a child.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such program, neither at that path nor in the child's `PATH`.
    #[error("program `{}` was not found", program.display())]
    NotFound {
        /// The program as it was configured.
        program: OsString,
    },
    /// The file is there, but may not be run.
    #[error("program `{}` is not executable", program.display())]
    NotExecutable {
        /// The program as it was configured.
        program: OsString,
    },
    /// The system refused to start the process.
    #[error("could not start `{}`", program.display())]
    Spawn {
        /// The program as it was configured.
        program: OsString,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The child did not take a line in time: its input is full and it does not read.
    #[error("the process did not read its input for {} s", waited.as_secs_f32())]
    Stalled {
        /// How long the line waited for a place in the queue.
        waited: Duration,
    },
    /// The child's input is closed: it is being stopped, or it has ended.
    #[error("the input of the process is closed")]
    Closed,
}
