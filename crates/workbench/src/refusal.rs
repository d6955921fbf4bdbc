//! What the system says about a path, as a failure that says what to do next.

use std::path::Path;

use rustix::io::Errno;
use toolkit::{Code, Failure};

/// Bytes of a path that a message repeats.
const SHOWN_BYTES_MAX: usize = 200;

/// A failure that blames an argument.
pub(crate) fn at(field: &'static str, code: Code, message: impl Into<String>) -> Failure {
    Failure { field: Some(field.to_owned()), ..Failure::new(code, message) }
}

/// A path as a message repeats it.
pub(crate) fn shortened(text: &str) -> String {
    let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
    let start: String = text[..end].chars().map(|one| if one.is_control() { '\u{fffd}' } else { one }).collect();
    if end < text.len() { format!("{start}…") } else { start }
}

/// Why `act` did not work at `path`.
pub(crate) fn of(error: Errno, act: &str, path: &Path, field: &'static str) -> Failure {
    let shown = shortened(&path.display().to_string());
    let failure = |code, reason: &str| at(field, code, format!("cannot {act} `{shown}`: {reason}"));
    match error {
        Errno::NOENT => failure(Code::NotFound, "it does not exist").hint("list its folder to see what is there"),
        Errno::NOTDIR => {
            failure(Code::NotFound, "a part of the path is not a folder").hint("list its folder to see what is there")
        }
        Errno::EXIST => failure(Code::AlreadyExists, "it exists already").hint("choose another name"),
        Errno::NOTEMPTY => {
            failure(Code::Conflict, "the folder is not empty").hint("give `recursive: true` if all of it shall go")
        }
        Errno::XDEV => failure(Code::PathDenied, "it leads out of the allowed folder"),
        Errno::LOOP => failure(Code::PathDenied, "it is a symbolic link, which is not followed here")
            .hint("name the file that it leads to"),
        Errno::NAMETOOLONG => at(field, Code::InvalidInput, format!("`{shown}` is too long for a path")),
        Errno::ISDIR => failure(Code::InvalidInput, "it is a folder"),
        Errno::ACCESS | Errno::PERM => failure(Code::FilesystemError, "permission denied")
            .hint("the user that the toolkit runs as may not do this; change the owner or the mode of the file"),
        Errno::NOSPC | Errno::DQUOT => failure(Code::FilesystemError, "no space is left")
            .hint("free some space; what was there before is unchanged"),
        Errno::ROFS => failure(Code::FilesystemError, "the file system can only be read"),
        other => failure(Code::FilesystemError, &std::io::Error::from(other).to_string()),
    }
}

/// The same for an error of the standard library.
pub(crate) fn io(error: &std::io::Error, act: &str, path: &Path, field: &'static str) -> Failure {
    match Errno::from_io_error(error) {
        Some(error) => of(error, act, path, field),
        None => at(
            field,
            Code::FilesystemError,
            format!("cannot {act} `{}`: {error}", shortened(&path.display().to_string())),
        ),
    }
}
