//! Follows the files of the configuration: when one has changed and then rested for a moment, it is read anew. A file that
//! somebody still writes is not looked at: only its closing, or another file taking its place, counts as a change.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::{Cause, Configuration};

/// How long the files have to rest: programs that write several of them do it in a moment.
const REST: Duration = Duration::from_millis(200);
/// How often the files are looked at in any case: some file systems tell nothing.
const LOOK: Duration = Duration::from_secs(30);
/// Room for what the kernel tells at once.
const EVENT_BYTES: usize = 4096;

/// What may mean that a folder which is missing has been made.
const MADE: WatchFlags = WatchFlags::CREATE.union(WatchFlags::MOVED_TO).union(WatchFlags::ONLYDIR);

/// What in a folder may mean that a file is complete, or that one is being written again.
const TOLD: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::ONLYDIR);

/// Follows the files for as long as the node runs; what changes after this call is noticed.
pub fn follow(configuration: Configuration) -> impl Future<Output = ()> {
    let known = fingerprint(&configuration.files());
    follow_since(configuration, known)
}

async fn follow_since(configuration: Configuration, mut known: Fingerprint) {
    let mut folders = match Folders::new() {
        Ok(folders) => folders,
        Err(error) => {
            tracing::warn!(%error, "changes of files are not noticed: use `switchboard config reload`");
            return;
        }
    };
    folders.watch(&configuration.files());
    // What changed before its folder was watched was told to nobody.
    let mut is_told = fingerprint(&configuration.files()) != known;
    loop {
        if is_told || timeout(LOOK, folders.told()).await.is_ok() {
            while timeout(REST, folders.told()).await.is_ok() {}
        }
        let now = fingerprint(&configuration.files());
        if now != known {
            let applying = configuration.clone();
            let _ = tokio::task::spawn_blocking(move || applying.reload(Cause::File)).await;
            // Other files may take part now, and be as they were read.
            let files = configuration.files();
            known = if files.len() == now.len() { now } else { fingerprint(&files) };
        }
        // A file may have come before its folder was watched.
        is_told = folders.watch(&configuration.files());
    }
}

/// Of each file its number, length and time of writing; nothing of one that is not there.
type Fingerprint = Vec<Option<(u64, u64, i64, i64)>>;

/// What tells one state of the files from another: which file it is, how long, and when it was written.
fn fingerprint(files: &[PathBuf]) -> Fingerprint {
    let of = |path: &PathBuf| {
        let data = fs::metadata(path).ok()?;
        Some((data.ino(), data.len(), data.mtime(), data.mtime_nsec()))
    };
    files.iter().map(of).collect()
}

/// The folders of the files, watched. A thread waits for the kernel, because the runtime cannot.
struct Folders {
    inotify: Arc<OwnedFd>,
    watched: BTreeSet<PathBuf>,
    told: mpsc::Receiver<()>,
}

impl Folders {
    fn new() -> io::Result<Self> {
        let inotify = Arc::new(inotify::init(CreateFlags::CLOEXEC)?);
        let (tell, told) = mpsc::channel(1);
        let heard = inotify.clone();
        thread::Builder::new().name("files".to_owned()).spawn(move || listen(&heard, &tell))?;
        Ok(Self { inotify, watched: BTreeSet::new(), told })
    }

    /// Watches the folders of these files, and those of the files that links lead to. Of a folder that is not there yet,
    /// the nearest one above is watched. Says whether one was added.
    fn watch(&mut self, files: &[PathBuf]) -> bool {
        let before = self.watched.len();
        let behind_links = files.iter().filter_map(|file| fs::canonicalize(file).ok());
        let parents = files.iter().cloned().chain(behind_links).filter_map(|file| file.parent().map(Path::to_owned));
        for folder in parents.collect::<BTreeSet<_>>() {
            let Some(there) = folder.ancestors().find(|folder| folder.is_dir()) else { continue };
            self.add(there, if there == folder { TOLD } else { TOLD.union(MADE) });
        }
        self.watched.len() > before
    }

    fn add(&mut self, folder: &Path, events: WatchFlags) {
        if self.watched.contains(folder) {
            return;
        }
        match inotify::add_watch(&*self.inotify, folder, events) {
            Ok(_) => drop(self.watched.insert(folder.to_owned())),
            Err(error) => tracing::warn!(folder = %folder.display(), %error, "changes here are not noticed"),
        }
    }

    /// Waits until something happens in one of the folders.
    async fn told(&mut self) {
        if self.told.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Passes on that something happened, until nobody listens any more.
fn listen(inotify: &OwnedFd, tell: &mpsc::Sender<()>) {
    let mut buffer = [MaybeUninit::uninit(); EVENT_BYTES];
    let mut events = Reader::new(inotify, &mut buffer);
    while !tell.is_closed() {
        match events.next() {
            Ok(_) => drop(tell.try_send(())),
            Err(Errno::INTR) => {}
            Err(error) => {
                tracing::warn!(%error, "changes of files are not noticed any more");
                return;
            }
        }
    }
}
