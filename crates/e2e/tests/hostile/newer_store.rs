//! Jobs that another version of the program has written: a file that this one does not understand stops the start and stays as it
//! is, with what to do; one that says that it can be read is read.

use std::fs;
use std::path::Path;

use e2e::Node;
use e2e::counting::Counting;
use e2e::jobs::{ended, submit, task_in};
use e2e::program::{built, command};
use serde_json::json;

/// Where SQLite keeps the number that a program gives its schema.
const NUMBER_AT: usize = 60;
/// A schema far beyond any that this program knows.
const MUCH_LATER: u32 = 7_000;
/// The upper half of the number: the oldest schema whose program can go on with the file.
const READABLE_FROM_2: u32 = 2 << 16;

fn set_schema(file: &Path, number: u32) -> Vec<u8> {
    let mut bytes = fs::read(file).expect("the jobs are kept");
    bytes[NUMBER_AT..NUMBER_AT + 4].copy_from_slice(&number.to_be_bytes());
    fs::write(file, &bytes).expect("a file of ours can be written");
    bytes
}

#[test]
fn jobs_of_a_much_later_version_are_left_alone_unless_they_say_that_they_can_be_read() {
    let counting = Counting::start();
    let mut node = Node::start(&counting.configured("count"));
    let task = task_in(&submit(node.address(), "count_act", &json!({ "n": 1 }))).expect("a job is taken");
    ended(node.address(), &task);
    node.end();
    let file = node.folder().join("state/jobs/switchboard.db");

    let before = set_schema(&file, MUCH_LATER);
    let mut serve = command(built("switchboard"));
    serve.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(node.folder().join("switchboard.toml"));
    let refused = serve.env("SWITCHBOARD_STATE_DIR", node.folder().join("state")).output().expect("it can be run");
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success(), "{told}");
    assert!(told.contains("has schema 7000") && told.contains("start the newer version again"), "{told}");
    assert_eq!(fs::read(&file).ok(), Some(before));

    set_schema(&file, MUCH_LATER | READABLE_FROM_2);
    let node = node.restarted();
    assert_eq!(ended(node.address(), &task)["status"], "completed");
    let again = task_in(&submit(node.address(), "count_act", &json!({ "n": 2 }))).expect("a job is taken");
    assert_eq!(ended(node.address(), &again)["status"], "completed");
}
