//! The trash of each root: what is deleted goes there under an id and stays for a week. It comes back by being moved.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use toolkit::{Code, Failure};

use crate::{
    Place, Write,
    denied::Act,
    moves::{remove_tree, rename},
    write::epoch_ms,
};

/// Where it is, from the root.
const FOLDER: &str = ".switchboard/trash";
/// How long things stay in it, in milliseconds: a week.
const KEPT_MS: u64 = 7 * 24 * 3_600 * 1_000;
/// Ids that are tried: as many things may be deleted in one millisecond.
const IDS_MAX: u64 = 1_000;
/// Things that are looked through for old ones.
const LOOKED_MAX: usize = 100_000;

/// Something in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trashed {
    /// Its id there.
    pub id: String,
    /// Where it is now; moving it from there brings it back.
    pub path: PathBuf,
}

impl Place {
    /// Puts what is here into the trash, and empties the trash of what is old.
    pub fn trash(&self) -> Result<Trashed, Failure> {
        self.whole_is_ours()?;
        let trash = self.root().join(FOLDER)?;
        if trash.path().starts_with(self.path()) || self.path().starts_with(trash.path()) {
            let failure = Failure::invalid(self.field(), format!("`{}` belongs to the trash itself", self.display()));
            return Err(failure.hint("what is in the trash goes by itself after a week"));
        }
        if self.look()?.is_none() {
            return Err(self.refuse(rustix::io::Errno::NOENT, "delete"));
        }
        trash.create_dirs()?;
        empty_of_old(&trash);
        let bin = new_bin(&trash)?;
        let trashed = self.put_into(&bin);
        if trashed.is_err() {
            // an empty bin is of no use; the failure that counts is the other one
            let _ = bin.remove();
        }
        trashed
    }

    fn put_into(&self, bin: &Self) -> Result<Trashed, Failure> {
        let (folder, name) = self.parent_folder("delete", Act::Change)?;
        let origin = bin.join("origin")?;
        origin
            .write(self.path().as_os_str().as_encoded_bytes(), &Write { create_backup: false, ..Write::default() })?;
        let inside = bin.join("content")?;
        inside.create_dirs()?;
        let target = inside.open_as(OFlags::PATH | OFlags::DIRECTORY, "delete", Act::Change)?;
        rename(&folder, name, &target, name).map_err(|error| match error {
            rustix::io::Errno::XDEV => {
                let text = format!("`{}` is on another file system than the trash", self.display());
                Failure::new(Code::FilesystemError, text).hint("give `create_backup: false` to delete it for good")
            }
            error => self.refuse(error, "delete"),
        })?;
        let id = bin.name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Trashed { id, path: inside.path().join(name) })
    }
}

/// A new folder in the trash, named after the moment.
fn new_bin(trash: &Place) -> Result<Place, Failure> {
    for attempt in 0..IDS_MAX {
        let bin = trash.join(&(epoch_ms() + attempt).to_string())?;
        if !bin.create_dirs()?.is_empty() {
            return Ok(bin);
        }
    }
    Err(Failure::new(Code::Overloaded, "too much is deleted at this moment").retry_after_ms(1_000))
}

/// Removes what has been there for a week. What cannot be removed now is tried again next time.
fn empty_of_old(trash: &Place) {
    let Ok(folder) = trash.folder() else { return };
    let Ok(entries) = folder.entries(LOOKED_MAX) else { return };
    let oldest = epoch_ms().saturating_sub(KEPT_MS);
    for entry in entries.iter().filter(|entry| is_older(&entry.name, oldest)) {
        let _ = remove_tree(&folder.directory, &entry.name, 0);
    }
}

fn is_older(id: &OsStr, oldest: u64) -> bool {
    Path::new(id).to_str().and_then(|id| id.parse::<u64>().ok()).is_some_and(|since| since < oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_after_an_old_moment_is_old() {
        let check = |id: &str, expected| assert_eq!(is_older(OsStr::new(id), 1_000), expected, "{id}");
        check("999", true);
        check("1000", false);
        check("notes", false);
        check("", false);
    }
}
