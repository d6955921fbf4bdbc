//! What can go wrong before there is a call: the folders that a toolkit may work in cannot be used.

use std::{io, path::PathBuf};

/// A folder that cannot be a root.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened.
    #[error(
        "cannot use `{}` as a root; make the folder, or name another one with `--root` or as `roots` in the server's section",
        path.display()
    )]
    Open {
        /// The folder as it was named.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It lies in a folder that no toolkit may touch.
    #[error(
        "`{}` cannot be a root: it lies in `{}`, which no toolkit may touch; name another one with `--root` or as `roots` in \
         the server's section",
        path.display(),
        denied.display()
    )]
    Denied {
        /// The folder as it was named.
        path: PathBuf,
        /// The rule.
        denied: PathBuf,
    },
    /// No root was named.
    #[error("no root was named; name the folders to work in with `--root` or as `roots` in the server's section")]
    NoRoot,
}
