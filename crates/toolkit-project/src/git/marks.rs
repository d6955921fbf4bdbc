//! What git thinks of single files, for those who draw them.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use toolkit::Failure;
use workbench::{Place, aside};

use super::{
    location::Location,
    repository::Git,
    status::{Change, Status, Unknown},
};

/// What git thinks of files, by their absolute paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks(HashMap<PathBuf, &'static str>);

impl Marks {
    /// What git thinks of this file, if it is changed.
    pub(crate) fn of(&self, path: &Path) -> Option<&'static str> {
        self.0.get(path).copied()
    }
}

impl Git {
    /// What git thinks of the files of the repository that this place lies in.
    pub(crate) async fn marks(&self, place: &Place) -> Result<Marks, Failure> {
        let (roots, place) = (self.bench.roots.clone(), place.clone());
        let repository = self.open(aside(move |_| Location::of(&roots, &place)).await?).await?;
        let status = Status::of(&repository, Unknown::Each, &[]).await?;
        let top = repository.top().path();
        Ok(Marks(status.changes.iter().map(|change| (top.join(&change.path), mark(change))).collect()))
    }
}

fn mark(change: &Change) -> &'static str {
    if change.is_conflict() {
        "conflict"
    } else if change.is_unknown() {
        "untracked"
    } else if change.is_modified() {
        "modified"
    } else {
        "staged"
    }
}
