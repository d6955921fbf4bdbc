//! What the file system says of one thing: what it is, how long, how old, whose.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{FileType, RawMode};

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A device, a pipe or a socket.
    Other,
}

impl Kind {
    /// How it is written in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Symlink => "symlink",
            Self::Other => "other",
        }
    }
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Symlink,
            _ => Self::Other,
        }
    }
}

/// What the file system says of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Its length in bytes.
    pub size: u64,
    /// When its content changed last.
    pub modified: SystemTime,
    /// Its permission bits.
    pub permissions: u32,
    /// Its owner's number.
    pub uid: u32,
    /// Its group's number.
    pub gid: u32,
    /// Names that it has in the file system.
    pub links: u64,
    /// Which thing it is: device and inode.
    pub identity: (u64, u64),
}

impl Stat {
    /// Its permissions as `ls` writes them: `rwxr-x---`.
    pub fn permission_letters(&self) -> String {
        let letter =
            |bit: u32| if self.permissions & (1 << bit) == 0 { '-' } else { ['x', 'w', 'r'][bit as usize % 3] };
        (0..9).rev().map(letter).collect()
    }
}

impl From<&rustix::fs::Stat> for Stat {
    #[allow(
        clippy::unnecessary_cast,
        clippy::cast_lossless,
        clippy::cast_sign_loss,
        reason = "the widths differ between architectures"
    )]
    fn from(stat: &rustix::fs::Stat) -> Self {
        let seconds = Duration::from_secs(stat.st_mtime.unsigned_abs() as u64);
        let second = if stat.st_mtime < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) };
        Self {
            kind: FileType::from_raw_mode(stat.st_mode as RawMode).into(),
            size: stat.st_size as u64,
            modified: second.unwrap_or(UNIX_EPOCH) + Duration::from_nanos(stat.st_mtime_nsec as u64),
            permissions: stat.st_mode as u32 & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            links: stat.st_nlink as u64,
            identity: (stat.st_dev as u64, stat.st_ino as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_written_as_ls_does() {
        let folder = tempfile::tempdir().unwrap();
        let stat = rustix::fs::stat(folder.path()).unwrap();
        let check = |permissions, expected: &str| {
            assert_eq!(Stat { permissions, ..Stat::from(&stat) }.permission_letters(), expected);
        };
        check(0o750, "rwxr-x---");
        check(0o644, "rw-r--r--");
        check(0, "---------");
    }
}
