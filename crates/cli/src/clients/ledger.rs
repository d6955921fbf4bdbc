//! What we put into the files of clients, and what stood there before: so that taking it out again leaves no trace.
//! Kept in the state folder, readable by its user only, since such files hold secrets.

use std::{
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ClientFile;
use crate::Error;

/// One change that we made to one file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Installation {
    /// The file.
    pub(crate) file: PathBuf,
    /// The name under which we stand there.
    pub(crate) name: String,
    /// Whether the file was there before.
    existed: bool,
    /// The digest of the text that we wrote.
    written: String,
}

impl Installation {
    /// Whether a file is just as we left it.
    pub(crate) fn is_untouched(&self, file: &ClientFile) -> bool {
        self.written == digest(file.text())
    }
}

/// The folder where installations are remembered.
pub(crate) struct Ledger(PathBuf);

impl Ledger {
    /// The ledger of this process's user.
    pub(crate) fn of_process() -> Result<Self, Error> {
        let folders = config::Folders::of_process().ok_or(Error::Homeless)?;
        Ok(Self(folders.state.join("clients")))
    }

    /// What was put into the file at `path`, if anything.
    pub(crate) fn find(&self, path: &Path) -> Result<Option<Installation>, Error> {
        let page = self.page(path, "json");
        match fs::read_to_string(&page) {
            Ok(text) => Ok(serde_json::from_str(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::ClientFile { path: page, source }),
        }
    }

    /// Remembers that `text` is about to be written into `file` for the entry `name`: first what is there, then that.
    pub(crate) fn enter(&self, file: &ClientFile, name: &str, text: &str) -> Result<PathBuf, Error> {
        let entry = Installation {
            file: file.path.clone(),
            name: name.to_owned(),
            existed: file.before.is_some(),
            written: digest(text),
        };
        let json = serde_json::to_string_pretty(&entry).map_err(io::Error::other)?;
        let backup = self.page(&file.path, "before");
        for (page, text) in [(&backup, file.text()), (&self.page(&file.path, "json"), &json)] {
            self.write(page, text).map_err(|source| Error::ClientFile { path: page.clone(), source })?;
        }
        Ok(backup)
    }

    /// What stood in the file before; none if it was not there.
    pub(crate) fn before(&self, entry: &Installation) -> Result<Option<String>, Error> {
        if !entry.existed {
            return Ok(None);
        }
        let page = self.page(&entry.file, "before");
        fs::read_to_string(&page).map(Some).map_err(|source| Error::ClientFile { path: page, source })
    }

    /// Where what stood in a file before is kept.
    pub(crate) fn backup(&self, path: &Path) -> PathBuf {
        self.page(path, "before")
    }

    /// Forgets what was put into a file; what stood there before is kept if somebody may still want it.
    pub(crate) fn forget(&self, path: &Path, with_backup: bool) {
        let _ = fs::remove_file(self.page(path, "json"));
        if with_backup {
            let _ = fs::remove_file(self.page(path, "before"));
        }
    }

    fn write(&self, page: &Path, text: &str) -> io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        config::store::replace(page, text)
    }

    fn page(&self, path: &Path, ending: &str) -> PathBuf {
        let name = digest(&path.to_string_lossy());
        self.0.join(format!("{}.{ending}", &name[..16]))
    }
}

fn digest(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
