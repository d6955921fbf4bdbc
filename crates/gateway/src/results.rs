//! Whole results of which a model has seen only the start: kept for one principal for a day, small ones in memory, large
//! ones in a folder that only this user can read. The oldest make room for the newest. What is cut is decided by `shape`.

use std::{
    collections::HashMap,
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, SystemTime},
};

use config::{Server, Tools};
use tokio::time::Instant;
use toolkit::Kept;

use crate::seals::random;

/// How long a result is kept.
const LIFETIME: Duration = Duration::from_hours(24);
/// Larger results go to disk.
const MEMORY_BYTES_MAX: usize = 64 * 1024;

/// The results that are kept.
#[derive(Debug, Default)]
pub struct Results {
    kept: Arc<Mutex<HashMap<String, Entry>>>,
    folder: OnceLock<PathBuf>,
}

#[derive(Debug)]
struct Entry {
    principal: Arc<str>,
    since: Instant,
    bytes: usize,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Memory(Arc<str>),
    File(PathBuf),
}

impl Results {
    /// Keeps large results in this folder from now on, and clears away what earlier runs left there.
    pub fn keep_in(&self, folder: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        for old in fs::read_dir(folder)?.flatten() {
            let written = old.metadata().and_then(|facts| facts.modified());
            let age = written.ok().and_then(|written| SystemTime::now().duration_since(written).ok());
            if age.is_some_and(|age| age > LIFETIME) {
                fs::remove_file(old.path())?;
            }
        }
        let _ = self.folder.set(folder.to_owned());
        Ok(())
    }

    /// Keeps a result; `None` if it is larger than all that may be kept for one principal.
    pub fn keep(&self, bounds: &Tools, principal: &str, text: &str) -> Option<Kept> {
        if text.len() > bounds.kept_bytes_max {
            return None;
        }
        let id = format!("{:032x}", u128::from_be_bytes(random()));
        let text: Arc<str> = text.into();
        let entry = Entry {
            principal: principal.into(),
            since: Instant::now(),
            bytes: text.len(),
            place: Place::Memory(text.clone()),
        };
        let mut kept = self.lock();
        make_room(&mut kept, bounds, principal, text.len());
        kept.insert(id.clone(), entry);
        drop(kept);
        if text.len() > MEMORY_BYTES_MAX {
            self.move_to_disk(&id, text);
        }
        Some(Kept { uri: format!("sw://{}/results/{id}", Server::OWN), id })
    }

    /// Reads a result of this principal.
    pub async fn read(&self, principal: &str, id: &str) -> Option<String> {
        let place =
            self.lock().get(id).filter(|entry| *entry.principal == *principal && entry.is_fresh())?.place.clone();
        match place {
            Place::Memory(text) => Some(text.to_string()),
            Place::File(path) => tokio::task::spawn_blocking(move || fs::read_to_string(path)).await.ok()?.ok(),
        }
    }

    /// Clears away what has been kept long enough.
    pub fn sweep(&self) {
        self.lock().retain(|_, entry| entry.is_fresh());
    }

    /// Writes a result to its file aside; until that is done, and if it fails, it stays in memory.
    fn move_to_disk(&self, id: &str, text: Arc<str>) {
        let (Some(folder), Ok(runtime)) = (self.folder.get(), tokio::runtime::Handle::try_current()) else { return };
        let (path, id, kept) = (folder.join(format!("{id}.txt")), id.to_owned(), self.kept.clone());
        runtime.spawn_blocking(move || {
            if let Err(error) = write(&path, &text) {
                tracing::warn!(%error, path = %path.display(), "a result stays in memory");
                return;
            }
            match kept.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&id) {
                Some(entry) => entry.place = Place::File(path),
                None => drop(fs::remove_file(path)),
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_fresh(&self) -> bool {
        self.since.elapsed() < LIFETIME
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Place::File(path) = &self.place {
            let _ = fs::remove_file(path);
        }
    }
}

/// Drops the oldest results of a principal until one more has room.
fn make_room(kept: &mut HashMap<String, Entry>, bounds: &Tools, principal: &str, bytes: usize) {
    loop {
        let own = kept.iter().filter(|(_, entry)| *entry.principal == *principal);
        let (count, held) = own.clone().fold((0, 0), |(count, held), (_, entry)| (count + 1, held + entry.bytes));
        if count < bounds.kept_results_max && held + bytes <= bounds.kept_bytes_max {
            return;
        }
        let Some(oldest) = own.min_by_key(|(_, entry)| entry.since).map(|(id, _)| id.clone()) else { return };
        kept.remove(&oldest);
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(kept_results_max: usize, kept_bytes_max: usize) -> Tools {
        Tools { kept_results_max, kept_bytes_max, ..Tools::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_result_is_for_its_principal_and_for_a_day() {
        let results = Results::default();
        let kept = results.keep(&bounds(9, 999), "ada", "text").unwrap();
        assert_eq!(results.read("ada", &kept.id).await.as_deref(), Some("text"));
        assert_eq!(results.read("bob", &kept.id).await, None);
        assert_eq!(results.read("ada", "other").await, None);
        tokio::time::advance(LIFETIME).await;
        assert_eq!(results.read("ada", &kept.id).await, None);
        results.sweep();
        assert!(results.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_results_of_the_same_principal_make_room() {
        let results = Results::default();
        let mut ids = Vec::new();
        for (principal, text) in [("bob", "b"), ("ada", "1"), ("ada", "22"), ("ada", "333")] {
            ids.push((principal, results.keep(&bounds(2, 5), principal, text).unwrap().id));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let mut there = Vec::new();
        for (principal, id) in &ids {
            there.push(results.read(principal, id).await.is_some());
        }
        assert_eq!(there, [true, false, true, true]);
        assert_eq!(results.keep(&bounds(2, 5), "ada", "666666"), None);
    }

    #[tokio::test]
    async fn a_large_result_goes_to_disk_and_leaves_it_again() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("results");
        let results = Results::default();
        results.keep_in(&place).unwrap();
        let text = "line\n".repeat(MEMORY_BYTES_MAX);
        let kept = results.keep(&Tools::default(), "ada", &text).unwrap();
        let path = place.join(format!("{}.txt", kept.id));
        while !matches!(results.lock()[&kept.id].place, Place::File(_)) {
            tokio::task::yield_now().await;
        }
        assert!(path.exists());
        assert_eq!(results.read("ada", &kept.id).await.as_deref(), Some(&*text));
        results.lock().clear();
        assert!(!path.exists());
    }
}
