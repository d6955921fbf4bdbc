//! The configurations that were in force: the newest of them, each as its own file that only the user may read, with
//! references instead of secrets. The time comes in as an argument.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Error;

/// Configurations that are kept; the oldest beyond that are forgotten.
pub const KEPT_MAX: usize = 100;
/// How often a number is tried anew that another node of the same file took first.
const TRIES: usize = 16;
/// Characters of a path that name its history: file names end at 255 bytes.
const NAME_CHARS_MAX: usize = 120;

/// The history of one configuration file.
#[derive(Clone, Debug)]
pub struct History {
    folder: PathBuf,
}

/// A configuration that was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, from 1.
    pub number: u64,
    /// When it was put in force, in seconds since 1970.
    pub at_unix_s: u64,
    /// What put it in force: `start`, `file`, `signal`, `command` or `rollback`.
    pub origin: String,
    /// What changed by it.
    pub summary: String,
    /// The text of the file, with its references.
    pub text: String,
    /// The text of the stored configuration; empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stored: String,
}

impl History {
    /// The history of the configuration file `file`, in the folder of what the program keeps.
    pub fn of(state: &Path, file: Option<&Path>) -> Self {
        Self { folder: state.join("history").join(kept_under(file)) }
    }

    /// Keeps a configuration and gives its number. One with the same text as the newest is not kept twice.
    pub fn add(&self, record: &Record) -> Result<u64, Error> {
        self.add_file(record).map_err(|source| self.failed(source))
    }

    /// All that is kept, newest first.
    pub fn list(&self) -> Result<Vec<Record>, Error> {
        let numbers = self.numbers().map_err(|source| self.failed(source))?;
        Ok(numbers.into_iter().rev().filter_map(|number| self.read(number).ok().flatten()).collect())
    }

    /// The configuration with this number, if it is kept.
    pub fn get(&self, number: u64) -> Result<Option<Record>, Error> {
        self.read(number).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::History { folder: self.folder.clone(), source }
    }

    fn add_file(&self, record: &Record) -> io::Result<u64> {
        let mut numbers = self.numbers()?;
        if let Some(newest) = numbers.last().and_then(|number| self.read(*number).ok().flatten())
            && (&newest.text, &newest.stored) == (&record.text, &record.stored)
        {
            return Ok(newest.number);
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let next = numbers.last().map_or(1, |number| number + 1);
        for number in (next..).take(TRIES) {
            match self.write(&Record { number, ..record.clone() }) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    numbers.push(number);
                    self.forget(&numbers[..numbers.len().saturating_sub(KEPT_MAX)]);
                    return Ok(number);
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn read(&self, number: u64) -> io::Result<Option<Record>> {
        match fs::read(self.file(number)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, record: &Record) -> io::Result<()> {
        let path = self.file(record.number);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let written = file.write_all(&serde_json::to_vec(record)?).and_then(|()| file.sync_all());
        if written.is_err() {
            let _ = fs::remove_file(&path);
        }
        written
    }

    fn forget(&self, numbers: &[u64]) {
        for number in numbers {
            let _ = fs::remove_file(self.file(*number));
        }
    }

    fn file(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:08}.json"))
    }

    /// The numbers there are, in order.
    fn numbers(&self) -> io::Result<Vec<u64>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let number = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok();
        let mut numbers: Vec<u64> = entries.flatten().filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// The name under which the program keeps what belongs to the configuration file `file`.
pub(crate) fn kept_under(file: Option<&Path>) -> String {
    let absolute = |file: &Path| fs::canonicalize(file).or_else(|_| std::path::absolute(file));
    let path = file.and_then(|file| absolute(file).ok());
    path.map_or_else(|| "no-file".to_owned(), |path| plain(&path.to_string_lossy()))
}

/// A path as the name of a folder.
fn plain(path: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "._".contains(letter) { letter } else { '-' };
    let letters: Vec<char> = path.chars().map(plain).collect();
    letters[letters.len().saturating_sub(NAME_CHARS_MAX)..].iter().collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::{History, KEPT_MAX, Record};

    fn record(text: &str) -> Record {
        Record {
            number: 0,
            at_unix_s: 7,
            origin: "file".into(),
            summary: "added: a".into(),
            text: text.to_owned(),
            stored: String::new(),
        }
    }

    #[test]
    fn newest_configurations_are_kept_and_the_oldest_forgotten() {
        let state = tempfile::tempdir().unwrap();
        let history = History::of(state.path(), Some("/etc/switchboard.toml".as_ref()));
        assert_eq!(history.list().unwrap(), []);
        for number in 1..=KEPT_MAX as u64 + 5 {
            assert_eq!(history.add(&record(&format!("text {number}"))).unwrap(), number);
        }
        let list = history.list().unwrap();
        assert_eq!((list.len(), list[0].number, list[KEPT_MAX - 1].number), (KEPT_MAX, 105, 6));
        assert_eq!(history.get(105).unwrap().unwrap().text, "text 105");
        assert_eq!(history.get(5).unwrap(), None);
    }

    #[test]
    fn same_text_is_kept_once_and_for_its_user_only() {
        let state = tempfile::tempdir().unwrap();
        let history = History::of(state.path(), None);
        assert_eq!((history.add(&record("a")).unwrap(), history.add(&record("a")).unwrap()), (1, 1));
        assert_eq!((history.add(&record("b")).unwrap(), history.add(&record("a")).unwrap()), (2, 3));
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&history.folder), mode(&history.file(1))), (0o700, 0o600));
    }
}
