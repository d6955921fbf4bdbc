//! A place beneath an allowed folder, whether or not something is there. Holding one proves nothing yet: each use goes
//! through the kernel again, so what was swapped for a link meanwhile is refused.

use std::{
    ffi::OsStr,
    fs,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, OFlags, fstat, statat},
    io::Errno,
};
use toolkit::{Code, Failure};

use crate::{Folder, Roots, Stat, beneath, denied::Act, refusal};

/// A place beneath an allowed folder.
#[derive(Clone, Debug)]
pub struct Place {
    roots: Roots,
    root: usize,
    relative: PathBuf,
    path: PathBuf,
    field: &'static str,
}

impl Place {
    /// `relative` has no `..`.
    pub(crate) fn new(roots: Roots, root: usize, relative: PathBuf, field: &'static str) -> Self {
        let path = if relative.as_os_str().is_empty() {
            roots.0.roots[root].path.clone()
        } else {
            roots.0.roots[root].path.join(&relative)
        };
        Self { roots, root, relative, path, field }
    }

    /// Its absolute path, for results and messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its absolute path as text.
    pub fn display(&self) -> String {
        self.path.display().to_string()
    }

    /// The argument that named it.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// Its last name; nothing for a root.
    pub fn name(&self) -> Option<&OsStr> {
        self.relative.file_name()
    }

    /// Whether it is one of the allowed folders itself.
    pub fn is_root(&self) -> bool {
        self.relative.as_os_str().is_empty()
    }

    /// The root that it lies beneath.
    pub fn root(&self) -> Self {
        Self::new(self.roots.clone(), self.root, PathBuf::new(), self.field)
    }

    /// The folder that it lies in; nothing for a root.
    pub fn parent(&self) -> Option<Self> {
        let parent = self.relative.parent()?;
        Some(Self::new(self.roots.clone(), self.root, parent.to_owned(), self.field))
    }

    /// The place of this relative path below it.
    pub fn join(&self, below: &str) -> Result<Self, Failure> {
        if below.starts_with('/') {
            return Err(self.roots.outside(self.field, below));
        }
        self.roots.place(self.field, &format!("{}/{below}", self.path.display()))
    }

    /// What is there, links followed.
    pub fn stat(&self) -> Result<Stat, Failure> {
        let there = self.open_as(OFlags::PATH, "look at", Act::Read)?;
        fstat(&there).map(|stat| Stat::from(&stat)).map_err(|error| self.refuse(error, "look at"))
    }

    /// What is there, a link itself; `None` if there is nothing.
    pub fn look(&self) -> Result<Option<Stat>, Failure> {
        let Some((folder, name)) = absent(self.parent_folder("look at", Act::Read))? else { return Ok(None) };
        match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Stat::from(&stat))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(self.refuse(error, "look at")),
        }
    }

    /// Whether something is there.
    pub fn exists(&self) -> Result<bool, Failure> {
        Ok(self.look()?.is_some())
    }

    /// The folder that is there, to look into.
    pub fn folder(&self) -> Result<Folder, Failure> {
        let directory = self.open_as(OFlags::RDONLY | OFlags::DIRECTORY, "open the folder", Act::Read)?;
        Folder::new(directory, self.path.clone(), self.roots.clone(), self.field)
    }

    /// Opens what is there, with the rules of its root and the places that are denied.
    pub(crate) fn open_as(&self, flags: OFlags, act: &'static str, kind: Act) -> Result<OwnedFd, Failure> {
        let there = match self.roots.0.roots[self.root].resolve(&self.relative, flags) {
            Err(Errno::XDEV) => self.open_elsewhere(flags, act)?,
            end => end.map_err(|error| self.refuse(error, act))?,
        };
        self.permit(&there, kind)?;
        Ok(there)
    }

    /// A link that leads out of its root may still lead to an allowed place, by another way.
    fn open_elsewhere(&self, flags: OFlags, act: &'static str) -> Result<OwnedFd, Failure> {
        let outside = || self.roots.outside(self.field, &self.display());
        let real = fs::canonicalize(&self.path).map_err(|_| outside())?;
        let (root, relative) = self.roots.choose(&real).ok_or_else(outside)?;
        self.roots.0.roots[root].resolve(&relative, flags).map_err(|error| self.refuse(error, act))
    }

    /// The folder of this place as a descriptor, and the name in it.
    pub(crate) fn parent_folder(&self, act: &'static str, kind: Act) -> Result<(OwnedFd, &OsStr), Failure> {
        let (Some(parent), Some(name)) = (self.parent(), self.name()) else {
            let text = format!("`{}` is an allowed folder itself", self.display());
            return Err(refusal::at(self.field, Code::PathDenied, text).hint("name something in it"));
        };
        let folder = parent.open_as(OFlags::PATH | OFlags::DIRECTORY, act, kind)?;
        let real =
            beneath::real_path(folder.as_fd()).map_err(|error| refusal::io(&error, act, &self.path, self.field))?;
        self.permit_path(&real.join(name), kind)?;
        Ok((folder, name))
    }

    /// Refuses what is denied, by where it really is and by what it really is.
    fn permit(&self, there: &OwnedFd, kind: Act) -> Result<(), Failure> {
        let denied = &self.roots.0.denied;
        let real = beneath::real_path(there.as_fd())
            .map_err(|error| refusal::io(&error, "look at", &self.path, self.field))?;
        self.permit_path(&real, kind)?;
        let stat = fstat(there).map_err(|error| self.refuse(error, "look at"))?;
        let stat = Stat::from(&stat);
        if stat.links > 1 && stat.kind == crate::Kind::File && denied.has_file(stat.identity.0, stat.identity.1) {
            return Err(self.denied(&self.path));
        }
        Ok(())
    }

    fn permit_path(&self, real: &Path, kind: Act) -> Result<(), Failure> {
        match self.roots.0.denied.rule(real, kind) {
            None => Ok(()),
            Some(rule) => Err(self.denied(rule)),
        }
    }

    fn denied(&self, rule: &Path) -> Failure {
        let text = format!(
            "`{}` is protected: no toolkit may do this in `{}`",
            refusal::shortened(&self.display()),
            rule.display()
        );
        refusal::at(self.field, Code::PathDenied, text)
            .hint("keys, passwords and system folders are left to their owner")
    }

    /// What the system said, as a failure.
    pub(crate) fn refuse(&self, error: Errno, act: &str) -> Failure {
        refusal::of(error, act, &self.path, self.field)
    }

    pub(crate) fn roots(&self) -> &Roots {
        &self.roots
    }
}

/// What is absent is no failure for those who only ask.
fn absent<T>(end: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match end {
        Ok(there) => Ok(Some(there)),
        Err(failure) if failure.code == Code::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}
