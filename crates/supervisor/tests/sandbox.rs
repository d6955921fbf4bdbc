//! What gets through the walls, tried by programs that do not know of them.

use std::{fs, path::Path, process::Command};

const WALLED: &str = env!("CARGO_BIN_EXE_walled");

/// Whether a shell script succeeds behind a wall around `folder`.
#[expect(clippy::disallowed_methods, reason = "the test stands outside of the crate")]
fn succeeds(profile: &str, folder: &Path, script: &str) -> bool {
    let output =
        Command::new(WALLED).arg(profile).arg(folder).args(["sh", "-c", script]).output().expect("walled runs");
    assert_ne!(output.status.code(), Some(99), "{}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}

/// Python without a trace on disk.
fn python(script: &str) -> String {
    format!("python3 -I -B -c '{script}'")
}

#[test]
fn files_are_written_only_where_it_is_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (inside, outside) = (folder.path().join("inside"), folder.path().join("outside"));
    fs::create_dir(&inside).expect("a folder");
    fs::write(&outside, "secret").expect("a file");
    let outside_text = outside.display().to_string();
    let check =
        |script: String, expected: bool| assert_eq!(succeeds("standard", &inside, &script), expected, "{script}");
    check(format!("echo x > {}/a && cat {}/a", inside.display(), inside.display()), true);
    check("ls /usr/bin > /dev/null && cat /etc/hostname /proc/self/status > /dev/null".to_owned(), true);
    check(format!("echo x > {outside_text}"), false);
    check(format!("cat {outside_text}"), false);
    check(format!("ln -s {outside_text} {0}/link && cat {0}/link", inside.display()), false);
    check(format!("rm {outside_text}"), false);
    check("cat /etc/shadow".to_owned(), false);
    check("cat /proc/1/environ".to_owned(), false);
    assert_eq!(fs::read_to_string(&outside).expect("the file"), "secret");
}

#[test]
fn calls_that_ordinary_programs_do_not_need_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let check =
        |script: &str, expected: bool| assert_eq!(succeeds("standard", folder.path(), script), expected, "{script}");
    check("unshare -U true", false);
    check("unshare -n true", false);
    check("mount -t tmpfs none /mnt", false);
    check("chroot / true", false);
    check(&python("import socket; socket.socket(socket.AF_UNIX)"), false);
    check(&python("import socket; socket.socketpair()"), true);
    check(&python("import threading; t = threading.Thread(target=print); t.start(); t.join()"), true);
    check("(sleep 0 & wait) && true | cat", true);
}

#[test]
fn only_the_strict_wall_has_no_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = python("import socket; socket.socket(socket.AF_INET)");
    assert!(succeeds("standard", folder.path(), &socket));
    assert!(!succeeds("strict", folder.path(), &socket));
    assert!(succeeds("none", folder.path(), &python("import socket; socket.socket(socket.AF_UNIX)")));
}
