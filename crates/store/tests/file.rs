//! The file of the store when something is wrong with it: nothing that was promised vanishes without a word.

use std::{fs, io::Write, os::unix::fs::PermissionsExt, path::Path};

use store::{Error, Filter, JobId, NewJob, Settings, State, Store};

fn settings(run: &str, bytes_max: u64) -> Settings {
    Settings { run: run.to_owned(), home: String::new(), bytes_max }
}

fn job(id: u128, bytes: usize) -> NewJob {
    NewJob {
        id: JobId(id),
        owner: "ada".to_owned(),
        endpoint: String::new(),
        tool: "files_write".to_owned(),
        repeatable: false,
        request: vec![b'x'; bytes].into(),
        created_ms: 1,
        kept_ms: 1,
    }
}

fn refused(folder: &Path) -> Error {
    Store::in_folder(folder, &settings("refused", 1 << 20)).err().expect("the file is refused")
}

/// A file with one job in it, closed.
async fn filled(folder: &Path) {
    let store = Store::in_folder(folder, &settings("before", 1 << 20)).expect("the store opens");
    assert!(store.submit(job(1, 100_000), 9).await.expect("there is room"));
    drop(store);
    // the thread closes the file after the last handle has gone
    while folder.join("switchboard.db-wal").exists() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let path = folder.path().join("switchboard.db");
    let mut damaged = fs::read(&path).unwrap();
    for byte in &mut damaged[4_096..20_000] {
        *byte ^= 0x5a;
    }
    fs::write(&path, &damaged).unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), damaged);
}

#[tokio::test]
async fn a_file_of_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("switchboard.db"), "shopping list: milk, bread, a new disk\n".repeat(50)).unwrap();
    assert!(matches!(refused(folder.path()), Error::Damaged { .. }));
    let folder = tempfile::tempdir().unwrap();
    let other = rusqlite::Connection::open(folder.path().join("switchboard.db")).unwrap();
    other.execute_batch("CREATE TABLE shopping (item TEXT)").unwrap();
    assert!(matches!(refused(folder.path()), Error::Foreign { .. }));
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let file = rusqlite::Connection::open(folder.path().join("switchboard.db")).unwrap();
    file.pragma_update(None, "user_version", 7).unwrap();
    drop(file);
    assert!(matches!(refused(folder.path()), Error::Newer { found: 7, known: 2, .. }));
}

#[tokio::test]
async fn a_newer_file_that_says_it_can_be_read_is_read_and_stays_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let path = folder.path().join("switchboard.db");
    let file = rusqlite::Connection::open(&path).unwrap();
    let newer = 7 | (2 << 16);
    file.execute_batch("CREATE TABLE of_a_later_version (anything TEXT)").unwrap();
    file.pragma_update(None, "user_version", newer).unwrap();
    drop(file);
    let store = Store::in_folder(folder.path(), &settings("former", 1 << 20)).unwrap();
    assert_eq!(store.list(Filter { count_max: 9, ..Filter::default() }).await.unwrap().len(), 1);
    assert!(store.submit(job(2, 10), 9).await.unwrap());
    drop(store);
    let file = rusqlite::Connection::open(&path).unwrap();
    assert_eq!(file.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap(), newer);
}

/// A store with a file as a released version of the program has left it: `schema` numbers the version of the file.
fn released(folder: &Path, schema: &str) -> Store {
    let file = rusqlite::Connection::open(folder.join("switchboard.db")).expect("a file can be made");
    file.execute_batch(schema).expect("the file is written as it was");
    drop(file);
    let settings = Settings { home: "switchboard.toml".to_owned(), ..settings("a", 1 << 20) };
    Store::in_folder(folder, &settings).expect("what was released is read for good")
}

#[tokio::test]
async fn files_of_released_versions_are_read_with_all_their_jobs() {
    for (schema, jobs) in [(include_str!("released/schema-1.sql"), 2), (include_str!("released/schema-2.sql"), 1)] {
        let folder = tempfile::tempdir().unwrap();
        let store = released(folder.path(), schema);
        let kept = store.list(Filter { count_max: 9, ..Filter::default() }).await.unwrap();
        assert_eq!(kept.len(), jobs);
        for job in kept {
            assert_eq!((&*job.owner, &*job.tool, job.state), ("local", "count", State::Completed));
            assert!(store.answer(job.id).await.unwrap().is_some(), "its answer is there");
        }
    }
}

#[tokio::test]
async fn without_room_a_job_is_refused_and_those_before_it_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_folder(folder.path(), &settings("a", 1 << 20)).unwrap();
    assert!(store.submit(job(1, 500_000), 9).await.unwrap());
    assert!(matches!(store.submit(job(2, 900_000), 9).await, Err(Error::Full)));
    assert!(store.submit(job(3, 1_000), 9).await.unwrap(), "a smaller one fits");
    drop(store);
    let store = Store::in_folder(folder.path(), &settings("b", 1 << 20)).unwrap();
    let mut kept: Vec<u128> =
        store.list(Filter { count_max: 9, ..Filter::default() }).await.unwrap().iter().map(|job| job.id.0).collect();
    kept.sort_unstable();
    assert_eq!(kept, [1, 3]);
}

#[tokio::test]
async fn an_uncommitted_tail_of_the_log_is_dropped_and_the_rest_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_folder(folder.path(), &settings("a", 1 << 20)).unwrap();
    assert!(store.submit(job(1, 10), 9).await.unwrap());
    // what a crash in the middle of a write leaves
    let copy = tempfile::tempdir().unwrap();
    for name in ["switchboard.db", "switchboard.db-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let log = copy.path().join("switchboard.db-wal");
    fs::OpenOptions::new().append(true).open(log).unwrap().write_all(&[0xa5; 3_000]).unwrap();
    let store = Store::in_folder(copy.path(), &settings("b", 1 << 20)).unwrap();
    assert_eq!(store.list(Filter { count_max: 9, ..Filter::default() }).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("made/on/demand");
    let _store = Store::in_folder(&place, &settings("a", 1 << 20)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(&place), mode(&place.join("switchboard.db"))], [0o700, 0o600]);
}

#[test]
fn a_folder_that_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    fs::write(&blocked, "").unwrap();
    assert!(matches!(refused(&blocked), Error::Unusable { .. }));
}
