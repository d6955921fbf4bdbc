//! Writes a file as a whole: into a new file beside it that then takes its name, so that a reader sees the old content or
//! the new one, and a full disk leaves the old one. What was there before stays as a backup if that is wanted.

use std::{
    ffi::{OsStr, OsString},
    fmt::Write as _,
    fs::File,
    io::Write as _,
    os::fd::OwnedFd,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::{
    fs::{
        AtFlags, Gid, Mode, OFlags, RenameFlags, Uid, fchmod, fchown, fsync, linkat, mkdirat, openat, renameat_with,
        statat, unlinkat,
    },
    io::Errno,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use toolkit::{Code, Failure};

use crate::{Kind, Place, Stat, denied::Act, read, refusal};

/// Names that are tried for a new file or a backup before giving up.
const NAMES_MAX: u64 = 100;
/// Folders that are made on the way to one file.
const FOLDERS_MAX: usize = 64;
/// Bytes of a file that is copied where it cannot be linked.
const COPY_BYTES_MAX: u64 = 1 << 30;

/// How a file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Keep what was there before beside it.
    pub create_backup: bool,
    /// Make the folders on the way.
    pub create_dirs: bool,
    /// Replace what is there; otherwise it is a failure that something is there.
    pub overwrite: bool,
    /// Only if this is the digest of what is there.
    pub expect_digest: Option<String>,
}

impl Default for Write {
    fn default() -> Self {
        Self { create_backup: true, create_dirs: true, overwrite: true, expect_digest: None }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the file now.
    pub size: u64,
    /// The digest of what it holds now.
    pub digest: String,
    /// Where the content from before is.
    pub backup_path: Option<PathBuf>,
    /// The folders that were made on the way.
    pub created_dirs: Vec<PathBuf>,
}

/// The name of a content: `sha256:` and its digest in hex.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |mut text, byte| {
        // writing to a string cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Place {
    /// Gives the file this content.
    pub fn write(&self, bytes: &[u8], how: &Write) -> Result<Written, Failure> {
        let created_dirs = if how.create_dirs { self.create_parents()? } else { Vec::new() };
        let (folder, name) = self.parent_folder("write", Act::Change)?;
        let old = self.replaceable(&folder, name, how)?;
        let mut new = self.new_file(folder, bytes, old.as_ref())?;
        self.expect(&new.folder, name, how)?;
        let backup = match &old {
            Some(_) if how.create_backup => Some(self.back_up(&new.folder, name)?),
            _ => None,
        };
        let flags = if old.is_none() { RenameFlags::NOREPLACE } else { RenameFlags::empty() };
        if let Err(error) = new.take(name, flags) {
            if let Some(backup) = &backup {
                // the failure that counts is the one below
                let _ = unlinkat(&new.folder, backup, AtFlags::empty());
            }
            return Err(self.refuse(error, "write"));
        }
        Ok(Written {
            size: bytes.len() as u64,
            digest: digest(bytes),
            backup_path: backup.map(|name| self.path().with_file_name(name)),
            created_dirs,
        })
    }

    /// Makes this folder and those on the way to it; gives those that were not there.
    pub fn create_dirs(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut missing = Vec::new();
        let mut place = self.clone();
        let mut folder = loop {
            match place.open_as(OFlags::PATH | OFlags::DIRECTORY, "make folders at", Act::Read) {
                Ok(folder) => break folder,
                Err(failure) if failure.code == Code::NotFound => {}
                Err(failure) => return Err(failure),
            }
            let (Some(parent), Some(name)) = (place.parent(), place.name()) else {
                return Err(self.refuse(Errno::NOENT, "make folders at"));
            };
            missing.push((place.clone(), name.to_owned()));
            if missing.len() > FOLDERS_MAX {
                let text = format!("`{}` needs more than {FOLDERS_MAX} new folders", self.display());
                return Err(refusal::at(self.field(), Code::InvalidInput, text));
            }
            place = parent;
        };
        let mut made = Vec::new();
        while let Some((place, name)) = missing.pop() {
            // the rules are asked for each new name as well
            place.parent_folder("make the folder", Act::Change)?;
            match mkdirat(&folder, &name, Mode::from_raw_mode(0o777)) {
                Ok(()) => made.push(place.path().to_owned()),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(place.refuse(error, "make the folder")),
            }
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            folder =
                openat(&folder, &name, flags, Mode::empty()).map_err(|error| place.refuse(error, "open the folder"))?;
        }
        Ok(made)
    }

    fn create_parents(&self) -> Result<Vec<PathBuf>, Failure> {
        self.parent().map_or(Ok(Vec::new()), |parent| parent.create_dirs())
    }

    /// What is there, if it may be replaced.
    fn replaceable(&self, folder: &OwnedFd, name: &OsStr, how: &Write) -> Result<Option<Stat>, Failure> {
        let old = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Some(Stat::from(&stat)),
            Err(Errno::NOENT) => None,
            Err(error) => return Err(self.refuse(error, "write")),
        };
        let refusal = match old.map(|old| old.kind) {
            None => return Ok(None),
            Some(_) if !how.overwrite => Errno::EXIST,
            Some(Kind::File) => return Ok(old),
            Some(Kind::Directory) => Errno::ISDIR,
            Some(Kind::Symlink) => Errno::LOOP,
            Some(Kind::Other) => Errno::INVAL,
        };
        Err(self.refuse(refusal, "write"))
    }

    /// Compares what is there with what the caller has seen last.
    fn expect(&self, folder: &OwnedFd, name: &OsStr, how: &Write) -> Result<(), Failure> {
        let Some(expected) = &how.expect_digest else { return Ok(()) };
        let current = match openat(folder, name, read::FLAGS | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
            Ok(file) => Some(digest(&read::whole(file, COPY_BYTES_MAX, self.path(), self.field())?)),
            Err(Errno::NOENT) => None,
            Err(error) => return Err(self.refuse(error, "read")),
        };
        if current.as_ref() == Some(expected) {
            return Ok(());
        }
        let text = format!("`{}` has changed since it was read", self.display());
        let failure = refusal::at("expect_digest", Code::Conflict, text).hint("read it again, then repeat the change");
        Err(failure.details(json!({"digest": current})))
    }

    /// A new file with this content in the same folder, without a name that anybody uses.
    fn new_file(&self, folder: OwnedFd, bytes: &[u8], old: Option<&Stat>) -> Result<NewFile, Failure> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if old.is_some() { 0o600 } else { 0o666 });
        let (name, file) = first_free(&unused_name, |name| openat(&folder, name, flags, mode))
            .map_err(|error| self.refuse(error, "write"))?;
        let new = NewFile { folder, name, taken: false };
        let mut file = File::from(file);
        file.write_all(bytes).map_err(|error| refusal::io(&error, "write", self.path(), self.field()))?;
        if let Some(old) = old {
            // the owner first: changing it clears bits of the mode; who may not change it keeps his own
            let _ = fchown(&file, Some(Uid::from_raw(old.uid)), Some(Gid::from_raw(old.gid)));
            let mode = Mode::from_raw_mode(old.permissions & 0o777);
            fchmod(&file, mode).map_err(|error| self.refuse(error, "write"))?;
        }
        fsync(&file).map_err(|error| self.refuse(error, "write"))?;
        Ok(new)
    }

    /// Gives the old content a second name, or a copy where the file system has no second names.
    fn back_up(&self, folder: &OwnedFd, name: &OsStr) -> Result<OsString, Failure> {
        let backup_name = |attempt| {
            let mut backup = name.to_owned();
            backup.push(format!(".backup.{}", epoch_ms() + attempt));
            backup
        };
        let linked = first_free(&backup_name, |backup| linkat(folder, name, folder, backup, AtFlags::empty()));
        match linked {
            Ok((backup, ())) => Ok(backup),
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::MLINK | Errno::NOSYS) => self.copy(folder, name, &backup_name),
            Err(error) => Err(self.refuse(error, "back up")),
        }
    }

    fn copy(&self, folder: &OwnedFd, name: &OsStr, backup_name: &dyn Fn(u64) -> OsString) -> Result<OsString, Failure> {
        let refuse = |error| self.refuse(error, "back up");
        let old =
            openat(folder, name, read::FLAGS | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()).map_err(refuse)?;
        let bytes = read::whole(old, COPY_BYTES_MAX, self.path(), self.field())?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (backup, file) =
            first_free(backup_name, |backup| openat(folder, backup, flags, Mode::from_raw_mode(0o600)))
                .map_err(refuse)?;
        let end = File::from(file).write_all(&bytes);
        end.map_err(|error| refusal::io(&error, "back up", self.path(), self.field())).map(|()| backup)
    }
}

/// A file that has not got its name yet; it goes away if it never gets it.
struct NewFile {
    folder: OwnedFd,
    name: OsString,
    taken: bool,
}

impl NewFile {
    /// Takes its name, and makes sure that the folder remembers.
    fn take(&mut self, name: &OsStr, flags: RenameFlags) -> Result<(), Errno> {
        renameat_with(&self.folder, &self.name, &self.folder, name, flags)?;
        self.taken = true;
        let folder = openat(&self.folder, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        fsync(&folder)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.taken {
            // nothing is lost with it
            let _ = unlinkat(&self.folder, &self.name, AtFlags::empty());
        }
    }
}

/// Does something with the first name that is free.
fn first_free<T>(
    name: &dyn Fn(u64) -> OsString,
    mut act: impl FnMut(&OsStr) -> Result<T, Errno>,
) -> Result<(OsString, T), Errno> {
    for attempt in 0..NAMES_MAX {
        let name = name(attempt);
        match act(&name) {
            Ok(done) => return Ok((name, done)),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Errno::EXIST)
}

fn unused_name(_: u64) -> OsString {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(".switchboard-{}-{}-{}", process::id(), epoch_ms(), NEXT.fetch_add(1, Ordering::Relaxed)).into()
}

/// Milliseconds since 1970, for names that tell when.
pub(crate) fn epoch_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
