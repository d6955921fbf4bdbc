//! The file opened: checked before it is trusted, for its owner only, and written so that a commit survives a loss of power.

use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};

use crate::{Error, schema};

/// How long a change waits for another process that writes to the same file.
const BUSY: Duration = Duration::from_secs(5);
/// The log of changes is cut back to this size.
const LOG_BYTES_MAX: u32 = 16 * 1024 * 1024;
/// Pages of the file that are kept in memory, in KiB. Half of what SQLite takes by itself: rows are found by their names, and what
/// is not here is in the cache of the system.
const PAGES_KIB_MAX: i32 = 1_024;

/// Opens the file in this folder, and makes it if it is not there.
pub(crate) fn in_folder(folder: &Path, bytes_max: u64) -> Result<Connection, Error> {
    let path = folder.join("switchboard.db");
    make(folder, &path).map_err(|source| Error::Unusable { path: path.clone(), source: Arc::new(source) })?;
    opened(&path, bytes_max).map_err(|error| told(error, &path))
}

/// A store that ends with the process.
pub(crate) fn in_memory(bytes_max: u64) -> Result<Connection, Error> {
    let mut connection = Connection::open_in_memory()?;
    settle(&connection, bytes_max)?;
    schema::bring_up(&mut connection)?;
    Ok(connection)
}

fn make(folder: &Path, path: &PathBuf) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn opened(path: &Path, bytes_max: u64) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    if connection.is_readonly(MAIN_DB)? {
        return Err(Error::ReadOnly { path: path.to_owned() });
    }
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    is_ours(&connection, path)?;
    let found: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    if found != "ok" {
        return Err(Error::Damaged { path: path.to_owned(), found });
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_MAX)?;
    schema::bring_up(&mut connection)?;
    settle(&connection, bytes_max)?;
    Ok(connection)
}

/// Refuses what another program or a newer version wrote, before anything is changed in it.
fn is_ours(connection: &Connection, path: &Path) -> Result<(), Error> {
    let (path, known) = (path.to_owned(), schema::NEWEST);
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    let found = schema::Version::of(connection)?;
    if application != schema::APPLICATION && (application != 0 || tables > 0) {
        return Err(Error::Foreign { path });
    }
    if found.is_known() { Ok(()) } else { Err(Error::Newer { path, found: found.schema, known }) }
}

fn settle(connection: &Connection, bytes_max: u64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", true)?;
    // a negative number is one of KiB
    connection.pragma_update(None, "cache_size", -PAGES_KIB_MAX)?;
    let page_bytes: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    // answers with the bound that is in force
    connection.query_row(&format!("PRAGMA max_page_count = {}", bytes_max.div_ceil(page_bytes.into())), (), |_| Ok(()))
}

/// An error of opening in the words of whoever has to mend it.
fn told(error: Error, path: &Path) -> Error {
    let Error::Database(database) = &error else { return error };
    let path = path.to_owned();
    match database.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            Error::Damaged { path, found: database.to_string() }
        }
        Some(ErrorCode::ReadOnly) => Error::ReadOnly { path },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            Error::Unusable { path, source: Arc::new(io::Error::other(database.to_string())) }
        }
        _ => error,
    }
}
