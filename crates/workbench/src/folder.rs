//! An open folder: its entries, what they are, and the folders below it, all by descriptor. No link is followed.

use std::{
    ffi::{OsStr, OsString},
    mem::MaybeUninit,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::ffi::OsStringExt as _,
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, Mode, OFlags, RawDir, SeekFrom, openat, seek, statat},
    io::Errno,
};
use toolkit::{Code, Failure};

use crate::{Kind, Roots, Stat, beneath, denied::Act, read, refusal};

/// Bytes of directory entries that are read at one time, as `ls` does.
const ENTRIES_BUFFER_BYTES: usize = 32 * 1024;

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    pub(crate) directory: OwnedFd,
    path: PathBuf,
    /// Where it really is; the path above may go through links.
    real: PathBuf,
    roots: Roots,
    field: &'static str,
}

/// One thing in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: OsString,
    /// What it is.
    pub kind: Kind,
}

impl Folder {
    pub(crate) fn new(directory: OwnedFd, path: PathBuf, roots: Roots, field: &'static str) -> Result<Self, Failure> {
        let real = beneath::real_path(directory.as_fd()).map_err(|error| refusal::io(&error, "open", &path, field))?;
        Ok(Self { directory, path, real, roots, field })
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it, in the order of names; more than `entries_max` is a failure.
    pub fn entries(&self, entries_max: usize) -> Result<Vec<Entry>, Failure> {
        let mut entries = names(&self.directory, entries_max).map_err(|error| match error {
            Errno::OVERFLOW => {
                let text = format!("`{}` has more than {entries_max} entries", self.path.display());
                refusal::at(self.field, Code::TooLarge, text).hint("name a folder further down")
            }
            error => self.refuse(error, "list"),
        })?;
        for entry in entries.iter_mut().filter(|entry| entry.kind == Kind::Other) {
            // some file systems do not say in the list what an entry is
            entry.kind = self.stat(&entry.name).map_or(Kind::Other, |stat| stat.kind);
        }
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    /// What one entry is, a link itself.
    pub fn stat(&self, name: &OsStr) -> Result<Stat, Failure> {
        statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW)
            .map(|stat| Stat::from(&stat))
            .map_err(|error| self.refuse_below(error, "look at", name))
    }

    /// Opens a folder in it.
    pub fn enter(&self, name: &OsStr) -> Result<Self, Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = self.open(name, flags, "open the folder")?;
        Self::new(directory, self.path.join(name), self.roots.clone(), self.field)
    }

    /// Reads a file in it, of at most `bytes_max` bytes.
    pub fn read(&self, name: &OsStr, bytes_max: u64) -> Result<Vec<u8>, Failure> {
        let file = self.open(name, read::FLAGS | OFlags::NOFOLLOW | OFlags::CLOEXEC, "read")?;
        read::whole(file, bytes_max, &self.path.join(name), self.field)
    }

    fn open(&self, name: &OsStr, flags: OFlags, act: &'static str) -> Result<OwnedFd, Failure> {
        if self.roots.0.denied.rule(&self.real.join(name), Act::Read).is_some()
            || name.as_encoded_bytes().contains(&b'/')
        {
            return Err(self.refuse_below(Errno::XDEV, act, name));
        }
        openat(&self.directory, name, flags, Mode::empty()).map_err(|error| self.refuse_below(error, act, name))
    }

    fn refuse(&self, error: Errno, act: &str) -> Failure {
        refusal::of(error, act, &self.path, self.field)
    }

    fn refuse_below(&self, error: Errno, act: &str, name: &OsStr) -> Failure {
        refusal::of(error, act, &self.path.join(name), self.field)
    }
}

/// What is in an open folder, as its file system lists it; `OVERFLOW` if that is more than `entries_max`.
pub(crate) fn names(directory: &OwnedFd, entries_max: usize) -> Result<Vec<Entry>, Errno> {
    // who listed before has read to the end
    seek(directory, SeekFrom::Start(0))?;
    let mut buffer = vec![MaybeUninit::uninit(); ENTRIES_BUFFER_BYTES];
    let mut raw = RawDir::new(directory, &mut buffer);
    let mut entries = Vec::new();
    while let Some(entry) = raw.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        if entries.len() == entries_max {
            return Err(Errno::OVERFLOW);
        }
        entries.push(Entry { name: OsString::from_vec(name.to_vec()), kind: entry.file_type().into() });
    }
    Ok(entries)
}
