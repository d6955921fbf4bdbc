//! What `auto_setup` has made, kept so that one call takes it back: files that nobody has changed since, and folders.

use serde::{Deserialize, Serialize};
use toolkit::{Code, Failure};
use workbench::{Place, Write, digest};

use crate::shown;

/// Where records are, from the root.
const FOLDER: &str = ".switchboard/undo";
/// Bytes of a record: a set-up makes a dozen things.
const RECORD_BYTES_MAX: u64 = 64 << 10;
/// Bytes of a file that is compared: what a set-up writes is small.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Letters of an id.
const ID_LETTERS: usize = 24;

/// What one set-up has made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The project.
    pub(crate) project: String,
    /// Files with their digests.
    pub(crate) files: Vec<(String, String)>,
    /// What programs made: an environment, a repository, a lock file.
    pub(crate) made: Vec<String>,
}

impl Record {
    /// Keeps it; gives its id.
    pub(crate) fn keep(&self, project: &Place) -> Result<String, Failure> {
        let text = serde_json::to_vec(self)
            .map_err(|error| Failure::new(Code::InternalError, format!("cannot write what was made: {error}")))?;
        let id = digest(&[&text[..], &moment()].concat()).trim_start_matches("sha256:")[..ID_LETTERS].to_owned();
        let how = Write { create_backup: false, overwrite: false, ..Write::default() };
        place(project, &id)?.write(&text, &how)?;
        Ok(id)
    }

    /// The record of this id.
    pub(crate) fn find(project: &Place, id: &str) -> Result<Self, Failure> {
        let unknown = || {
            let text = format!("there is no set-up `{}` of this project to undo", shown::short(id));
            let failure = Failure::new(Code::NotFound, text).hint("give the `undo_id` of the call that made it");
            Failure { field: Some("undo".to_owned()), ..failure }
        };
        if id.len() != ID_LETTERS || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(unknown());
        }
        let bytes = place(project, id)?.read(RECORD_BYTES_MAX).map_err(|_| unknown())?;
        let record: Self = serde_json::from_slice(&bytes).map_err(|_| unknown())?;
        if record.project == project.display() { Ok(record) } else { Err(unknown()) }
    }

    /// Takes back what it says, into the trash; gives what was taken back and what was left because it has changed.
    pub(crate) fn take_back(&self, project: &Place) -> Result<(Vec<String>, Vec<String>), Failure> {
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for (file, known) in &self.files {
            let there = project.join(file)?;
            match there.read(FILE_BYTES_MAX) {
                Ok(bytes) if digest(&bytes) == *known => {
                    there.trash()?;
                    taken.push(file.clone());
                }
                Ok(_) => left.push(file.clone()),
                // what is gone need not be taken back
                Err(_) => {}
            }
        }
        for made in &self.made {
            let there = project.join(made)?;
            if there.exists()? {
                there.trash()?;
                taken.push(made.clone());
            }
        }
        Ok((taken, left))
    }

    /// Forgets the record of this id.
    pub(crate) fn forget(project: &Place, id: &str) -> Result<(), Failure> {
        place(project, id)?.remove()
    }
}

fn place(project: &Place, id: &str) -> Result<Place, Failure> {
    project.root().join(&format!("{FOLDER}/{id}.json"))
}

/// The moment, so that two set-ups have two ids.
fn moment() -> [u8; 16] {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos()).to_le_bytes()
}
