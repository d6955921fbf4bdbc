//! Reads a file up to a bound. What is no regular file is refused before a byte is read: a pipe would wait for ever.

use std::{fs::File, io::Read as _, os::fd::OwnedFd, path::Path};

use rustix::fs::{OFlags, fstat};
use toolkit::{Code, Failure};

use crate::{Kind, Place, Stat, denied::Act, refusal};

/// How a file is opened to be read: never waiting, never becoming our terminal.
pub(crate) const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

impl Place {
    /// The whole file, of at most `bytes_max` bytes.
    pub fn read(&self, bytes_max: u64) -> Result<Vec<u8>, Failure> {
        whole(self.open_as(FLAGS, "read", Act::Read)?, bytes_max, self.path(), self.field())
    }

    /// The file, opened to be read, and what it is.
    pub fn open(&self) -> Result<(File, Stat), Failure> {
        regular(self.open_as(FLAGS, "read", Act::Read)?, self.path(), self.field())
    }
}

/// The whole of an open file.
pub(crate) fn whole(file: OwnedFd, bytes_max: u64, path: &Path, field: &'static str) -> Result<Vec<u8>, Failure> {
    let (file, stat) = regular(file, path, field)?;
    let too_large = |size: u64| {
        let text = format!(
            "`{}` has {size} bytes; at most {bytes_max} are read",
            refusal::shortened(&path.display().to_string())
        );
        Err(refusal::at(field, Code::TooLarge, text).hint("read a part of it"))
    };
    if stat.size > bytes_max {
        return too_large(stat.size);
    }
    let mut bytes = Vec::with_capacity(stat.size as usize);
    // one byte more than allowed: the file may have grown since
    #[expect(clippy::disallowed_methods, reason = "`take` bounds it")]
    let end = file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes);
    end.map_err(|error| refusal::io(&error, "read", path, field))?;
    if bytes.len() as u64 > bytes_max { too_large(bytes.len() as u64) } else { Ok(bytes) }
}

fn regular(file: OwnedFd, path: &Path, field: &'static str) -> Result<(File, Stat), Failure> {
    let stat = fstat(&file).map_err(|error| refusal::of(error, "read", path, field))?;
    let stat = Stat::from(&stat);
    let refuse = |what: &str, hint: &str| {
        let text = format!("`{}` is {what}, not a file", refusal::shortened(&path.display().to_string()));
        Err(refusal::at(field, Code::InvalidInput, text).hint(hint))
    };
    match stat.kind {
        Kind::File => Ok((File::from(file), stat)),
        Kind::Directory => refuse("a folder", "list it instead"),
        _ => refuse("a device, a pipe or a socket", "only regular files are read"),
    }
}
