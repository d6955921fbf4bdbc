//! Writes configuration files: as a whole or not at all. The new text goes to a file beside, onto the disk, and then takes
//! the old one's place; the old one is kept as `NAME.bak`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use crate::load::problems_within;
use crate::{Edit, Error, Problem};

/// Who may read a file that did not exist before: it may come to hold secrets.
const MODE_OF_NEW_FILE: u32 = 0o600;

/// A change of a file that took place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The file itself, links followed.
    pub path: PathBuf,
    /// Its text before; empty if there was none.
    pub before: String,
    /// Its text now.
    pub after: String,
}

/// Changes the configuration file at `path`, which need not exist yet. The change is written only if it brings no new
/// problem. Two changes at the same time happen one after the other.
pub fn edit<E: From<Error>>(path: &Path, change: impl FnOnce(&mut Edit) -> Result<(), E>) -> Result<Edited, E> {
    let path = resolved(path);
    let _turn = take_turn(&path).map_err(|source| Error::Write { path: path.clone(), source })?;
    let before = read(&path)?;
    let mut edit = Edit::of(&before)?;
    change(&mut edit)?;
    let after = edit.text();
    check(&before, &after, &path)?;
    if read(&path)? != before {
        return Err(Error::Changed { path }.into());
    }
    if after != before {
        replace_keeping(&path, &after).map_err(|source| Error::Write { path: path.clone(), source })?;
    }
    Ok(Edited { path, before, after })
}

/// Replaces the text of the configuration file at `path` as a whole, good or bad.
pub fn write(path: &Path, text: &str) -> Result<(), Error> {
    let path = resolved(path);
    let failed = |source| Error::Write { path: path.clone(), source };
    let _turn = take_turn(&path).map_err(failed)?;
    replace_keeping(&path, text).map_err(failed)
}

/// Makes the configuration file at `path` with this text. One that is there, or comes meanwhile, is never overwritten.
pub fn create(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let _turn = take_turn(path).map_err(failed)?;
    check("", text, path)?;
    let fresh = beside(path, ".new");
    let made = write_beside(path, &fresh, text).and_then(|()| fs::hard_link(&fresh, path));
    let _ = fs::remove_file(&fresh);
    made.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => Error::There { path: path.to_owned() },
        _ => failed(source),
    })?;
    File::open(folder(path)).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Refuses a change that brings problems. What references lead to is not looked at: the node
/// may have another environment.
fn check(before: &str, after: &str, path: &Path) -> Result<(), Error> {
    let name = path.display().to_string();
    let known = problems_within(before, &name);
    let is_new = |problem: &Problem| !known.iter().any(|old| old.key == problem.key && old.message == problem.message);
    let problems: Vec<Problem> = problems_within(after, &name).into_iter().filter(is_new).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Wrong { problems }) }
}

/// The file behind a link, so that the link stays.
fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn read(path: &Path) -> Result<String, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}

/// Waits until no other of our processes changes a file in this folder; the turn ends when the folder is closed.
fn take_turn(path: &Path) -> io::Result<File> {
    let folder = folder(path);
    fs::create_dir_all(folder)?;
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Replaces the text of any file at `path` as a whole or not at all; one that is not there is made for its owner only.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    replace_after(path, text, || Ok(()))
}

fn replace_keeping(path: &Path, text: &str) -> io::Result<()> {
    replace_after(path, text, || keep_backup(path))
}

fn replace_after(path: &Path, text: &str, before: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let fresh = beside(path, ".new");
    let written = write_beside(path, &fresh, text).and_then(|()| before()).and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written?;
    File::open(folder(path))?.sync_all()
}

fn write_beside(path: &Path, fresh: &Path, text: &str) -> io::Result<()> {
    let _ = fs::remove_file(fresh);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE_OF_NEW_FILE).open(fresh)?;
    file.write_all(text.as_bytes())?;
    if let Ok(old) = fs::metadata(path) {
        let new = file.metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            fchown(&file, Some(old.uid()), Some(old.gid()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777))?;
    }
    file.sync_all()
}

/// A second name for the old text needs no room on the disk.
fn keep_backup(path: &Path) -> io::Result<()> {
    let link = beside(path, ".old");
    let _ = fs::remove_file(&link);
    match fs::hard_link(path, &link) {
        Ok(()) => fs::rename(&link, backup_of(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Where the text before the last change is kept.
pub fn backup_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".bak");
    name.into()
}

/// A hidden file in the same folder, whose name ends with `ending`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(ending);
    path.with_file_name(name)
}
