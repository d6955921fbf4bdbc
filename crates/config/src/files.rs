//! The files that took part in a configuration, each as it was right before it was read. It tells one state of a file from
//! another without reading it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The files that took part, or would have if they were there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(Vec<(PathBuf, Option<Stamp>)>);

/// Which file it is, how long, and when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    bytes: u64,
    written_s: i64,
    written_ns: i64,
}

impl Files {
    /// Notes how a file is, before it is read for the first time.
    pub(crate) fn note(&mut self, path: PathBuf) {
        if !self.paths().any(|known| known == path) {
            let stamp = Stamp::of(&path);
            self.0.push((path, stamp));
        }
    }

    /// Where they are.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|(path, _)| path.as_path())
    }

    /// The same files as they are now.
    #[must_use]
    pub fn now(&self) -> Self {
        Self(self.0.iter().map(|(path, _)| (path.clone(), Stamp::of(path))).collect())
    }

    /// A file that is not any more as it was.
    pub fn changed(&self) -> Option<&Path> {
        self.0.iter().find(|(path, stamp)| Stamp::of(path) != *stamp).map(|(path, _)| path.as_path())
    }

    /// A file that had something in it and has nothing now.
    pub fn emptied(&self) -> Option<&Path> {
        let had_text = self.0.iter().filter(|(_, stamp)| stamp.is_some_and(|stamp| stamp.bytes > 0));
        had_text.map(|(path, _)| path.as_path()).find(|path| Stamp::of(path).is_some_and(|now| now.bytes == 0))
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let data = fs::metadata(path).ok()?;
        let (inode, bytes) = (data.ino(), data.len());
        Some(Self { inode, bytes, written_s: data.mtime(), written_ns: data.mtime_nsec() })
    }
}

#[cfg(test)]
mod tests {
    use super::{Files, fs};

    #[test]
    fn file_that_comes_changes_or_is_emptied_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.toml");
        let mut files = Files::default();
        files.note(path.clone());
        assert_eq!((files.changed(), files.emptied()), (None, None));
        fs::write(&path, "a = 1").unwrap();
        assert_eq!((files.changed(), files.emptied()), (Some(path.as_path()), None));
        let files = files.now();
        assert_eq!(files.changed(), None);
        fs::write(&path, "").unwrap();
        assert_eq!((files.changed(), files.emptied()), (Some(path.as_path()), Some(path.as_path())));
        assert_eq!(files.now().emptied(), None);
    }
}
