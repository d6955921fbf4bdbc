//! Disks that fail on wish: `strace` is attached to a running program and has the kernel refuse calls about one file, until it is
//! dropped. Whoever may not trace a program is told so, in place of a test that sees nothing.

#![expect(clippy::disallowed_methods, reason = "strace is a program")]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long it may take until every thread is traced, and until none is any more.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often one looks.
const LOOK: Duration = Duration::from_millis(5);

/// A fault under way; it ends when dropped.
#[derive(Debug)]
pub struct DiskFault {
    strace: Child,
    pid: u32,
}

impl DiskFault {
    /// From now on `calls` of the process about the files in `paths` end with `error`, such as `EIO`.
    ///
    /// # Panics
    ///
    /// When strace is not installed, or nobody may trace a process here.
    pub fn in_process(pid: u32, calls: &str, error: &str, paths: &[&Path]) -> Self {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-p", &pid.to_string()]).args(rules(calls, error, paths));
        let strace = strace.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let strace = strace.expect("strace is installed: scripts/setup-tests.sh");
        let mut fault = Self { strace, pid };
        fault.wait_until(true);
        fault
    }

    /// Runs a program of which `calls` about the files in `paths` end with `error`.
    pub fn around(calls: &str, error: &str, paths: &[&Path], program: &Path) -> Command {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null"]).args(rules(calls, error, paths)).arg(program);
        strace
    }

    fn wait_until(&mut self, is_traced: bool) {
        let since = Instant::now();
        while threads(self.pid).iter().any(|traced| *traced != is_traced) {
            let lives = self.strace.try_wait().is_ok_and(|ended| ended.is_none());
            assert!(lives || !is_traced, "strace may not trace a process here: run the tests as root, or allow ptrace");
            assert!(since.elapsed() < PATIENCE, "strace does not come to process {}", self.pid);
            thread::sleep(LOOK);
        }
    }
}

impl Drop for DiskFault {
    fn drop(&mut self) {
        // it lets go of what it traces before it ends
        let _ = Command::new("kill").args(["-s", "INT", &self.strace.id().to_string()]).status();
        let _ = self.strace.wait();
        if !thread::panicking() {
            self.wait_until(false);
        }
    }
}

fn rules(calls: &str, error: &str, paths: &[&Path]) -> Vec<String> {
    let mut rules = vec!["-e".to_owned(), format!("trace={calls}"), "-e".to_owned()];
    rules.push(format!("inject={calls}:error={error}"));
    for path in paths {
        rules.extend(["-P".to_owned(), path.display().to_string()]);
    }
    rules
}

/// Of each thread of a process, whether somebody traces it.
fn threads(pid: u32) -> Vec<bool> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let statuses = tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
    statuses.map(|status| !status.lines().any(|line| line == "TracerPid:\t0")).collect()
}
