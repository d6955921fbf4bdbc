//! Which processes are alive. Each holds a lock on a file of its own for as long as it lives, and the system lets go of it
//! however the process ends: so another can tell a job that is under way from one that nobody will ever finish.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The life of one process, as others see it.
#[derive(Debug)]
pub struct Run {
    name: String,
    folder: PathBuf,
    _lock: File,
}

impl Run {
    /// Begins a run of this name.
    pub fn begin(folder: &Path, name: &str) -> io::Result<Self> {
        let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path(folder, name))?;
        lock.lock()?;
        Ok(Self { name: name.to_owned(), folder: folder.to_owned(), _lock: lock })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The lock of another run, if that has ended. For as long as it is held, nobody else takes over what the run left.
    pub fn take_over(&self, other: &str) -> Option<Heritage> {
        let path = path(&self.folder, other);
        let lock = match OpenOptions::new().write(true).open(&path) {
            Ok(lock) => lock,
            // whoever removed the file had taken over before
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(Heritage { path, _lock: None }),
            Err(_) => return None,
        };
        lock.try_lock().is_ok().then_some(Heritage { path, _lock: Some(lock) })
    }
}

/// What a run that has ended left behind.
#[derive(Debug)]
pub struct Heritage {
    path: PathBuf,
    _lock: Option<File>,
}

impl Heritage {
    /// All that it left has been taken over.
    pub fn done(self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("run-{name}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_taken_over_when_it_has_ended_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let first = Run::begin(folder.path(), "a").unwrap();
        let second = Run::begin(folder.path(), "b").unwrap();
        assert!(second.take_over("a").is_none());
        drop(first);
        let heritage = second.take_over("a").unwrap();
        let third = Run::begin(folder.path(), "c").unwrap();
        assert!(third.take_over("a").is_none(), "somebody is at it");
        heritage.done();
        assert!(third.take_over("a").is_some());
        assert!(third.take_over("b").is_none());
    }

    #[test]
    fn two_runs_have_not_the_same_name() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Run::begin(folder.path(), "a").unwrap();
        assert!(Run::begin(folder.path(), "a").is_err());
    }
}
