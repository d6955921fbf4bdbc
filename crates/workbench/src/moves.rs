//! Moves and removes things. Both act on names in open folders; a link is moved or removed itself, never what it leads to.

use std::{
    ffi::{OsStr, OsString},
    os::fd::OwnedFd,
};

use rustix::{
    fs::{AtFlags, Mode, OFlags, RenameFlags, openat, renameat, renameat_with, statat, unlinkat},
    io::Errno,
};
use toolkit::{Code, Failure};

use crate::{Place, denied::Act, folder::names, refusal};

/// Levels of folders that are removed below each other; each costs a descriptor.
const DEPTH_MAX: usize = 128;
/// Entries of one folder that are removed.
const ENTRIES_MAX: usize = 1_000_000;

impl Place {
    /// Moves what is here to another place, where nothing may be.
    pub fn move_to(&self, to: &Place) -> Result<(), Failure> {
        self.whole_is_ours()?;
        let (from_folder, from_name) = self.parent_folder("move", Act::Change)?;
        statat(&from_folder, from_name, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| self.refuse(error, "move"))?;
        let (to_folder, to_name) = to.parent_folder("move to", Act::Change)?;
        match rename(&from_folder, from_name, &to_folder, to_name) {
            Ok(()) => Ok(()),
            Err(Errno::XDEV) => {
                let text = format!("`{}` and `{}` are on different file systems", self.display(), to.display());
                Err(refusal::at(to.field(), Code::FilesystemError, text).hint("write it there, then delete it here"))
            }
            Err(Errno::INVAL) => {
                let text = format!("`{}` cannot be moved into itself", self.display());
                Err(refusal::at(to.field(), Code::InvalidInput, text))
            }
            Err(error) => Err(to.refuse(error, "move to")),
        }
    }

    /// Removes a file, a link or a folder with all that is in it.
    pub fn remove(&self) -> Result<(), Failure> {
        self.whole_is_ours()?;
        let (folder, name) = self.parent_folder("remove", Act::Change)?;
        remove_tree(&folder, name, 0).map_err(|error| self.refuse(error, "remove"))
    }

    /// Refuses an act on a folder that a protected place lies in.
    pub(crate) fn whole_is_ours(&self) -> Result<(), Failure> {
        let here = self.path();
        match self.roots().0.denied.below(here) {
            None => Ok(()),
            Some(denied) => {
                let text = format!("`{}` holds `{}`, which no toolkit may touch", self.display(), denied.display());
                Err(refusal::at(self.field(), Code::PathDenied, text).hint("name something in it"))
            }
        }
    }
}

/// Renames without replacing, also where the file system cannot do both in one step.
pub(crate) fn rename(from: &OwnedFd, name: &OsStr, to: &OwnedFd, new: &OsStr) -> Result<(), Errno> {
    match renameat_with(from, name, to, new, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => match statat(to, new, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Err(Errno::EXIST),
            Err(Errno::NOENT) => renameat(from, name, to, new),
            Err(error) => Err(error),
        },
        end => end,
    }
}

/// Removes one name of a folder and everything below it.
pub(crate) fn remove_tree(folder: &OwnedFd, name: &OsStr, depth: usize) -> Result<(), Errno> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Err(Errno::ISDIR | Errno::PERM) if depth < DEPTH_MAX => {}
        end => return end,
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let inner = openat(folder, name, flags, Mode::empty())?;
    let entries: Vec<OsString> = names(&inner, ENTRIES_MAX)?.into_iter().map(|entry| entry.name).collect();
    for entry in entries {
        remove_tree(&inner, &entry, depth + 1)?;
    }
    unlinkat(folder, name, AtFlags::REMOVEDIR)
}
