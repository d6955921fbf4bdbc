//! What a toolkit reaches on the disk beside its roots. Its tools never name these places; they are for the programs that it
//! runs, and become a part of the wall around it.

use std::path::PathBuf;

/// Places beside the roots of a toolkit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Folders that its programs write to.
    pub writable: Vec<PathBuf>,
    /// Folders and files that its programs read.
    pub readable: Vec<PathBuf>,
}
