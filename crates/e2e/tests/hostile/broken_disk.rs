//! A disk that fails in the middle of a write: what was acknowledged before stays, what cannot be written is refused with what to
//! do, nothing is acknowledged that is not on the disk, and when the disk is well again, so is the node.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::Node;
use e2e::counting::Counting;
use e2e::disk_faults::DiskFault;
use e2e::jobs::{ended, submit, task_in};
use e2e::program::{built, command};
use e2e::scripted::{Scripted, as_json, one_tool};
use e2e::wire::{self, Answer};
use serde_json::json;

use crate::until;

/// What the kernel says, and to which calls: writes into the log of the database, and the wait until they are on the disk.
const FAULTS: [(&str, &str); 5] =
    [(SYNC, "EIO"), (SYNC, "ENOSPC"), ("pwrite64", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EDQUOT")];
const SYNC: &str = "fsync,fdatasync";

fn started(counting: &Counting) -> Node {
    Node::start(&format!("bridge.sessionless = true\n[jobs]\nbackoff_ms = 10\n{}", counting.configured("count")))
}

fn database(node: &Node) -> Vec<PathBuf> {
    let folder = node.folder().join("state/jobs");
    ["switchboard.db", "switchboard.db-wal"].map(|name| folder.join(name)).into()
}

fn under_a_key(node: &Node, number: u64) -> Answer {
    let body = json!({ "name": "count_act", "arguments": { "n": number } }).to_string();
    let key = format!("Idempotency-Key: k-{number}");
    wire::exchange(node.address(), &wire::post(node.address(), "/mcp/tools/call", &[&key], body.as_bytes()))
}

fn acknowledged(node: &Node, number: u64) -> Option<String> {
    task_in(&submit(node.address(), "count_act", &json!({ "n": number })))
}

#[test]
fn a_job_that_is_not_on_the_disk_is_refused_and_never_run() {
    for (calls, error) in FAULTS {
        let what = format!("{calls} {error}");
        let counting = Counting::start();
        let node = started(&counting);
        let before = acknowledged(&node, 1).expect("the disk is well");
        assert_eq!(ended(node.address(), &before)["status"], "completed", "{what}");
        assert!(under_a_key(&node, 2).text().contains("did 2"), "{what}");

        let files = database(&node);
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        let fault = DiskFault::in_process(node.pid(), calls, error, &files);
        let refused = submit(node.address(), "count_act", &json!({ "n": 3 }));
        assert!(matches!(refused.code(), Some(-31004 | -31007)), "{what}: {refused:?}");
        let hint = refused.text();
        assert!(["free space", "see the log"].iter().any(|words| hint.contains(words)), "{what}: {hint}");
        assert_eq!(under_a_key(&node, 4).code(), Some(-31004), "{what}");
        assert!(!wire::call(node.address(), "/mcp", "1", "count_read", r#"{"n":5}"#).is_error(), "{what}");
        drop(fault);

        // the very commit that failed must not come back with the next start
        let node = node.restarted();
        let after = acknowledged(&node, 6).unwrap_or_else(|| panic!("the disk is well after {what}: {}", node.log()));
        assert_eq!(ended(node.address(), &after)["status"], "completed", "{what}");
        assert_eq!(ended(node.address(), &before)["status"], "completed", "{what}");
        assert!(under_a_key(&node, 2).text().contains("did 2"), "{what}");
        assert!(under_a_key(&node, 4).text().contains("did 4"), "{what}");
        let counts = [1, 2, 3, 4, 6].map(|number| counting.count("act", number));
        assert_eq!(counts, [1, 1, 0, 1, 1], "{what}");
    }
}

#[test]
fn a_node_whose_disk_is_well_again_takes_jobs_without_a_restart() {
    for (calls, error) in FAULTS {
        let what = format!("{calls} {error}");
        let counting = Counting::start();
        let node = started(&counting);
        let before = acknowledged(&node, 1).expect("the disk is well");
        ended(node.address(), &before);
        let files = database(&node);
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        let fault = DiskFault::in_process(node.pid(), calls, error, &files);
        assert_eq!(acknowledged(&node, 2), None, "{what}");
        drop(fault);
        let after = acknowledged(&node, 3).unwrap_or_else(|| panic!("the disk is well after {what}: {}", node.log()));
        assert_eq!(ended(node.address(), &after)["status"], "completed", "{what}");
        assert_eq!([1, 2, 3].map(|number| counting.count("act", number)), [1, 0, 1], "{what}");
    }
}

#[test]
fn the_end_of_a_job_is_written_down_when_the_disk_is_well_again_and_the_act_is_not_repeated() {
    let counting = Counting::start();
    let node = started(&counting);
    let job = task_in(&submit(node.address(), "count_act", &json!({ "n": 1, "ms": 1_500 }))).expect("the disk is well");
    until("the act is under way", || counting.count("act", 1) == 1);
    let files = database(&node);
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let fault = DiskFault::in_process(node.pid(), SYNC, "EIO", &files);
    until("the end cannot be written", || node.log().contains("the end of a job cannot be written down yet"));
    drop(fault);
    assert_eq!(ended(node.address(), &job)["status"], "completed", "{}", node.log());
    assert_eq!(counting.count("act", 1), 1);
}

#[test]
fn a_list_that_cannot_be_kept_is_shown_and_nothing_of_it_is_found_later() {
    let server =
        Scripted::start(one_tool("look"), |id| as_json(id, &json!({ "resultType": "complete", "content": [] })));
    let node = Node::start(&server.configured("s"));
    let fault = DiskFault::in_process(node.pid(), "rename,renameat,renameat2", "EIO", &[]);
    assert!(wire::list_tools(node.address(), "/servers/s/mcp").text().contains("look"));
    until("what could not be kept is told", || node.log().contains("is not known at the next start"));
    drop(fault);
    let left = fs::read_dir(node.folder().join("state/lists")).expect("there is a folder for lists").count();
    assert_eq!(left, 0, "not even a part of it");
    server.set_down(true);
    let node = node.restarted();
    assert!(!wire::list_tools(node.address(), "/servers/s/mcp").text().contains("look"));
}

#[test]
fn a_configuration_that_cannot_be_written_is_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("switchboard.toml");
    let before = "[servers.a]\ncommand = \"a\"\n";
    fs::write(&file, before).expect("a file can be written");
    for (calls, error) in [(SYNC, "EIO"), (SYNC, "ENOSPC"), ("rename,renameat,renameat2", "EIO")] {
        let mut add = DiskFault::around(calls, error, &[], &built("switchboard"));
        add.args(["principal", "add", "ada", "--config"])
            .arg(&file)
            .env("SWITCHBOARD_STATE_DIR", folder.path().join("s"));
        let done = add.output().expect("strace is installed: scripts/setup-tests.sh");
        assert!(!done.status.success(), "{calls} {error}: {}", String::from_utf8_lossy(&done.stdout));
        assert_eq!(fs::read_to_string(&file).ok().as_deref(), Some(before), "{calls} {error}");
    }
    let mut add = command(built("switchboard"));
    add.args(["principal", "add", "ada", "--config"]).arg(&file).env("SWITCHBOARD_STATE_DIR", folder.path().join("s"));
    assert!(add.output().expect("the program can be run").status.success());
    let text = fs::read_to_string(&file).expect("the file is there");
    assert!(text.starts_with(before) && text.contains("[principals.ada]"), "{text}");
}
