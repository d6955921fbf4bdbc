//! The file of a client: read as text, changed as a whole, and only if nobody else has changed it since.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use adoption::{Client, Server};

use crate::Error;

/// A larger file is none that a person keeps: refused rather than read.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A file as it was when it was read.
pub(crate) struct ClientFile {
    /// Whose it is.
    pub(crate) client: &'static Client,
    /// Where it is, links followed.
    pub(crate) path: PathBuf,
    /// Its text; none if it is not there.
    pub(crate) before: Option<String>,
}

impl ClientFile {
    /// Reads the file at `path`, there or not.
    pub(crate) fn read(client: &'static Client, path: &Path) -> Result<Self, Error> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let before = text_of(&path).map_err(|source| Error::ClientFile { path: path.clone(), source })?;
        Ok(Self { client, path, before })
    }

    /// Whether the client itself seems to be there: its file, or the folder that it makes for it.
    pub(crate) fn is_found(&self) -> bool {
        self.before.is_some() || self.path.parent().is_some_and(Path::is_dir) && !self.is_among_others()
    }

    /// The servers that stand in it.
    pub(crate) fn servers(&self) -> Result<Vec<Server>, Error> {
        adoption::read(self.client, self.text()).map_err(|source| self.wrong(source))
    }

    /// Its text with one more server.
    pub(crate) fn with(&self, server: &Server) -> Result<String, Error> {
        adoption::add(self.client, self.text(), server).map_err(|source| self.wrong(source))
    }

    /// Another text without a server.
    pub(crate) fn without(&self, text: &str, name: &str) -> Result<String, Error> {
        adoption::remove(self.client, text, name).map_err(|source| self.wrong(source))
    }

    /// Its text; empty if it is not there.
    pub(crate) fn text(&self) -> &str {
        self.before.as_deref().unwrap_or_default()
    }

    /// Writes `text`, or takes the file away, if it still is as it was read.
    pub(crate) fn replace(&self, text: Option<&str>) -> Result<(), Error> {
        let failed = |source| Error::ClientFile { path: self.path.clone(), source };
        if text_of(&self.path).map_err(failed)? != self.before {
            return Err(Error::ClientChanged { path: self.path.clone() });
        }
        match text {
            Some(text) => config::store::replace(&self.path, text).map_err(failed),
            None => fs::remove_file(&self.path).map_err(failed),
        }
    }

    /// A file directly at home says nothing of the client while it is absent.
    fn is_among_others(&self) -> bool {
        let home = std::env::var_os(config::env::HOME.name).map(PathBuf::from);
        self.path.parent() == home.as_deref() || std::env::current_dir().ok().as_deref() == self.path.parent()
    }

    fn wrong(&self, source: adoption::Error) -> Error {
        Error::ClientText { path: self.path.clone(), source }
    }
}

fn text_of(path: &Path) -> io::Result<Option<String>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(facts) if facts.len() > BYTES_MAX => return Err(io::Error::other("it is larger than 16 MiB")),
        Ok(_) => {}
    }
    fs::read_to_string(path).map(Some)
}
