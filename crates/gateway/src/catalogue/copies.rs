//! What servers last said that they have, on disk, so that a node knows it before it has asked anybody: one sealed file for
//! each server, replaced whole or not at all. A copy that was changed, or was made of a server with other settings, is
//! never shown. When copies are made and shown is decided by `copying`.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use mcp::{
    pack::{Packer, Unpacker},
    seal::{Purpose, open_bytes, seal_bytes},
};
use sha2::{Digest as _, Sha256};

use super::{
    Member,
    listing::{ListKind, Listing, read_item},
};
use crate::seals::{Seals, now_s, random};

/// Lists that take more are not copied: whoever has so many tools is asked anew after each start.
const COPY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A copy that nobody has made anew for so long is not shown; the keys of seals do not last longer either.
const COPY_LIFETIME: Duration = Duration::from_hours(30 * 24);
/// More files are never there than servers, over all configurations that share the folder; the rest is cleared away.
const COPIES_MAX: usize = 4_096;

/// The copies in one folder.
#[derive(Debug)]
pub struct Copies {
    folder: PathBuf,
    seals: Arc<Seals>,
    dropped: AtomicU64,
    has_failed: AtomicBool,
}

/// What a server last said that it has.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) lists: [Listing; ListKind::COUNT],
    pub(super) read_at: SystemTime,
}

impl Copies {
    /// The copies in this folder, which is made where it is not there. What nobody needs any more is cleared away.
    pub fn in_folder(folder: &Path, seals: Arc<Seals>) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let copies =
            Self { folder: folder.to_owned(), seals, dropped: AtomicU64::new(0), has_failed: AtomicBool::new(false) };
        copies.clear_away()?;
        Ok(copies)
    }

    /// How many were dropped because they could not be read: changed, cut off, or sealed with keys that are gone.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// What this server last said that it has, if that was with the same settings.
    pub(super) fn find(&self, member: &Member) -> Option<Copy> {
        let path = self.path(&member.upstream.name);
        let sealed = match read(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => return self.drop_copy(&path, &error.to_string()),
        };
        let Ok(payload) = open_bytes(&self.seals.ring(), Purpose::Lists, &name(&path), now_s(), &sealed) else {
            return self.drop_copy(&path, "it was changed, cut off, or is too old");
        };
        let mut payload = Unpacker::new(&payload);
        if payload.take_array()? != fingerprint(member) {
            return None;
        }
        match unpack(&mut payload, member.settings.toolkit.is_some()) {
            Some(copy) => Some(copy),
            None => self.drop_copy(&path, "it is not in our form"),
        }
    }

    /// Keeps what this server has just said that it has. Where that cannot be written, the next start knows nothing of it.
    pub(super) fn keep(&self, member: &Member, lists: &[Listing; ListKind::COUNT], read_at: SystemTime) {
        let path = self.path(&member.upstream.name);
        let mut packer = Packer::default();
        packer.put_array(fingerprint(member));
        pack(&mut packer, lists, read_at);
        let payload = packer.finish();
        if payload.len() > COPY_BYTES_MAX {
            return self.forget(&member.upstream.name);
        }
        let until = now_s() + COPY_LIFETIME.as_secs();
        let sealed = seal_bytes(&self.seals.ring(), Purpose::Lists, &name(&path), until, random(), &payload);
        if let Err(error) = write(&path, &sealed)
            && !self.has_failed.swap(true, Ordering::Relaxed)
        {
            let path = path.display();
            tracing::warn!(%error, %path, "what servers have is not known at the next start before they are asked");
        }
    }

    /// Forgets what this server said.
    pub(super) fn forget(&self, server: &str) {
        let _ = fs::remove_file(self.path(server));
    }

    /// Forgets what all servers said, those of other configurations too.
    pub(super) fn forget_all(&self) {
        for file in self.files() {
            let _ = fs::remove_file(file.path());
        }
    }

    fn drop_copy(&self, path: &Path, reason: &str) -> Option<Copy> {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(path = %path.display(), reason, "a copy of lists is dropped; the server will be asked");
        let _ = fs::remove_file(path);
        None
    }

    fn path(&self, server: &str) -> PathBuf {
        let digest = Sha256::digest(server);
        let half = digest.first_chunk().expect("a digest has 32 bytes");
        self.folder.join(format!("{:032x}", u128::from_be_bytes(*half)))
    }

    fn files(&self) -> Vec<fs::DirEntry> {
        fs::read_dir(&self.folder).into_iter().flatten().flatten().collect()
    }

    fn clear_away(&self) -> io::Result<()> {
        let is_old = |file: &fs::DirEntry| {
            let written = file.metadata().and_then(|facts| facts.modified()).ok();
            written.and_then(|written| written.elapsed().ok()).is_some_and(|age| age > COPY_LIFETIME)
        };
        let (old, kept): (Vec<_>, Vec<_>) = self.files().into_iter().partition(is_old);
        let too_many = kept.into_iter().skip(COPIES_MAX);
        old.into_iter().chain(too_many).try_for_each(|file| fs::remove_file(file.path()))
    }
}

/// What a copy is for: this server, with these settings and credentials, as this version of the program reads its lists.
fn fingerprint(member: &Member) -> [u8; 32] {
    let identity = member.settings.identity(&member.upstream.name);
    Sha256::new().chain_update(env!("CARGO_PKG_VERSION")).chain_update(b"\n").chain_update(identity).finalize().into()
}

/// A copy opens only under the name of its file.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn pack(packer: &mut Packer, lists: &[Listing; ListKind::COUNT], read_at: SystemTime) {
    packer.put_u64(read_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
    for list in lists {
        let flags = [list.ttl_ms.is_some(), list.public, list.core_tasks];
        packer.put_array(flags.map(u8::from));
        packer.put_u64(list.ttl_ms.unwrap_or_default());
        packer.put_u64(list.items.len() as u64);
        for item in &list.items {
            packer.put_bytes(&item.raw);
        }
    }
}

fn unpack(payload: &mut Unpacker<'_>, is_ours: bool) -> Option<Copy> {
    let read_at = UNIX_EPOCH.checked_add(Duration::from_secs(payload.take_u64()?))?;
    let mut lists = <[Listing; ListKind::COUNT]>::default();
    for kind in ListKind::ALL {
        let [has_ttl, public, core_tasks] = payload.take_array()?.map(|flag| flag != 0);
        let (ttl_ms, count) = (payload.take_u64()?, payload.take_u64()?);
        let raw = (0..count).map(|_| payload.take_bytes().map(Bytes::copy_from_slice));
        let raw = raw.collect::<Option<Vec<_>>>()?;
        let items = raw.into_iter().filter_map(|raw| read_item(raw, kind, is_ours)).collect();
        lists[kind as usize] = Listing { items, ttl_ms: has_ttl.then_some(ttl_ms), public, core_tasks };
    }
    payload.is_finished().then_some(Copy { lists, read_at })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut sealed = Vec::new();
    let bytes_max = 2 * COPY_BYTES_MAX as u64;
    #[expect(clippy::disallowed_methods, reason = "`take` bounds it")]
    fs::File::open(path)?.take(bytes_max).read_to_end(&mut sealed)?;
    Ok(sealed)
}

/// Nothing is synced: a copy that a crash has cut off does not open, and the server is asked instead.
fn write(path: &Path, sealed: &[u8]) -> io::Result<()> {
    let whole = path.with_extension(format!("{:08x}", u32::from_be_bytes(random())));
    let written = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&whole);
    let written = written.and_then(|mut file| file.write_all(sealed)).and_then(|()| fs::rename(&whole, path));
    written.inspect_err(|_| drop(fs::remove_file(&whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> [Listing; ListKind::COUNT] {
        let tool = Bytes::from_static(br#"{"name":"look","annotations":{"readOnlyHint":true},"inputSchema":{}}"#);
        let prompt = Bytes::from_static(br#"{"name":"greet"}"#);
        let listing = |raw, kind, ttl_ms| Listing {
            items: read_item(raw, kind, false).into_iter().collect(),
            ttl_ms,
            public: ttl_ms.is_some(),
            core_tasks: true,
        };
        let mut lists = <[Listing; ListKind::COUNT]>::default();
        lists[ListKind::Tools as usize] = listing(tool, ListKind::Tools, Some(5_000));
        lists[ListKind::Prompts as usize] = listing(prompt, ListKind::Prompts, None);
        lists
    }

    #[test]
    fn what_is_packed_is_unpacked_alike_and_only_whole() {
        let read_at = UNIX_EPOCH + Duration::from_hours(1);
        let mut packer = Packer::default();
        pack(&mut packer, &lists(), read_at);
        let payload = packer.finish();
        let copy = unpack(&mut Unpacker::new(&payload), false).unwrap();
        assert_eq!((copy.lists, copy.read_at), (lists(), read_at));
        for cut in 0..payload.len() {
            assert!(unpack(&mut Unpacker::new(&payload[..cut]), false).is_none(), "{cut}");
        }
    }

    #[test]
    fn what_has_been_there_for_too_long_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        for path in [&old, &new] {
            fs::write(path, "sealed").unwrap();
        }
        let long_ago = SystemTime::now() - COPY_LIFETIME - Duration::from_mins(1);
        fs::File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
        Copies::in_folder(folder.path(), Arc::new(Seals::ephemeral())).unwrap();
        assert_eq!((old.exists(), new.exists()), (false, true));
    }
}
