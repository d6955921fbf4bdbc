//! Files through the workbench: what a careful caller gets, and what a hostile one does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use toolkit::Code;
use workbench::{Denied, Kind, Place, Roots, Write, digest};

/// A root with a secret beside it.
struct Bench {
    folder: tempfile::TempDir,
    roots: Roots,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("root")).unwrap();
        fs::create_dir(folder.path().join("outside")).unwrap();
        fs::write(folder.path().join("outside/file"), "secret").unwrap();
        let roots = Roots::open([folder.path().join("root")], Denied::system()).unwrap();
        Self { folder, roots }
    }

    fn place(&self, path: &str) -> Place {
        self.roots.place("path", path).unwrap()
    }

    fn on_disk(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join("root").join(path)
    }

    /// What is in the root, hidden things left out.
    fn names(&self) -> Vec<String> {
        let entries = self.place(".").folder().unwrap().entries(1_000).unwrap();
        let names = entries.into_iter().map(|entry| entry.name.into_string().unwrap());
        names.filter(|name| !name.starts_with('.')).collect()
    }
}

#[test]
fn a_file_is_written_whole_with_what_was_there_beside_it() {
    let bench = Bench::new();
    let place = bench.place("deep/er/notes.txt");
    let first = place.write(b"one", &Write::default()).unwrap();
    assert_eq!(first.created_dirs, [bench.on_disk("deep"), bench.on_disk("deep/er")]);
    assert_eq!((first.size, first.backup_path), (3, None));
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o640)).unwrap();

    let second = place.write(b"two", &Write::default()).unwrap();
    let backup = second.backup_path.unwrap();
    assert!(backup.to_str().unwrap().contains("/notes.txt.backup.1"), "{}", backup.display());
    assert_eq!((fs::read(&backup).unwrap(), place.read(10).unwrap()), (b"one".to_vec(), b"two".to_vec()));
    assert_eq!(place.stat().unwrap().permissions, 0o640);
    assert_eq!(second.digest, digest(b"two"));
}

#[test]
fn a_file_that_changed_meanwhile_is_a_conflict_and_stays() {
    let bench = Bench::new();
    let place = bench.place("a");
    place.write(b"one", &Write::default()).unwrap();
    let how = Write { expect_digest: Some(digest(b"zero")), ..Write::default() };
    let failure = place.write(b"two", &how).unwrap_err();
    assert_eq!((failure.code, &failure.details.unwrap()["digest"]), (Code::Conflict, &digest(b"one").into()));
    assert_eq!((place.read(10).unwrap(), bench.names()), (b"one".to_vec(), vec!["a".to_owned()]));
    place
        .write(b"two", &Write { expect_digest: Some(digest(b"one")), create_backup: false, ..Write::default() })
        .unwrap();
    assert_eq!((place.read(10).unwrap(), bench.names()), (b"two".to_vec(), vec!["a".to_owned()]));
}

#[test]
fn what_cannot_be_written_says_why_and_leaves_nothing() {
    let bench = Bench::new();
    bench.place("file").write(b"x", &Write::default()).unwrap();
    bench.place("dir").create_dirs().unwrap();
    symlink("file", bench.on_disk("link")).unwrap();
    let check = |path: &str, how: Write, expected: Code| {
        let failure = bench.place(path).write(b"y", &how).unwrap_err();
        assert_eq!(failure.code, expected, "{path}: {failure}");
    };
    check("dir", Write::default(), Code::InvalidInput);
    check("link", Write::default(), Code::PathDenied);
    check("file/below", Write::default(), Code::NotFound);
    check("file", Write { overwrite: false, ..Write::default() }, Code::AlreadyExists);
    check("no/folder", Write { create_dirs: false, ..Write::default() }, Code::NotFound);
    check(".", Write::default(), Code::PathDenied);
    assert_eq!(bench.names(), ["dir", "file", "link"]);
    assert_eq!(fs::read(bench.on_disk("file")).unwrap(), b"x");
}

#[test]
fn reading_is_bounded_and_only_for_files() {
    let bench = Bench::new();
    bench.place("file").write(b"12345", &Write::default()).unwrap();
    bench.place("dir").create_dirs().unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, bench.on_disk("pipe"), rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    let check = |path: &str, bytes_max: u64, expected: Result<usize, Code>| {
        let end = bench.place(path).read(bytes_max);
        assert_eq!(end.map(|bytes| bytes.len()).map_err(|failure| failure.code), expected, "{path}");
    };
    check("file", 5, Ok(5));
    check("file", 4, Err(Code::TooLarge));
    check("dir", 5, Err(Code::InvalidInput));
    check("pipe", 5, Err(Code::InvalidInput));
    check("none", 5, Err(Code::NotFound));
}

#[test]
fn links_are_followed_inside_and_refused_outside() {
    let bench = Bench::new();
    bench.place("dir/file").write(b"inside", &Write::default()).unwrap();
    symlink("dir", bench.on_disk("relative")).unwrap();
    symlink(bench.on_disk("dir"), bench.on_disk("absolute")).unwrap();
    symlink("../outside", bench.on_disk("out")).unwrap();
    symlink("loop", bench.on_disk("loop")).unwrap();
    symlink("/proc/self/root", bench.on_disk("magic")).unwrap();
    fs::hard_link("/etc/passwd", bench.on_disk("hard")).ok();
    let check = |path: &str, expected: Result<&[u8], Code>| {
        let end = bench.place(path).read(100);
        assert_eq!(end.as_deref().map_err(|failure| failure.code), expected, "{path}");
    };
    check("relative/file", Ok(b"inside"));
    check("absolute/file", Ok(b"inside"));
    check("out/file", Err(Code::PathDenied));
    check("out/none", Err(Code::PathDenied));
    check("loop", Err(Code::PathDenied));
    check("magic/etc/hostname", Err(Code::PathDenied));
    for path in ["out/new", "magic/tmp/new"] {
        let failure = bench.place(path).write(b"x", &Write::default()).unwrap_err();
        assert_eq!(failure.code, Code::PathDenied, "{path}: {failure}");
    }
    assert!(!bench.folder.path().join("outside/new").exists());
}

#[test]
fn protected_places_stay_closed_within_a_root() {
    let bench = Bench::new();
    let keys = bench.on_disk("keys");
    fs::create_dir_all(bench.on_disk("app/.ssh")).unwrap();
    fs::create_dir(&keys).unwrap();
    fs::write(bench.on_disk("app/.ssh/id"), "key").unwrap();
    fs::write(keys.join("token"), "key").unwrap();
    symlink("keys", bench.on_disk("alias")).unwrap();
    let roots = Roots::open([bench.on_disk("")], Denied::system().and([keys.clone(), keys.join("token")])).unwrap();
    let place = |path| roots.place("path", path).unwrap();
    fs::hard_link(keys.join("token"), bench.on_disk("same")).unwrap();
    for path in ["keys/token", "alias/token", "app/.ssh/id", "same"] {
        assert_eq!(place(path).read(100).unwrap_err().code, Code::PathDenied, "{path}");
    }
    for path in ["keys/new", "alias/new", "app/.ssh/new", "other/.ssh/new"] {
        assert_eq!(place(path).write(b"x", &Write::default()).unwrap_err().code, Code::PathDenied, "{path}");
    }
    assert_eq!(place("keys").move_to(&place("mine")).unwrap_err().code, Code::PathDenied);
    assert_eq!(place("keys").trash().unwrap_err().code, Code::PathDenied);
    assert_eq!(place("app").folder().unwrap().enter(".ssh".as_ref()).unwrap_err().code, Code::PathDenied);
    assert!(!bench.on_disk("other/.ssh").exists());
}

#[test]
fn things_are_moved_where_nothing_is() {
    let bench = Bench::new();
    bench.place("a").write(b"a", &Write::default()).unwrap();
    bench.place("b").write(b"b", &Write::default()).unwrap();
    bench.place("dir").create_dirs().unwrap();
    let check = |from: &str, to: &str, expected: Result<(), Code>| {
        let end = bench.place(from).move_to(&bench.roots.place("to", to).unwrap());
        assert_eq!(end.map_err(|failure| failure.code), expected, "{from} to {to}");
    };
    check("a", "b", Err(Code::AlreadyExists));
    check("none", "c", Err(Code::NotFound));
    check("a", "none/c", Err(Code::NotFound));
    check("dir", "dir/below", Err(Code::InvalidInput));
    check(".", "dir/root", Err(Code::PathDenied));
    check("a", "dir/a", Ok(()));
    assert_eq!(
        (fs::read(bench.on_disk("dir/a")).unwrap(), bench.names()),
        (b"a".to_vec(), vec!["b".into(), "dir".into()])
    );
}

#[test]
fn what_is_deleted_waits_in_the_trash() {
    let bench = Bench::new();
    bench.place("dir/a").write(b"a", &Write::default()).unwrap();
    let old = bench.on_disk(".switchboard/trash/1000");
    fs::create_dir_all(old.join("content/sub")).unwrap();
    let trashed = bench.place("dir").trash().unwrap();
    assert!(!old.exists(), "what is a week old is gone");
    assert_eq!(fs::read(trashed.path.join("a")).unwrap(), b"a");
    let origin = trashed.path.parent().unwrap().with_file_name("origin");
    assert_eq!(Path::new(&fs::read_to_string(origin).unwrap()), bench.on_disk("dir"));
    assert!(bench.names().is_empty());
    assert_eq!(bench.place("dir").trash().unwrap_err().code, Code::NotFound);
    assert_eq!(bench.place(".switchboard").trash().unwrap_err().code, Code::InvalidInput);
    bench.roots.place("path", trashed.path.to_str().unwrap()).unwrap().move_to(&bench.place("dir")).unwrap();
    assert_eq!(bench.place("dir/a").read(10).unwrap(), b"a");
}

#[test]
fn removing_a_folder_does_not_follow_links() {
    let bench = Bench::new();
    bench.place("dir/sub/a").write(b"a", &Write::default()).unwrap();
    symlink("../../outside", bench.on_disk("dir/out")).unwrap();
    bench.place("dir").remove().unwrap();
    assert!(bench.names().is_empty());
    assert!(bench.folder.path().join("outside/file").exists());
}

#[test]
fn a_list_tells_what_things_are_and_is_bounded() {
    let bench = Bench::new();
    bench.place("b/x").write(b"", &Write::default()).unwrap();
    bench.place("a").write(b"abc", &Write::default()).unwrap();
    symlink("a", bench.on_disk("c")).unwrap();
    let folder = bench.place(".").folder().unwrap();
    let kinds: Vec<Kind> = folder.entries(10).unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [Kind::File, Kind::Directory, Kind::Symlink]);
    assert_eq!(folder.stat("a".as_ref()).unwrap().size, 3);
    assert_eq!(folder.entries(2).unwrap_err().code, Code::TooLarge);
    assert_eq!(folder.enter("c".as_ref()).unwrap_err().code, Code::NotFound);
    assert_eq!(folder.read("../outside/file".as_ref(), 100).unwrap_err().code, Code::PathDenied);
}

/// Swaps a folder and a link that leads out for one another, as fast as it can, while `act` runs.
fn while_swapping(bench: &Bench, act: impl FnOnce()) {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let (here, other) = (bench.on_disk("flip"), bench.on_disk("flop"));
    fs::create_dir(&here).unwrap();
    fs::write(here.join("file"), "inside").unwrap();
    symlink("../outside", &other).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, &here, CWD, &other, RenameFlags::EXCHANGE).unwrap();
            }
        });
        act();
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn no_swapped_link_leads_a_reader_out_in_a_hundred_thousand_rounds() {
    let bench = Bench::new();
    let mut read = 0;
    while_swapping(&bench, || {
        let place = bench.place("flip/file");
        for _ in 0..100_000 {
            match place.read(100) {
                Ok(bytes) => {
                    assert_eq!(bytes, b"inside");
                    read += 1;
                }
                Err(failure) => assert!(matches!(failure.code, Code::PathDenied | Code::NotFound), "{failure}"),
            }
        }
    });
    assert!(read > 0, "the race was never won by the folder");
}

#[test]
fn no_swapped_link_leads_a_writer_out() {
    let bench = Bench::new();
    let mut written = 0;
    while_swapping(&bench, || {
        for round in 0..2_000 {
            let place = bench.place(&format!("flip/{}/new", round % 50));
            written += u32::from(place.write(b"x", &Write { create_backup: false, ..Write::default() }).is_ok());
            written += u32::from(place.parent().unwrap().remove().is_ok());
        }
    });
    assert!(written > 0, "the race was never won by the folder");
    let outside: Vec<_> = fs::read_dir(bench.folder.path().join("outside")).unwrap().flatten().collect();
    assert_eq!(outside.len(), 1, "{outside:?}");
}
