//! The stored configuration: what was changed where the configuration file could not be written, kept in the state folder
//! and laid over the file. Where the file can be written, changes go into the file, and there is none.

use std::path::{Path, PathBuf};

use crate::history::kept_under;

/// Where the stored configuration that belongs to `file` is, in the folder of what the program keeps.
pub fn path(state: &Path, file: Option<&Path>) -> PathBuf {
    state.join("stored").join(format!("{}.toml", kept_under(file)))
}
