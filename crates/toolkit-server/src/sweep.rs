//! Removes old files beneath a folder that others may write to as well: step by step by descriptor, never through a link,
//! never into another file system, and nothing that a program may be waiting at.

use std::{
    ffi::CStr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, openat, statat, unlinkat},
    io::Errno,
};
use toolkit::Failure;
use workbench::Stop;

use crate::error::Error;

/// How deep folders are followed; deeper ones are left alone.
const DEPTH_MAX: usize = 32;
/// Names that are told; the number and the bytes of all are told too.
pub(crate) const NAMES_MAX: usize = 200;
/// Beginnings of names that belong to running programs, however old they are.
const KEPT: [&str; 6] = ["systemd-private-", "snap-private-tmp", ".X11-unix", ".ICE-unix", ".XIM-unix", ".font-unix"];

/// Which files are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All of them, and folders that are empty.
    All,
    /// Logs that were put aside: with a number or the end of a packed file.
    RotatedLogs,
}

impl Kind {
    fn includes(self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::RotatedLogs => {
                let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
                let is_number = !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
                !stem.is_empty() && (is_number || matches!(end, "gz" | "xz" | "bz2" | "zst" | "old"))
            }
        }
    }
}

/// Whether files are only counted or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Only counts them.
    Count,
    /// Removes them.
    Remove,
}

/// What was found, and removed if that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// How many files and folders.
    pub(crate) count: usize,
    /// What they held on the disk.
    pub(crate) bytes: u64,
    /// The first of them.
    pub(crate) names: Vec<String>,
}

/// Sweeps a folder; one that is not there is clean. Without an age everything is old.
pub(crate) fn sweep(folder: &Path, kind: Kind, age: Duration, act: Act, stop: &Stop) -> Result<Found, Failure> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = match rustix::fs::open(folder, flags, Mode::empty()) {
        Ok(opened) => opened,
        Err(Errno::NOENT) => return Ok(Found::default()),
        Err(errno) => return Err(Error::file(folder)(errno.into()).into()),
    };
    let stat = rustix::fs::fstat(&opened).map_err(|errno| Error::file(folder)(errno.into()))?;
    let mut sweeper = Sweeper { kind, act, limit_s: limit_s(age), device: stat.st_dev, stop, found: Found::default() };
    sweeper.folder(&opened, &folder.to_string_lossy(), 0)?;
    Ok(sweeper.found)
}

/// The moment after which what was touched stays, in seconds since 1970.
fn limit_s(age: Duration) -> i64 {
    if age.is_zero() {
        return i64::MAX;
    }
    let limit = SystemTime::now().checked_sub(age).unwrap_or(UNIX_EPOCH);
    i64::try_from(limit.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}

struct Sweeper<'a> {
    kind: Kind,
    act: Act,
    /// What was touched after this moment stays.
    limit_s: i64,
    device: u64,
    stop: &'a Stop,
    found: Found,
}

impl Sweeper<'_> {
    /// Sweeps an open folder. What vanishes meanwhile was removed by somebody else.
    fn folder(&mut self, folder: &OwnedFd, path: &str, depth: usize) -> Result<(), Failure> {
        let Ok(entries) = Dir::read_from(folder) else { return Ok(()) };
        for entry in entries.flatten() {
            self.stop.check()?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if matches!(name, "." | "..") || KEPT.iter().any(|kept| name.starts_with(kept)) {
                continue;
            }
            let Ok(stat) = statat(folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) else { continue };
            let path = format!("{path}/{name}");
            match FileType::from_raw_mode(stat.st_mode) {
                // what is mounted here is another folder's; of a file in layers only the folder tells the file system
                FileType::Directory if stat.st_dev != self.device => {}
                FileType::Directory => self.inner(folder.as_fd(), entry.file_name(), &stat, &path, depth)?,
                FileType::RegularFile | FileType::Symlink if self.is_meant(name, &stat) => {
                    self.take(folder.as_fd(), entry.file_name(), &stat, path, AtFlags::empty());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Sweeps a folder in a folder, and removes it if that has left it empty and it is old itself.
    fn inner(
        &mut self,
        outer: BorrowedFd<'_>,
        name: &CStr,
        stat: &Stat,
        path: &str,
        depth: usize,
    ) -> Result<(), Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        if depth >= DEPTH_MAX {
            return Ok(());
        }
        let Ok(opened) = openat(outer, name, flags, Mode::empty()) else { return Ok(()) };
        self.folder(&opened, path, depth + 1)?;
        // the kernel itself refuses to remove a folder that is not empty
        if self.kind == Kind::All && self.act == Act::Remove && self.is_old(stat) {
            self.take(outer, name, stat, path.to_owned(), AtFlags::REMOVEDIR);
        }
        Ok(())
    }

    fn is_meant(&self, name: &str, stat: &Stat) -> bool {
        self.kind.includes(name) && self.is_old(stat)
    }

    /// Neither read nor written nor moved since the limit.
    fn is_old(&self, stat: &Stat) -> bool {
        [stat.st_atime, stat.st_mtime, stat.st_ctime].into_iter().all(|time| time < self.limit_s)
    }

    fn take(&mut self, folder: BorrowedFd<'_>, name: &CStr, stat: &Stat, path: String, flags: AtFlags) {
        if self.act == Act::Remove && unlinkat(folder, name, flags).is_err() {
            return;
        }
        // a file with more names is freed with the last of them
        let is_last = stat.st_nlink <= 1;
        let bytes = u64::try_from(stat.st_blocks).unwrap_or_default().saturating_mul(512);
        self.found.count += 1;
        self.found.bytes += if is_last && flags.is_empty() { bytes } else { 0 };
        if self.found.names.len() < NAMES_MAX {
            self.found.names.push(path);
        }
    }
}

/// Bytes that the files beneath a folder hold on the disk.
pub(crate) fn size(folder: &Path, stop: &Stop) -> Result<u64, Failure> {
    sweep(folder, Kind::All, Duration::ZERO, Act::Count, stop).map(|found| found.bytes)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File, FileTimes},
        os::unix::{fs::symlink, net::UnixListener},
        path::PathBuf,
    };

    use super::*;

    fn file(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "x".repeat(5_000)).unwrap();
        path
    }

    fn sweep_all(folder: &Path, kind: Kind, act: Act) -> Found {
        sweep(folder, kind, Duration::ZERO, act, &Stop::default()).unwrap()
    }

    #[test]
    fn old_files_and_empty_folders_go_and_links_are_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        let precious = file(outside.path(), "precious");
        let folder = tempfile::tempdir().unwrap();
        let old = file(folder.path(), "deep/er/old");
        symlink(outside.path(), folder.path().join("way-out")).unwrap();
        symlink(&precious, folder.path().join("deep/link")).unwrap();
        let private = file(folder.path(), "systemd-private-1/x");
        let _socket = UnixListener::bind(folder.path().join("socket")).unwrap();
        let counted = sweep_all(folder.path(), Kind::All, Act::Count);
        assert!(old.exists() && counted.bytes >= 5_000, "{counted:?}");
        let removed = sweep_all(folder.path(), Kind::All, Act::Remove);
        assert_eq!(removed.bytes, counted.bytes);
        assert!(!old.exists() && !folder.path().join("way-out").exists());
        assert!(precious.exists() && private.exists() && folder.path().join("socket").exists());
    }

    #[test]
    fn what_is_young_stays() {
        let folder = tempfile::tempdir().unwrap();
        let young = file(folder.path(), "young");
        let long_ago = FileTimes::new().set_modified(UNIX_EPOCH).set_accessed(UNIX_EPOCH);
        File::open(&young).unwrap().set_times(long_ago).unwrap();
        // its times were set back, which the kernel notes in a third one
        let found = sweep(folder.path(), Kind::All, Duration::from_hours(1), Act::Remove, &Stop::default()).unwrap();
        assert_eq!((found, young.exists()), (Found::default(), true));
    }

    #[test]
    fn a_folder_that_is_a_link_or_missing_is_not_swept() {
        let folder = tempfile::tempdir().unwrap();
        file(folder.path(), "real/file");
        symlink(folder.path().join("real"), folder.path().join("link")).unwrap();
        let run =
            |name: &str| sweep(&folder.path().join(name), Kind::All, Duration::ZERO, Act::Remove, &Stop::default());
        assert!(run("link").is_err());
        assert_eq!(run("missing").unwrap(), Found::default());
    }

    #[test]
    fn rotated_logs_are_told_by_their_names() {
        let check = |name: &str, expected: bool| assert_eq!(Kind::RotatedLogs.includes(name), expected, "{name}");
        check("syslog.1", true);
        check("syslog.2.gz", true);
        check("dpkg.log.old", true);
        check("syslog", false);
        check("app-1.2.log", false);
        check(".gz", false);
        check("journal~", false);
    }
}
