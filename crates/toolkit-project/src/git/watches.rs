//! The watches of `git_auto_commit`: each looks at one repository now and then and commits when its rules say so. They live
//! in this process and end with it; nothing of them is kept.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::task::AbortHandle;
use toolkit::{Code, Failure};

/// Repositories that are watched at one time: each look is a process or two.
const WATCHES_MAX: usize = 16;

/// The watches of this process.
#[derive(Clone, Debug, Default)]
pub(super) struct Watches(Arc<Mutex<HashMap<PathBuf, Watch>>>);

/// One watch.
#[derive(Debug)]
struct Watch {
    id: String,
    last: Last,
    task: AbortHandle,
}

/// What a watch has done last.
#[derive(Clone, Debug, Default)]
pub(super) struct Last(Arc<Mutex<Told>>);

/// What is told of a watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Its last commit.
    pub(super) commit: Option<String>,
    /// Why it did not commit when it last could have.
    pub(super) problem: Option<String>,
}

impl Last {
    /// Notes what was done.
    pub(super) fn note(&self, told: Told) {
        *open(&self.0) = told;
    }

    /// What was done last.
    pub(super) fn told(&self) -> Told {
        open(&self.0).clone()
    }
}

impl Watches {
    /// Begins a watch in the place of the one that may be there; gives its id.
    pub(super) fn begin(&self, top: PathBuf, last: Last, task: AbortHandle) -> Result<String, Failure> {
        let mut watches = open(&self.0);
        if watches.len() >= WATCHES_MAX && !watches.contains_key(&top) {
            task.abort();
            let failure = Failure::new(Code::Overloaded, format!("{WATCHES_MAX} repositories are watched already"));
            return Err(failure.hint("end one with `enabled: false`"));
        }
        let id = format!("watch-{}", task.id());
        if let Some(before) = watches.insert(top, Watch { id: id.clone(), last, task }) {
            before.task.abort();
        }
        Ok(id)
    }

    /// Ends the watch of a repository; gives its id and what it has done last.
    pub(super) fn end(&self, top: &Path) -> Option<(String, Told)> {
        let watch = open(&self.0).remove(top)?;
        watch.task.abort();
        Some((watch.id.clone(), watch.last.told()))
    }

    /// What the watch of a repository has done last.
    pub(super) fn told(&self, top: &Path) -> Option<Told> {
        open(&self.0).get(top).map(|watch| watch.last.told())
    }
}

/// What one thread has left half done is still a value that holds.
fn open<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn watches_are_bounded_replaced_and_ended() {
        let watches = Watches::default();
        let task = || tokio::spawn(std::future::pending::<()>());
        let first = task();
        let id = watches.begin("/r0".into(), Last::default(), first.abort_handle()).unwrap();
        let again = watches.begin("/r0".into(), Last::default(), task().abort_handle()).unwrap();
        assert!(id != again && first.await.unwrap_err().is_cancelled());
        for number in 1..WATCHES_MAX {
            watches.begin(format!("/r{number}").into(), Last::default(), task().abort_handle()).unwrap();
        }
        let refused = watches.begin("/more".into(), Last::default(), task().abort_handle());
        assert_eq!(refused.unwrap_err().code, Code::Overloaded);
        assert_eq!(watches.end(Path::new("/r0")), Some((again, Told::default())));
        assert_eq!(watches.end(Path::new("/r0")), None);
    }
}
