//! Configuration files on a real disk: written as a whole or not at all.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use config::{Edit, Error, store};
use serde_json::json;

fn add(name: &'static str) -> impl FnOnce(&mut Edit) -> Result<(), Error> {
    move |edit| edit.add("servers", name, &json!({ "command": name }))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn new_file_is_private_and_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/switchboard.toml");
    let edited = store::edit(&path, add("git")).unwrap();
    assert_eq!(edited.before, "");
    assert_eq!(fs::read_to_string(&path).unwrap(), "[servers.git]\ncommand = \"git\"\n");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(names(&folder.path().join("deep")), ["switchboard.toml"]);
}

#[test]
fn made_file_is_private_and_never_takes_the_place_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/switchboard.toml");
    store::create(&path, "# first\n").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let error = store::create(&path, "# second\n").unwrap_err();
    assert!(matches!(&error, Error::There { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "# first\n");
    let other = folder.path().join("deep/other.toml");
    assert!(matches!(store::create(&other, "[limits]\ncall_ms_max = \"fast\"\n"), Err(Error::Wrong { .. })));
    assert_eq!(names(&folder.path().join("deep")), ["switchboard.toml"]);
}

#[test]
fn changed_file_keeps_its_mode_its_link_and_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file.toml"), folder.path().join("link.toml"));
    fs::write(&file, "# old\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&file, &link).unwrap();
    store::edit(&link, add("git")).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o644);
    assert_eq!(fs::read_to_string(store::backup_of(&file)).unwrap(), "# old\n");
    assert_eq!(names(folder.path()), ["file.toml", "file.toml.bak", "link.toml"]);
}

#[test]
fn change_that_brings_a_problem_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switchboard.toml");
    fs::write(&path, "[limits]\nbody_bytes_max = 1 # a problem of before\n").unwrap();
    let error = store::edit(&path, |edit| edit.set("limits.call_ms_max", &json!("fast"))).unwrap_err();
    assert!(matches!(&error, Error::Wrong { problems } if problems.len() == 1), "{error}");
    let error = store::edit(&path, |edit| edit.add("servers", "Git", &json!({ "command": "git" }))).unwrap_err();
    assert!(error.hint().unwrap().contains("a-z"), "{error}");
    store::edit(&path, add("git")).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 5);
}

#[test]
fn file_with_broken_syntax_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switchboard.toml");
    fs::write(&path, "[servers.git\n").unwrap();
    assert!(matches!(store::edit(&path, add("x")), Err(Error::Syntax { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "[servers.git\n");
}

#[test]
fn somebody_elses_change_in_between_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switchboard.toml");
    let result = store::edit(&path, |edit| {
        fs::write(&path, "# theirs\n").unwrap();
        edit.add("servers", "git", &json!({ "command": "git" }))
    });
    assert!(matches!(result, Err(Error::Changed { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "# theirs\n");
}

#[test]
fn changes_at_the_same_time_all_arrive() {
    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switchboard.toml");
    std::thread::scope(|scope| {
        for name in NAMES {
            scope.spawn(|| store::edit(&path, add(name)).unwrap());
        }
    });
    let loaded = config::load(&path).unwrap();
    assert_eq!(loaded.config.servers.into_keys().collect::<Vec<_>>(), NAMES);
}
