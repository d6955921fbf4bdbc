//! Why the machine could not be read or told: one reason each, and what the caller of a tool is told of it.

use std::{io, path::PathBuf};

use procfs::ProcError;
use toolkit::{Code, Failure};

/// What can go wrong between a tool and the machine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The kernel does not show it.
    #[error("cannot read {what} from the kernel: {source}")]
    Kernel {
        /// What was wanted.
        what: &'static str,
        /// Why it is not there.
        #[source]
        source: ProcError,
    },
    /// A file of the system cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The thread that read was stopped.
    #[error("the reading was interrupted: call again")]
    Interrupted,
}

impl Error {
    /// Says of a failed reading what was wanted.
    pub(crate) fn kernel(what: &'static str) -> impl FnOnce(ProcError) -> Self {
        move |source| Self::Kernel { what, source }
    }

    /// Says of a file that could not be read which one it is.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { path: path.into(), source }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (code, hint) = match &error {
            Error::Kernel { source: ProcError::PermissionDenied(_), .. } => {
                (Code::Forbidden, "run Switchboard as a user who may read it")
            }
            Error::Kernel { .. } | Error::File { .. } => (Code::FilesystemError, "is `/proc` mounted and readable?"),
            Error::Interrupted => (Code::InternalError, ""),
        };
        Failure::new(code, error.to_string()).hint(hint)
    }
}
