//! What the kernel tells of the folders in which the files of the configuration are: that something happened, and which
//! file somebody still writes. A file that was changed and not closed since is being written; where the kernel tells
//! nothing, as of some network disks, nobody is known to write. Nothing is read here.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

/// Room for what the kernel tells at once.
const EVENT_BYTES: usize = 4096;

/// What in a folder may mean that a file is complete, or that one is being written.
const TOLD: WatchFlags = WatchFlags::MODIFY
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::ONLYDIR);

/// The folders of some files, watched.
#[derive(Debug)]
pub(crate) struct Folders {
    inotify: OwnedFd,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By the kernel's number for each.
    folders: BTreeMap<i32, PathBuf>,
    /// The files, and those that links lead to.
    files: BTreeSet<PathBuf>,
    /// Those of them that somebody writes.
    being_written: BTreeSet<PathBuf>,
}

impl Folders {
    /// Watches nothing yet.
    pub(crate) fn new() -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        Ok(Self { inotify, state: Mutex::default() })
    }

    /// Waits until the kernel has something to tell; false, if it never will. Blocks the thread.
    pub(crate) fn wait(&self) -> bool {
        let told = poll(&mut [PollFd::new(&self.inotify, PollFlags::IN)], None);
        told.is_ok() || told == Err(Errno::INTR)
    }

    /// Watches the folders of these files, and those of the files that links lead to. Of a folder that is not there yet
    /// the nearest one above is watched, to see it come.
    pub(crate) fn watch<'f>(&self, files: impl Iterator<Item = &'f Path>) {
        let given: Vec<&Path> = files.collect();
        let behind_links = given.iter().filter_map(|file| fs::canonicalize(file).ok());
        let mut state = self.lock();
        state.files = given.iter().map(|file| (*file).to_owned()).chain(behind_links).collect();
        let wanted: BTreeSet<PathBuf> = state.files.iter().filter_map(|file| nearest_folder(file)).collect();
        let watched: BTreeSet<PathBuf> = state.folders.values().cloned().collect();
        for folder in wanted.difference(&watched) {
            match inotify::add_watch(&self.inotify, folder, TOLD) {
                Ok(number) => drop(state.folders.insert(number, folder.clone())),
                Err(error) => tracing::warn!(folder = %folder.display(), %error, "changes here are not noticed"),
            }
        }
        let is_done = |folder: &PathBuf| !wanted.contains(folder);
        for (number, _) in state.folders.extract_if(.., |_, folder| is_done(folder)) {
            let _ = inotify::remove_watch(&self.inotify, number);
        }
    }

    /// Hears what the kernel has told since, and says whether any of it may concern the files.
    pub(crate) fn hear(&self) -> bool {
        let mut state = self.lock();
        let mut buffer = [MaybeUninit::uninit(); EVENT_BYTES];
        let mut events = Reader::new(&self.inotify, &mut buffer);
        let mut concerned = false;
        loop {
            match events.next() {
                Ok(event) => {
                    let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                    concerned |= state.note(event.wd(), event.events(), name);
                    if event.events().contains(ReadFlags::MOVE_SELF) {
                        let _ = inotify::remove_watch(&self.inotify, event.wd());
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return concerned,
                Err(error) => {
                    tracing::warn!(%error, "changes of files are not noticed any more");
                    return concerned;
                }
            }
        }
    }

    /// A file that somebody is writing now.
    pub(crate) fn being_written(&self) -> Option<PathBuf> {
        self.hear();
        self.lock().being_written.first().cloned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes one thing that happened in the folder with this number, and says whether it may concern the files.
    fn note(&mut self, number: i32, event: ReadFlags, name: Option<&OsStr>) -> bool {
        if event.contains(ReadFlags::QUEUE_OVERFLOW) {
            // Who closed what is lost: nobody is to be waited for in vain.
            self.being_written.clear();
            return true;
        }
        if event.intersects(ReadFlags::IGNORED | ReadFlags::MOVE_SELF) {
            self.folders.remove(&number);
            return true;
        }
        let file = self.folders.get(&number).zip(name).map(|(folder, name)| folder.join(name));
        let Some(file) = file.filter(|file| self.files.contains(file)) else {
            return !event.intersects(ReadFlags::MODIFY | ReadFlags::CLOSE_WRITE);
        };
        if event.contains(ReadFlags::MODIFY) {
            self.being_written.insert(file);
        } else if !event.intersects(ReadFlags::ATTRIB | ReadFlags::CREATE) {
            self.being_written.remove(&file);
        }
        true
    }
}

/// The folder of a file, or the nearest one above that is there.
fn nearest_folder(file: &Path) -> Option<PathBuf> {
    let parent = file.parent()?;
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    parent.ancestors().find(|folder| folder.is_dir()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;

    use super::Folders;

    #[test]
    fn file_is_being_written_from_its_first_change_until_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("one.toml"), folder.path().join("other"));
        fs::write(&path, "a = 1").unwrap();
        let folders = Folders::new().unwrap();
        folders.watch([path.as_path()].into_iter());
        assert!(!folders.hear());
        assert_eq!(folders.being_written(), None);

        let mut file = File::create(&path).unwrap();
        assert_eq!(folders.being_written().as_ref(), Some(&path), "it is cut to nothing");
        file.write_all(b"b = 2").unwrap();
        fs::write(&other, "not ours").unwrap();
        assert_eq!(folders.being_written().as_ref(), Some(&path));
        drop(file);
        assert!(folders.hear());
        assert_eq!(folders.being_written(), None);

        fs::write(&other, "still not ours").unwrap();
        assert!(!folders.hear());
    }

    #[test]
    fn file_that_another_takes_the_place_of_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let (path, fresh) = (folder.path().join("one.toml"), folder.path().join("fresh"));
        let folders = Folders::new().unwrap();
        folders.watch([path.as_path()].into_iter());
        let mut file = File::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(folders.being_written().as_ref(), Some(&path));
        fs::write(&fresh, "whole").unwrap();
        fs::rename(&fresh, &path).unwrap();
        assert_eq!(folders.being_written(), None);
    }

    #[test]
    fn folder_that_is_made_later_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config/switchboard/one.toml");
        let folders = Folders::new().unwrap();
        let watch = || folders.watch([path.as_path()].into_iter());
        watch();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(folders.hear());
        watch();
        fs::write(&path, "a = 1").unwrap();
        assert!(folders.hear());
    }

    #[test]
    fn folder_that_another_takes_the_place_of_is_watched_again() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config/one.toml");
        fs::create_dir(home.path().join("config")).unwrap();
        let folders = Folders::new().unwrap();
        let watch = || folders.watch([path.as_path()].into_iter());
        watch();
        fs::rename(home.path().join("config"), home.path().join("old")).unwrap();
        fs::create_dir(home.path().join("config")).unwrap();
        assert!(folders.hear());
        watch();
        folders.hear();
        fs::write(&path, "a = 1").unwrap();
        assert!(folders.hear());
    }
}
