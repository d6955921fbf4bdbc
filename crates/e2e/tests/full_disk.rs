//! A disk that is full, or can only be read: nothing that was acknowledged is lost, what cannot be kept is refused plainly, and
//! with room everything goes on. The disk is a small file system in memory, which only root can mount.

#![expect(clippy::disallowed_methods, reason = "mount and umount are programs")]

use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::Node;
use e2e::counting::Counting;
use e2e::jobs::{ended, submit, task_in};
use e2e::wire::{self, Answer};
use serde_json::{Value, json};

/// A small disk at some folder.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: &Path) -> Self {
        run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=400k", "tmpfs"]).arg(folder));
        Self(folder.to_owned())
    }

    fn change(&self, options: &str) {
        run(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // what is still open there goes with the node
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn run(command: &mut Command) {
    let done = command.output().expect("the program is there");
    assert!(done.status.success(), "only root can mount: {}", String::from_utf8_lossy(&done.stderr));
}

/// A node whose jobs are on a small disk.
fn on_a_small_disk(counting: &Counting) -> (Node, Disk) {
    let settings = "bridge.sessionless = true\n[jobs]\nrunning_max = 1\nbackoff_ms = 10\n";
    let mut node = Node::start(&format!("{settings}{}", counting.configured("count")));
    node.end();
    let disk = Disk::mount(&node.folder().join("state/jobs"));
    (node.restarted(), disk)
}

fn act(number: u64, bytes: usize) -> Value {
    json!({ "n": number, "text": "x".repeat(bytes) })
}

fn under_a_key(node: &Node, number: u64) -> Answer {
    let body = json!({ "name": "count_act", "arguments": { "n": number } }).to_string();
    let key = format!("Idempotency-Key: k-{number}");
    wire::exchange(node.address(), &wire::post(node.address(), "/mcp/tools/call", &[&key], body.as_bytes()))
}

/// The first act under a key that finds no room: those before it may have found some, and were made once.
fn refused_under_a_key(node: &Node, counting: &Counting) -> u64 {
    for number in 1_000..1_100 {
        let answer = under_a_key(node, number);
        if answer.code() == Some(-31004) {
            assert_eq!(counting.count("act", number), 0, "{}", answer.text());
            return number;
        }
        assert_eq!(counting.count("act", number), 1, "{}", answer.text());
    }
    panic!("a full disk has room for a hundred keys");
}

#[test]
fn a_full_disk_loses_nothing_refuses_plainly_and_recovers() {
    let counting = Counting::start();
    let (node, disk) = on_a_small_disk(&counting);
    let (mut acknowledged, mut number) = (Vec::new(), 0);
    for bytes in [20_000, 1] {
        loop {
            number += 1;
            let answer = submit(node.address(), "count_act", &act(number, bytes));
            let Some(task) = task_in(&answer) else {
                assert!(matches!(answer.code(), Some(-31007 | -31004)), "{answer:?}");
                break;
            };
            acknowledged.push((number, task));
        }
    }
    assert!(!acknowledged.is_empty());
    let refused = refused_under_a_key(&node, &counting);
    disk.change("size=32m");
    for (number, task) in &acknowledged {
        let end = ended(node.address(), task);
        assert_eq!((&end["status"], counting.count("act", *number)), (&json!("completed"), 1), "{number} {end}");
    }
    assert!(under_a_key(&node, refused).text().contains(&format!("did {refused}")));
    let after = submit(node.address(), "count_act", &act(2_000, 1));
    assert_eq!(ended(node.address(), &task_in(&after).expect("there is room"))["status"], "completed");
}

#[test]
fn a_disk_that_can_only_be_read_takes_no_jobs_and_the_node_says_so() {
    let counting = Counting::start();
    let (mut node, disk) = on_a_small_disk(&counting);
    let task = task_in(&submit(node.address(), "count_act", &act(1, 1))).expect("there is room");
    ended(node.address(), &task);
    node.end();
    disk.change("ro");
    let mut node = node.restarted();
    let refused = submit(node.address(), "count_act", &act(2, 1));
    assert_eq!(refused.code(), Some(-31004), "{refused:?}");
    assert_eq!(under_a_key(&node, 2).code(), Some(-31004));
    assert!(!wire::call(node.address(), "/mcp", "1", "count_read", r#"{"n":1}"#).is_error());
    node.end();
    disk.change("rw");
    let node = node.restarted();
    assert_eq!(ended(node.address(), &task)["status"], "completed", "what was kept is there");
    assert_eq!((counting.count("act", 1), counting.count("act", 2)), (1, 0));
}
