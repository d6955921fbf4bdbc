//! What the operator says about repositories: which of them are trusted. It comes from the environment of the toolkit's
//! process, where no caller can write.

use std::{
    env,
    path::{Path, PathBuf},
};

/// What the operator says about repositories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Repositories whose hooks, filters and merge drivers may run, by their top folder.
    pub trusted: Vec<PathBuf>,
}

impl Settings {
    /// As the environment of this process says.
    pub fn of_process() -> Self {
        let trusted = env::var_os(config::env::TRUSTED_REPOSITORIES.name).unwrap_or_default();
        Self {
            trusted: env::split_paths(&trusted).filter(|path| path.is_absolute() || path.starts_with("~")).collect(),
        }
    }

    /// Whether the repository in this folder is trusted; `top` is a real path.
    pub(super) fn trusts(&self, top: &Path) -> bool {
        let is_top = |trusted: &PathBuf| {
            let trusted = workbench::roots::expanded(trusted);
            trusted == top || trusted.canonicalize().is_ok_and(|real| real == top)
        };
        self.trusted.iter().any(is_top)
    }
}
