//! Where a repository is: its top folder and the folder with its objects, both beneath allowed folders, with nothing in
//! them that leads out. Git would follow a `.git` file, a link or an alternate anywhere; so we look first.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _, path::Path};

use toolkit::{Code, Failure};
use workbench::{Kind, Place, Roots};

use super::known::Source;

/// The name of the folder, or file, that makes a folder a repository.
const DOT_GIT: &str = ".git";
/// Bytes of a file that leads to another place: a path and a word.
const POINTER_BYTES_MAX: u64 = 8 << 10;
/// Bytes of a configuration: thousands of branches.
const CONFIG_BYTES_MAX: u64 = 4 << 20;
/// Repositories that share objects in a row: what git follows.
const ALTERNATES_MAX: usize = 5;
/// Entries of one of git's folders that are looked at: as many branches or packs as big repositories have.
const ENTRIES_MAX: usize = 100_000;
/// Folders of git's own in which links are looked for.
const FOLDERS: [&str; 8] = ["", "info", "logs", "objects", "objects/info", "objects/pack", "refs", "refs/heads"];

/// Where a repository is.
#[derive(Clone, Debug)]
pub(super) struct Location {
    /// The folder with its files.
    pub(super) top: Place,
    /// The folder that git keeps for it; for a linked work tree one of its own.
    pub(super) git_dir: Place,
    /// The folder that it shares with others, if it is a linked work tree.
    common: Option<Place>,
}

impl Location {
    /// The repository that this place lies in.
    pub(super) fn of(roots: &Roots, place: &Place) -> Result<Self, Failure> {
        place.stat()?;
        let mut top = place.clone();
        loop {
            if let Some(location) = Self::at(roots, &top)? {
                return Ok(location);
            }
            top = top.parent().ok_or_else(|| not_a_repository(place))?;
        }
    }

    /// The repository whose top folder this is, if it is one.
    pub(super) fn at(roots: &Roots, top: &Place) -> Result<Option<Self>, Failure> {
        let dot_git = top.join(DOT_GIT)?;
        if dot_git.look()?.is_none() {
            return Ok(None);
        }
        let git_dir = match dot_git.stat()?.kind {
            Kind::Directory => dot_git,
            _ => led_to(roots, &dot_git, top, "gitdir: ")?.ok_or_else(|| broken(&dot_git))?,
        };
        if git_dir.join("HEAD")?.look()?.is_none() {
            return Err(not_a_repository(top));
        }
        let common = led_to(roots, &git_dir.join("commondir")?, &git_dir, "")?;
        let location = Self { top: top.clone(), git_dir, common };
        location.check(roots)?;
        Ok(Some(location))
    }

    /// Refuses what leads out of the allowed folders.
    fn check(&self, roots: &Roots) -> Result<(), Failure> {
        for git_dir in [Some(&self.git_dir), self.common.as_ref()].into_iter().flatten() {
            for folder in FOLDERS {
                check_links(&if folder.is_empty() { git_dir.clone() } else { git_dir.join(folder)? })?;
            }
        }
        check_alternates(roots, &self.shared().join("objects")?, ALTERNATES_MAX)
    }

    /// The folder with what all work trees share.
    fn shared(&self) -> &Place {
        self.common.as_ref().unwrap_or(&self.git_dir)
    }

    /// The bytes of the files of its configuration.
    pub(super) fn configuration(&self) -> Result<Source, Failure> {
        let files = [self.shared().join("config")?, self.git_dir.join("config.worktree")?];
        let mut source = Source::new();
        for file in files {
            let bytes = if file.exists()? { file.read(CONFIG_BYTES_MAX)? } else { Vec::new() };
            source.push((file.display(), bytes));
        }
        Ok(source)
    }
}

/// Refuses a repository of somebody else, bare or with a work tree, that leads out.
pub(super) fn check_other(roots: &Roots, place: &Place) -> Result<(), Failure> {
    place.stat()?;
    if Location::at(roots, place)?.is_some() {
        return Ok(());
    }
    if place.join("HEAD")?.look()?.is_none() {
        return Err(not_a_repository(place));
    }
    Location { top: place.clone(), git_dir: place.clone(), common: None }.check(roots)
}

/// The failure where there is no repository.
fn not_a_repository(place: &Place) -> Failure {
    let text = format!("`{}` is not a git repository", place.display());
    let failure = Failure::new(Code::GitError, text).hint("`git_init` makes one, `git_clone` brings one");
    Failure { field: Some(place.field().to_owned()), ..failure }
}

fn broken(dot_git: &Place) -> Failure {
    let text = format!("`{}` is not a git repository: it says nothing of where one is", dot_git.display());
    Failure::new(Code::GitError, text).hint("`git_init` makes one in another folder")
}

/// Where a file leads whose only line is a path, after a word.
fn led_to(roots: &Roots, file: &Place, from: &Place, word: &str) -> Result<Option<Place>, Failure> {
    if file.look()?.is_none() {
        return Ok(None);
    }
    let content = String::from_utf8(file.read(POINTER_BYTES_MAX)?).map_err(|_| broken(file))?;
    let path = content.trim_end().strip_prefix(word).ok_or_else(|| broken(file))?;
    let target = beside(roots, from, path)?;
    target.folder()?;
    Ok(Some(target))
}

/// The place of a path that is absolute or from there.
fn beside(roots: &Roots, from: &Place, path: &str) -> Result<Place, Failure> {
    if path.is_empty() {
        return Err(broken(from));
    }
    roots.place(from.field(), &from.path().join(path).to_string_lossy())
}

/// Refuses a link in a folder that leads out.
fn check_links(folder: &Place) -> Result<(), Failure> {
    if folder.look()?.is_none() {
        return Ok(());
    }
    for entry in folder.folder()?.entries(ENTRIES_MAX)?.iter().filter(|entry| entry.kind == Kind::Symlink) {
        match folder.join(&entry.name.to_string_lossy())?.stat() {
            Err(failure) if failure.code != Code::NotFound => return Err(failure),
            _ => {}
        }
    }
    Ok(())
}

/// Refuses objects that are taken from outside.
fn check_alternates(roots: &Roots, objects: &Place, deep_max: usize) -> Result<(), Failure> {
    let list = objects.join("info/alternates")?;
    if deep_max == 0 || list.look()?.is_none() {
        return Ok(());
    }
    for line in list.read(POINTER_BYTES_MAX)?.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        if line.starts_with(b"#") {
            continue;
        }
        let path = Path::new(OsStr::from_bytes(line));
        let other = beside(roots, objects, &path.to_string_lossy())?;
        if other.look()?.is_some() {
            check_alternates(roots, &other, deep_max - 1)?;
        }
    }
    Ok(())
}
