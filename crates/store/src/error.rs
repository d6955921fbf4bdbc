//! Why something cannot be kept, and what to do about it.

use std::{io, path::PathBuf, sync::Arc};

/// What goes wrong with the store.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The folder or the file cannot be used.
    #[error("{path} cannot be used: make it writable or name another folder with SWITCHBOARD_STATE_DIR", path = .path.display())]
    Unusable {
        /// What cannot be used.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// There is no folder to keep anything in.
    #[error("there is no folder for state: name one with SWITCHBOARD_STATE_DIR, or set `jobs.durable = false`")]
    Homeless,
    /// The file cannot be written.
    #[error("{path} can only be read: make it writable or name another folder with SWITCHBOARD_STATE_DIR", path = .path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged. It is left as it is: what was promised to be done stands in it.
    #[error(
        "{path} is damaged ({found}): put a copy back or save what can be read with `sqlite3 FILE .recover`, or move it away to begin without the jobs in it",
        path = .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        found: String,
    },
    /// A newer version of the program wrote the file.
    #[error(
        "{path} has schema {found}, and this version of switchboard knows {known}: start the newer version again, or move the file away",
        path = .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema of the file.
        found: u32,
        /// The newest schema that this version knows.
        known: u32,
    },
    /// The file belongs to something else.
    #[error("{path} is a database of another program: move it away", path = .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// There is no room left, on the disk or under `jobs.store_bytes_max`.
    #[error("there is no room to keep it: free space on the disk of the state folder, or raise `jobs.store_bytes_max`")]
    Full,
    /// The database refuses.
    #[error("the store refuses: see the log of the node")]
    Database(#[source] Arc<rusqlite::Error>),
    /// The store has been closed.
    #[error("the store is closed: the node is about to stop")]
    Closed,
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Database(Arc::new(error)),
        }
    }
}
