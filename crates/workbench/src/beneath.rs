//! One allowed folder as a descriptor, and the only way to what lies beneath it: the kernel resolves the path and refuses
//! to leave. On kernels without `openat2` every component is opened by itself, and symbolic links are refused.

use std::{
    fs,
    os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd},
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2},
    io::Errno,
};

/// Tries of a resolution that a rename elsewhere has disturbed; the kernel then asks to try again.
const TRIES_MAX: usize = 128;

/// An allowed folder.
#[derive(Debug)]
pub(crate) struct Beneath {
    /// As the kernel calls it.
    pub(crate) path: PathBuf,
    /// As it was named.
    pub(crate) named: PathBuf,
    directory: OwnedFd,
}

impl Beneath {
    /// Opens an allowed folder by its path.
    pub(crate) fn open(named: &Path) -> std::io::Result<Self> {
        let path = fs::canonicalize(named)?;
        let directory = openat(CWD, &path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { path, named: named.to_owned(), directory })
    }

    /// Opens what is at this relative path, if the way there never leaves the folder.
    pub(crate) fn resolve(&self, relative: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let relative = if relative.as_os_str().is_empty() { Path::new(".") } else { relative };
        resolve(self.directory.as_fd(), relative, flags | OFlags::CLOEXEC)
    }
}

fn resolve(directory: BorrowedFd<'_>, relative: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let rules = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    for _ in 0..TRIES_MAX {
        match openat2(directory, relative, flags, Mode::empty(), rules) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            // a kernel before 5.6, or a container whose filter does not know the call
            Err(Errno::NOSYS | Errno::PERM) => return walk(directory, relative, flags),
            end => return end,
        }
    }
    Err(Errno::AGAIN)
}

/// Opens component by component without following any link.
fn walk(directory: BorrowedFd<'_>, relative: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut way = vec![openat(directory, ".", step, Mode::empty())?];
    let mut names = relative.components().peekable();
    while let Some(name) = names.next() {
        let here = way.last().ok_or(Errno::XDEV)?;
        match name {
            Component::Normal(name) if names.peek().is_none() => {
                return openat(here, name, flags | OFlags::NOFOLLOW, Mode::empty());
            }
            Component::Normal(name) => {
                let next = openat(here, name, step, Mode::empty())?;
                way.push(next);
            }
            Component::ParentDir => drop(way.pop()),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return Err(Errno::XDEV),
        }
    }
    openat(way.last().ok_or(Errno::XDEV)?, ".", flags, Mode::empty())
}

/// Where a descriptor leads, as the kernel knows it.
pub(crate) fn real_path(descriptor: BorrowedFd<'_>) -> std::io::Result<PathBuf> {
    fs::read_link(format!("/proc/self/fd/{}", descriptor.as_raw_fd()))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Resolve = fn(BorrowedFd<'_>, &Path, OFlags) -> Result<OwnedFd, Errno>;

    #[test]
    fn the_kernel_and_the_walk_refuse_the_same_ways_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/file"), "x").unwrap();
        fs::write(folder.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink("../secret", root.join("out")).unwrap();
        std::os::unix::fs::symlink("/etc", root.join("etc")).unwrap();
        let root = Beneath::open(&root).unwrap();
        for (name, resolve) in [("openat2", resolve as Resolve), ("walk", walk as Resolve)] {
            let check = |path: &str, expected: bool| {
                let end = resolve(root.directory.as_fd(), Path::new(path), OFlags::RDONLY);
                assert_eq!(end.is_ok(), expected, "{name} {path}: {end:?}");
            };
            check("a/file", true);
            check("a/b/../file", true);
            check("a/b/..", true);
            check(".", true);
            check("..", false);
            check("../secret", false);
            check("a/../../secret", false);
            check("out", false);
            check("etc/hostname", false);
            check("/etc/hostname", false);
            check("a/file/x", false);
        }
    }
}
