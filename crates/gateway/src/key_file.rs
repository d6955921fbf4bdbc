//! The keys of our seals on disk, so that what was handed out before a restart is still good after it. One small file
//! that only its owner can read, replaced whole or not at all. Nodes that share the folder share the keys: a new key
//! seals only after all of them have had time to read it, and an old one opens for long after.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use mcp::seal::{Key, KeyRing};

const DAY_S: u64 = 24 * 3_600;
/// A key is replaced after this time, which limits what a stolen one opens.
const RENEW_AFTER_S: u64 = 30 * DAY_S;
/// A replaced key opens for so long: longer than any session or cursor lives.
const OPENS_FOR_S: u64 = 30 * DAY_S;
/// A fresh key does not seal before the other nodes have read it; they look once an hour.
const SEALS_AFTER_S: u64 = 2 * 3_600;
/// More than the file ever holds.
const FILE_BYTES_MAX: u64 = 64 * 1024;
const HEADING: &str = "switchboard seal keys, version 1: keep secret";
const SECRET_BYTES: usize = 32;

/// Why the keys cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The folder or the file cannot be used.
    #[error("{path} cannot be used: make it writable or name another folder with SWITCHBOARD_STATE_DIR", path = .path.display())]
    Unusable {
        /// What cannot be used.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than the owner may read the keys.
    #[error("{path} can be read by others: remove it, or `chmod 600` it if they never could", path = .path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// It holds something else than keys.
    #[error("{path} holds no keys of ours: remove it to begin anew", path = .path.display())]
    Garbled {
        /// The file.
        path: PathBuf,
    },
}

/// The file with the keys.
#[derive(Debug)]
pub struct KeyFile {
    folder: PathBuf,
}

/// One key as the file holds it.
#[derive(Clone, PartialEq, Eq)]
struct Entry {
    id: u8,
    made_at_s: u64,
    secret: [u8; SECRET_BYTES],
}

impl KeyFile {
    /// The file in this folder of state.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The keys that hold now. Makes the first one, and replaces one that is old; `fresh` gives a secret.
    pub fn read(&self, now_s: u64, fresh: impl Fn() -> [u8; SECRET_BYTES]) -> Result<KeyRing, KeyFileError> {
        let _alone = self.lock().map_err(|source| unusable(&self.folder, source))?;
        let known = self.load()?;
        let keys = renewed(known.clone(), now_s, fresh);
        if keys != known {
            self.store(&keys).map_err(|source| unusable(&self.path(), source))?;
        }
        Ok(ring(&keys, now_s))
    }

    fn path(&self) -> PathBuf {
        self.folder.join("seal-keys")
    }

    /// Keeps other nodes out until dropped.
    fn lock(&self) -> io::Result<File> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(self.folder.join("seal-keys.lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    fn load(&self) -> Result<Vec<Entry>, KeyFileError> {
        let path = self.path();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(unusable(&path, source)),
        };
        let mode = file.metadata().map_err(|source| unusable(&path, source))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Exposed { path });
        }
        let mut text = String::new();
        #[expect(clippy::disallowed_methods, reason = "`take` bounds it")]
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(|source| unusable(&path, source))?;
        parse(&text).ok_or(KeyFileError::Garbled { path })
    }

    fn store(&self, keys: &[Entry]) -> io::Result<()> {
        let whole = self.folder.join("seal-keys.new");
        match std::fs::remove_file(&whole) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&whole)?;
        file.write_all(render(keys).as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&whole, self.path())
    }
}

fn unusable(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Unusable { path: path.to_owned(), source }
}

/// The keys from the newest to the oldest, one added where it is due, those that are forgotten left out.
fn renewed(mut keys: Vec<Entry>, now_s: u64, fresh: impl Fn() -> [u8; SECRET_BYTES]) -> Vec<Entry> {
    keys.sort_by_key(|key| std::cmp::Reverse(key.made_at_s));
    let due = keys.first().is_none_or(|newest| newest.made_at_s + RENEW_AFTER_S <= now_s);
    if due {
        let id = keys.first().map_or(1, |newest| newest.id.wrapping_add(1));
        keys.insert(0, Entry { id, made_at_s: now_s, secret: fresh() });
    }
    let replaced_at: Vec<u64> = keys.iter().map(|key| key.made_at_s).collect();
    let mut index = 0;
    keys.retain(|_| {
        index += 1;
        index == 1 || replaced_at[index - 2] + OPENS_FOR_S > now_s
    });
    keys
}

/// The newest key that every node knows seals; where none is that old, the oldest does.
fn ring(keys: &[Entry], now_s: u64) -> KeyRing {
    let sealing = keys.iter().position(|key| key.made_at_s + SEALS_AFTER_S <= now_s).unwrap_or(keys.len() - 1);
    let key = |entry: &Entry| Key::new(entry.id, entry.secret);
    let others = keys.iter().enumerate().filter(|(index, _)| *index != sealing).map(|(_, entry)| key(entry)).collect();
    KeyRing::new(key(&keys[sealing]), others)
}

fn render(keys: &[Entry]) -> String {
    use std::fmt::Write as _;
    let mut text = format!("{HEADING}\n");
    for Entry { id, made_at_s, secret } in keys {
        let _ = write!(text, "{id} {made_at_s} ");
        for byte in secret {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    text
}

fn parse(text: &str) -> Option<Vec<Entry>> {
    let keys: Vec<Entry> = text.strip_prefix(HEADING)?.trim().lines().map(parse_line).collect::<Option<_>>()?;
    (!keys.is_empty()).then_some(keys)
}

fn parse_line(line: &str) -> Option<Entry> {
    let mut words = line.split(' ');
    let (id, made_at_s, hex) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?);
    if hex.len() != 2 * SECRET_BYTES || !hex.is_ascii() || words.next().is_some() {
        return None;
    }
    let mut secret = [0; SECRET_BYTES];
    for (index, byte) in secret.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(Entry { id, made_at_s, secret })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use mcp::{cursor::Cursor, seal::Sealable};

    use super::*;

    /// Secrets that differ from each other.
    fn secrets() -> impl Fn() -> [u8; SECRET_BYTES] {
        let next = Cell::new(0);
        move || {
            next.set(next.get() + 1);
            [next.get(); SECRET_BYTES]
        }
    }

    fn seal(ring: &KeyRing) -> String {
        Cursor { snapshot: 1, offset: 2 }.seal(ring, "ada", u64::MAX, [0; 24])
    }

    fn opens(ring: &KeyRing, sealed: &str) -> bool {
        Cursor::open(ring, "ada", 0, sealed).is_ok()
    }

    #[test]
    fn what_was_sealed_before_a_restart_opens_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::in_folder(&folder.path().join("made/on/demand"));
        let fresh = secrets();
        let sealed = seal(&file.read(1_000, &fresh).unwrap());
        assert!(opens(&file.read(2_000, &fresh).unwrap(), &sealed));
    }

    #[test]
    fn the_file_is_written_and_read_as_before() {
        let golden = format!(
            "switchboard seal keys, version 1: keep secret\n2 1800000000 {}\n1 1700000000 {}\n",
            "0a".repeat(32),
            "ff".repeat(32)
        );
        let keys = parse(&golden).unwrap();
        assert_eq!(render(&keys), golden);
        assert!(
            keys == [(2, 1_800_000_000, 0x0a), (1, 1_700_000_000, 0xff)].map(|(id, made_at_s, byte)| Entry {
                id,
                made_at_s,
                secret: [byte; SECRET_BYTES]
            })
        );
        assert!(parse(&golden.replace("version 1", "version 2")).is_none());
    }

    #[test]
    fn the_file_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::in_folder(folder.path());
        file.read(1_000, secrets()).unwrap();
        let mode = std::fs::metadata(file.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(file.path(), PermissionsExt::from_mode(0o640)).unwrap();
        assert!(matches!(file.read(1_000, secrets()), Err(KeyFileError::Exposed { .. })));
    }

    #[test]
    fn a_new_key_seals_once_all_nodes_know_it_and_the_old_one_opens_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::in_folder(folder.path());
        let fresh = secrets();
        let old = seal(&file.read(1_000, &fresh).unwrap());
        let renewed_at = 1_000 + RENEW_AFTER_S;
        let both = file.read(renewed_at, &fresh).unwrap();
        assert_eq!(seal(&both), old, "the old key still seals");
        let both = file.read(renewed_at + SEALS_AFTER_S, &fresh).unwrap();
        assert_ne!(seal(&both), old, "the new key seals");
        assert!(opens(&both, &old));
        assert!(opens(&file.read(renewed_at + OPENS_FOR_S - 1, &fresh).unwrap(), &old));
        let later = file.read(renewed_at + RENEW_AFTER_S + OPENS_FOR_S, &fresh).unwrap();
        assert!(!opens(&later, &old), "a key is not kept for ever");
    }

    #[test]
    fn a_file_of_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::in_folder(folder.path());
        file.read(1_000, secrets()).unwrap();
        for text in ["", "hello", HEADING, &format!("{HEADING}\n1 2 zz\n")] {
            std::fs::write(file.path(), text).unwrap();
            assert!(matches!(file.read(1_000, secrets()), Err(KeyFileError::Garbled { .. })), "{text:?}");
            assert_eq!(std::fs::read_to_string(file.path()).unwrap(), text);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        let refused = KeyFile::in_folder(&blocked).read(1_000, secrets());
        assert!(matches!(refused, Err(KeyFileError::Unusable { .. })));
    }
}
