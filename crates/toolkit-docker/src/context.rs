//! The folder of a build as the stream that an engine reads: files as they are, links as links, nothing of what
//! `.dockerignore` leaves out. It is packed while it is sent, so its size is a matter of time and not of memory.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use bytes::Bytes;
use futures_util::Stream;
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;
use toolkit::{Code, Failure};
use workbench::{Folder, Kind, Place};

use crate::ignored::Ignored;

/// Bytes of one build: what people mean to send, and not a home folder that was named by mistake.
const BYTES_MAX: u64 = 2 << 30;
/// Files and folders of one build.
const ENTRIES_MAX: usize = 100_000;
/// Folders within folders.
const DEPTH_MAX: usize = 64;
/// Bytes of `.dockerignore`.
const IGNORE_BYTES_MAX: u64 = 1 << 20;
/// Bytes that are packed at one time.
const CHUNK_BYTES: usize = 64 << 10;
/// Packed pieces that wait to be sent.
const CHUNKS_WAITING_MAX: usize = 16;
/// The file that says what is left out.
const IGNORE_FILE: &str = ".dockerignore";

/// A folder that is to be built.
#[derive(Debug)]
pub(crate) struct Context {
    place: Place,
    ignored: Ignored,
    dockerfile: String,
    entries: Vec<Entry>,
    bytes: u64,
}

#[derive(Debug)]
struct Entry {
    path: String,
    kind: Kind,
}

impl Context {
    /// What is in the folder; `dockerfile` is its path from there.
    pub(crate) fn of(place: Place, dockerfile: &str) -> Result<Self, Failure> {
        let ignore_file = place.join(IGNORE_FILE)?;
        let ignored = if ignore_file.exists()? {
            Ignored::parse(&String::from_utf8_lossy(&ignore_file.read(IGNORE_BYTES_MAX)?))?
        } else {
            Ignored::default()
        };
        place
            .join(dockerfile)?
            .open()
            .map_err(|failure| Failure { field: Some("dockerfile".to_owned()), ..failure })?;
        let dockerfile = dockerfile.trim_start_matches("./").to_owned();
        let mut context = Self { ignored, dockerfile, entries: Vec::new(), bytes: 0, place };
        let folder = context.place.folder()?;
        context.collect(&folder, "", 0)?;
        Ok(context)
    }

    /// Files and folders in it.
    pub(crate) fn entries(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of its files.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn collect(&mut self, folder: &Folder, path: &str, depth: usize) -> Result<(), Failure> {
        if depth > DEPTH_MAX {
            return Err(too_large(format!("`{path}` lies more than {DEPTH_MAX} folders deep")));
        }
        for entry in folder.entries(ENTRIES_MAX)? {
            let Some(name) = entry.name.to_str() else { continue };
            let below = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            let is_left_out = self.ignored.leaves_out(&below) && below != self.dockerfile && below != IGNORE_FILE;
            let leads_to_dockerfile = self.dockerfile.starts_with(&format!("{below}/"));
            if !is_left_out {
                self.add(folder, &entry, &below)?;
            }
            let may_hold_more = !is_left_out || self.ignored.takes_back() || leads_to_dockerfile;
            if entry.kind == Kind::Directory && may_hold_more {
                self.collect(&folder.enter(&entry.name)?, &below, depth + 1)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, folder: &Folder, entry: &workbench::Entry, path: &str) -> Result<(), Failure> {
        if self.entries.len() == ENTRIES_MAX {
            return Err(too_large(format!("the folder has more than {ENTRIES_MAX} files")));
        }
        if entry.kind == Kind::File {
            self.bytes += folder.stat(&entry.name)?.size;
        }
        if self.bytes > BYTES_MAX {
            return Err(too_large(format!("the folder has more than {BYTES_MAX} bytes")));
        }
        self.entries.push(Entry { path: path.to_owned(), kind: entry.kind });
        Ok(())
    }

    /// Packs it in a thread of its own, which ends when nobody reads any more.
    pub(crate) fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let (sender, receiver) = mpsc::channel(CHUNKS_WAITING_MAX);
        let mut pipe = Pipe { sender, waiting: Vec::with_capacity(CHUNK_BYTES) };
        tokio::task::spawn_blocking(move || {
            if let Err(error) = self.pack(&mut pipe) {
                // whoever has gone needs no reason
                let _ = pipe.sender.blocking_send(Err(error));
            }
        });
        futures_util::stream::unfold(receiver, |mut receiver| async move {
            let piece = receiver.recv().await?;
            Some((piece, receiver))
        })
    }

    fn pack(&self, pipe: &mut Pipe) -> io::Result<()> {
        let mut tar = Builder::new(&mut *pipe);
        for entry in &self.entries {
            match entry.kind {
                Kind::Directory => tar.append_data(
                    &mut header(EntryType::Directory, 0, 0o755),
                    format!("{}/", entry.path),
                    io::empty(),
                )?,
                Kind::File => self.pack_file(&mut tar, &entry.path)?,
                Kind::Symlink => {
                    let leads_to = fs::read_link(self.place.path().join(&entry.path))?;
                    tar.append_link(&mut header(EntryType::Symlink, 0, 0o777), &entry.path, leads_to)?;
                }
                // devices, pipes and sockets are nothing to build from
                Kind::Other => {}
            }
        }
        tar.finish()?;
        drop(tar);
        pipe.flush()
    }

    fn pack_file(&self, tar: &mut Builder<&mut Pipe>, path: &str) -> io::Result<()> {
        let opened = self.place.join(path).and_then(|place| place.open());
        let (file, stat) = opened.map_err(|failure| io::Error::other(failure.message))?;
        let mode = if stat.permissions & 0o111 == 0 { 0o644 } else { 0o755 };
        // a file that shrinks meanwhile ends the build; one that grows is cut
        tar.append_data(
            &mut header(EntryType::Regular, stat.size, mode),
            Path::new(path),
            io::Read::take(file, stat.size),
        )
    }
}

/// Owner and moment are the same whoever builds, so that what did not change is not built again.
fn header(kind: EntryType, size: u64, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

fn too_large(text: String) -> Failure {
    let failure =
        Failure::new(Code::TooLarge, text).hint("leave more out with `.dockerignore`, or name a smaller folder");
    Failure { field: Some("path".to_owned()), ..failure }
}

/// The end of the stream that is written to.
struct Pipe {
    sender: mpsc::Sender<io::Result<Bytes>>,
    waiting: Vec<u8>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = Bytes::from(std::mem::take(&mut self.waiting));
        self.sender.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use futures_util::StreamExt as _;
    use workbench::{Denied, Roots};

    use super::*;

    async fn packed(folder: &Path) -> BTreeMap<String, EntryType> {
        let roots = Roots::open([folder], Denied::system()).unwrap();
        let context = Context::of(roots.home("path"), "Dockerfile").unwrap();
        let pieces: Vec<_> = context.into_stream().collect().await;
        let bytes: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.unwrap().to_vec()).collect();
        let mut tar = tar::Archive::new(bytes.as_slice());
        let entries = tar.entries().unwrap().map(Result::unwrap);
        entries.map(|entry| (entry.path().unwrap().display().to_string(), entry.header().entry_type())).collect()
    }

    #[tokio::test]
    async fn what_is_packed_is_what_docker_would_send() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("src/deep")).unwrap();
        fs::create_dir_all(at("target")).unwrap();
        for file in ["Dockerfile", "src/main.rs", "src/deep/x", "target/big", "secret.env"] {
            fs::write(at(file), file).unwrap();
        }
        fs::write(at(".dockerignore"), "target\n*.env\nDockerfile\n").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", at("src/link")).unwrap();
        let packed = packed(folder.path()).await;
        let names: Vec<&str> = packed.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [".dockerignore", "Dockerfile", "src/", "src/deep/", "src/deep/x", "src/link", "src/main.rs"]
        );
        // a link is sent as a link: what it leads to on this machine is not read
        assert_eq!(packed["src/link"], EntryType::Symlink);
    }

    #[test]
    fn a_dockerfile_outside_of_the_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("app")).unwrap();
        let roots = Roots::open([folder.path().join("app")], Denied::system()).unwrap();
        for hostile in ["../Dockerfile", "/etc/passwd", "missing", ""] {
            assert!(Context::of(roots.home("path"), hostile).is_err(), "{hostile}");
        }
    }
}
