//! Hostile in numbers and at odd places: more than anybody expects, lines that are none, a wrong clock, a log that nobody reads,
//! disks that fail, and requests that cost more than they are worth. The node bears it, and nobody else
//! notices.

mod amplification;
mod broken_disk;
mod clocks;
mod crowds;
mod flood;
mod lines;
mod unread_log;

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take to come about, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often one looks.
const LOOK: Duration = Duration::from_millis(20);

/// Looks again and again until it has come about.
fn until(what: &str, mut has_come: impl FnMut() -> bool) {
    let since = Instant::now();
    while !has_come() {
        assert!(since.elapsed() < PATIENCE, "never saw that {what}");
        thread::sleep(LOOK);
    }
}
