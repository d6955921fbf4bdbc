//! Finds and signals a process together with everything it ever started.
//!
//! A process belongs to the tree when it descends from the root, or is still in the root's session or group.
//! It reads `/proc` and blocks; async callers go through `spawn_blocking`.

use std::{
    collections::{HashMap, HashSet},
    fs,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal},
};

/// How long killed processes may take to disappear: some are deep in a system call.
const KILL_WAIT: Duration = Duration::from_secs(2);

/// A root process and all that came from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tree {
    root: Pid,
    /// A guard is the root but not a target: it ends by itself when the rest is gone.
    spares_root: bool,
}

impl Tree {
    pub(crate) fn of(root: Pid) -> Self {
        Self { root, spares_root: false }
    }

    pub(crate) fn below(root: Pid) -> Self {
        Self { root, spares_root: true }
    }

    /// Sends one signal to every member.
    pub(crate) fn signal(self, signal: Signal) {
        for pid in self.members() {
            // a member that is gone already needs no signal
            let _ = kill_process(pid, signal);
        }
    }

    /// Kills until nothing is left, also what is forked meanwhile. Whether it succeeded in time.
    pub(crate) fn kill(self) -> bool {
        let deadline = Instant::now() + KILL_WAIT;
        while let Some(rest) = deadline.checked_duration_since(Instant::now()) {
            let members = self.members();
            if members.is_empty() {
                return true;
            }
            let dying: Vec<OwnedFd> = members.into_iter().filter_map(kill_one).collect();
            wait_for_one(&dying, rest);
        }
        self.members().is_empty()
    }

    fn members(self) -> Vec<Pid> {
        let mut members = members_among(&processes(), self.root.as_raw_pid());
        if self.spares_root {
            members.remove(&self.root.as_raw_pid());
        }
        members.into_iter().filter_map(Pid::from_raw).collect()
    }
}

fn kill_one(pid: Pid) -> Option<OwnedFd> {
    let handle = pidfd_open(pid, PidfdFlags::empty()).ok()?;
    pidfd_send_signal(&handle, Signal::KILL).ok()?;
    Some(handle)
}

/// Returns when the first is gone; the caller looks again anyway.
fn wait_for_one(dying: &[OwnedFd], timeout: Duration) {
    let mut handles: Vec<PollFd<'_>> = dying.iter().map(|handle| PollFd::new(handle, PollFlags::IN)).collect();
    // an interrupted wait is only a shorter one
    let _ = poll(&mut handles, Timespec::try_from(timeout).ok().as_ref());
}

/// One line of the process table.
#[derive(Debug, Clone, Copy)]
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    session: i32,
}

fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?))
        .collect()
}

/// Reads `pid (name) state parent group session …`. The name may hold anything, also brackets; the dead are left out.
fn parse(pid: i32, stat: &str) -> Option<Process> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let alive = !matches!(fields.next()?, "Z" | "X" | "x");
    let mut number = || fields.next()?.parse().ok();
    let process = Process { pid, parent: number()?, group: number()?, session: number()? };
    alive.then_some(process)
}

fn members_among(processes: &[Process], root: i32) -> HashSet<i32> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for process in processes {
        children.entry(process.parent).or_default().push(process.pid);
    }
    let belongs = |process: &&Process| root == process.pid || root == process.group || root == process.session;
    let mut open: Vec<i32> = processes.iter().filter(belongs).map(|process| process.pid).collect();
    let mut members = HashSet::new();
    while let Some(pid) = open.pop() {
        if members.insert(pid) {
            open.extend(children.get(&pid).into_iter().flatten());
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_does_not_confuse_the_parser() {
        let process = parse(7, "7 (a) Z (b) c) S 1 2 3 0 -1").expect("a process");
        assert_eq!((process.parent, process.group, process.session), (1, 2, 3));
    }

    #[test]
    fn the_dead_do_not_count() {
        assert!(parse(7, "7 (sh) Z 1 2 3 0 -1").is_none());
    }

    #[test]
    fn a_tree_is_descendants_and_session_and_group() {
        let process = |pid, parent, group, session| Process { pid, parent, group, session };
        let table = [
            process(1, 0, 1, 1),
            process(10, 1, 10, 10),
            process(11, 10, 11, 10),
            process(12, 11, 12, 12),
            process(13, 1, 11, 10),
            process(14, 1, 10, 1),
            process(20, 1, 20, 20),
        ];
        let mut members: Vec<i32> = members_among(&table, 10).into_iter().collect();
        members.sort_unstable();
        assert_eq!(members, [10, 11, 12, 13, 14]);
    }
}
