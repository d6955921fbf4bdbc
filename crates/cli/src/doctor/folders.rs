//! The folders: there, writable, readable by their owner only, and with room left.

use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixStream,
    },
    path::Path,
};

use rustix::{
    fs::{Access, access, statvfs},
    io::Errno,
};

use super::{Finding, Mend, Patient, State};

const AREA: &str = "folders";

/// With less room than this, keys, history and kept results can soon not be written.
const FREE_BYTES_MIN: u64 = 100 * 1024 * 1024;

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let folders = &patient.folders;
    let mut findings = vec![state(&folders.state)];
    if folders.runtime != folders.state {
        findings.push(state(&folders.runtime));
    }
    findings.extend(room(&folders.state));
    findings.extend(dead_sockets(&folders.runtime));
    findings
}

/// A folder of what the program keeps: for its owner only.
fn state(folder: &Path) -> Finding {
    let shown = folder.display();
    let Ok(facts) = fs::metadata(folder) else {
        return Finding::new(AREA, State::Doubtful, format!("{shown} is not there yet"))
            .mend(Mend::Folder(folder.to_owned()));
    };
    if !facts.is_dir() {
        return Finding::new(AREA, State::Bad, format!("{shown} is no folder"))
            .hint(format!("mv '{shown}' '{shown}.old'"));
    }
    if let Err(error) = access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        let why = if error == Errno::ROFS { "is on a disk that is read-only" } else { "cannot be written" };
        return Finding::new(AREA, State::Bad, format!("{shown} {why}"))
            .hint("set `SWITCHBOARD_STATE_DIR` to a folder of yours");
    }
    if facts.permissions().mode() & 0o077 != 0 {
        let what = format!("{shown} can be read by others, and keys are kept there");
        return Finding::new(AREA, State::Bad, what).mend(Mend::Private(folder.to_owned()));
    }
    Finding::new(AREA, State::Good, format!("{shown} is writable, and for its owner only"))
}

fn room(folder: &Path) -> Option<Finding> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let facts = statvfs(there).ok()?;
    let free = facts.f_bavail.saturating_mul(facts.f_frsize);
    let what = format!("{} MiB are free below {}", free / (1024 * 1024), there.display());
    if free >= FREE_BYTES_MIN {
        return Some(Finding::new(AREA, State::Good, what));
    }
    Some(Finding::new(AREA, State::Bad, what).hint("make room: what cannot be written is lost at a restart"))
}

/// Sockets of nodes that ended without taking them along.
fn dead_sockets(folder: &Path) -> Vec<Finding> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sockets =
        entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_socket())).map(|entry| entry.path());
    let is_dead = |path: &std::path::PathBuf| {
        UnixStream::connect(path).is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
    };
    let finding = |path: std::path::PathBuf| {
        Finding::new(AREA, State::Doubtful, format!("nobody listens on {}", path.display())).mend(Mend::Remove(path))
    };
    sockets.filter(is_dead).map(finding).collect()
}
