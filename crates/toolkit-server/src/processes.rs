//! The processes of this machine: who they are, what they hold, and how busy they were between two readings.

mod command_line;

use std::{
    cmp::Ordering,
    collections::HashMap,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use procfs::process::{Process, Stat};
use schemars::JsonSchema;
use serde::Serialize;
use toolkit::moment;

use crate::{error::Error, percent, users::Names};

/// One process.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Listed {
    pub(crate) pid: i32,
    pub(crate) ppid: i32,
    pub(crate) name: String,
    pub(crate) user: String,
    /// Of one core: two busy cores are 200.
    pub(crate) cpu_percent: f64,
    /// What it holds in memory, shared parts included.
    pub(crate) memory_bytes: u64,
    threads: i64,
    /// `running`, `sleeping`, `waiting` (for a disk), `stopped`, `zombie` or `idle`.
    state: &'static str,
    started: String,
    /// Its command line, without what looks like a secret.
    pub(crate) command: String,
    /// How deep it stands in the tree, where a tree is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<usize>,
}

/// By what a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// The busiest first.
    #[default]
    Cpu,
    /// The largest first.
    Memory,
    /// By name.
    Name,
    /// By number.
    Pid,
}

/// All processes at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    taken: Instant,
    processes: Vec<Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    stat: Stat,
    uid: u32,
}

impl Snapshot {
    /// Takes it. What ends meanwhile is left out.
    pub(crate) fn take() -> Result<Self, Error> {
        let taken = Instant::now();
        let all = procfs::process::all_processes().map_err(Error::kernel("the processes"))?;
        let seen = |process: Process| Some(Seen { stat: process.stat().ok()?, uid: process.uid().ok()? });
        Ok(Self { taken, processes: all.filter_map(Result::ok).filter_map(seen).collect() })
    }

    /// What it lists, with how busy each was since an earlier one. Command lines are not read yet.
    pub(crate) fn since(&self, before: &Self, names: &Names) -> Vec<Listed> {
        // a number may have been given to another process meanwhile; then the start differs
        let earlier: HashMap<(i32, u64), u64> =
            before.processes.iter().map(|seen| (seen.identity(), seen.ticks())).collect();
        let window = self.taken.duration_since(before.taken);
        let boot = procfs::boot_time_secs().unwrap_or_default();
        let listed = |seen: &Seen| {
            let ticks = seen.ticks().saturating_sub(earlier.get(&seen.identity()).copied().unwrap_or(seen.ticks()));
            seen.listed(cpu_percent(ticks, window), boot, names)
        };
        self.processes.iter().map(listed).collect()
    }
}

impl Seen {
    fn identity(&self) -> (i32, u64) {
        (self.stat.pid, self.stat.starttime)
    }

    fn ticks(&self) -> u64 {
        self.stat.utime + self.stat.stime
    }

    fn listed(&self, cpu_percent: f64, boot_s: u64, names: &Names) -> Listed {
        Listed {
            pid: self.stat.pid,
            ppid: self.stat.ppid,
            name: self.stat.comm.clone(),
            user: names.of(self.uid),
            cpu_percent,
            memory_bytes: self.stat.rss.saturating_mul(procfs::page_size()),
            threads: self.stat.num_threads,
            state: state(self.stat.state),
            started: moment::rfc3339(started(boot_s, self.stat.starttime)),
            command: String::new(),
            depth: None,
        }
    }
}

fn cpu_percent(ticks: u64, window: Duration) -> f64 {
    let possible = window.as_secs_f64() * procfs::ticks_per_second() as f64;
    if possible <= 0.0 { 0.0 } else { percent::rounded(ticks as f64 * 100.0 / possible) }
}

fn started(boot_s: u64, ticks: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(boot_s + ticks / procfs::ticks_per_second().max(1))
}

fn state(letter: char) -> &'static str {
    match letter {
        'R' => "running",
        'D' => "waiting",
        'T' | 't' => "stopped",
        'Z' | 'X' | 'x' => "zombie",
        'I' => "idle",
        _ => "sleeping",
    }
}

/// Reads the command lines of these processes; a process without one has its name in brackets, as `ps` writes it.
pub(crate) fn read_commands(listed: &mut [Listed]) {
    for process in listed {
        let arguments = Process::new(process.pid).and_then(|process| process.cmdline()).unwrap_or_default();
        process.command =
            if arguments.is_empty() { format!("[{}]", process.name) } else { command_line::shown(&arguments) };
    }
}

/// Sorts a list.
pub(crate) fn sort(listed: &mut [Listed], order: Order) {
    let busiest = |one: &Listed, other: &Listed| other.cpu_percent.total_cmp(&one.cpu_percent);
    let largest = |one: &Listed, other: &Listed| other.memory_bytes.cmp(&one.memory_bytes);
    listed.sort_by(|one, other| {
        let first = match order {
            Order::Cpu => busiest(one, other).then_with(|| largest(one, other)),
            Order::Memory => largest(one, other),
            Order::Name => one.name.cmp(&other.name),
            Order::Pid => Ordering::Equal,
        };
        first.then(one.pid.cmp(&other.pid))
    });
}

/// Puts every process behind its parent and says how deep it stands; siblings stay in their order. One whose parent is not
/// in the list stands on its own.
pub(crate) fn as_tree(listed: Vec<Listed>) -> Vec<Listed> {
    let known: HashMap<i32, usize> = listed.iter().enumerate().map(|(place, process)| (process.pid, place)).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); listed.len()];
    let mut open = Vec::new();
    for (place, process) in listed.iter().enumerate() {
        match known.get(&process.ppid).filter(|parent| **parent != place) {
            Some(parent) => children[*parent].push(place),
            None => open.push((place, 0)),
        }
    }
    open.reverse();
    let mut places = Vec::with_capacity(listed.len());
    while let Some((place, depth)) = open.pop() {
        places.push((place, depth));
        open.extend(children[place].iter().rev().map(|child| (*child, depth + 1)));
    }
    let mut listed: Vec<Option<Listed>> = listed.into_iter().map(Some).collect();
    let with_depth =
        |(place, depth): (usize, usize)| listed[place].take().map(|process| Listed { depth: Some(depth), ..process });
    places.into_iter().filter_map(with_depth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, cpu_percent: f64, memory_bytes: u64) -> Listed {
        Listed {
            pid,
            ppid: parent,
            name: format!("p{pid}"),
            user: "ada".to_owned(),
            cpu_percent,
            memory_bytes,
            threads: 1,
            state: "sleeping",
            started: String::new(),
            command: String::new(),
            depth: None,
        }
    }

    #[test]
    fn a_list_is_sorted_as_asked() {
        let check = |order, expected: [i32; 3]| {
            let mut listed = [process(1, 0, 1.0, 30), process(2, 1, 5.0, 10), process(3, 1, 1.0, 40)];
            sort(&mut listed, order);
            assert_eq!(listed.map(|process| process.pid), expected, "{order:?}");
        };
        check(Order::Cpu, [2, 3, 1]);
        check(Order::Memory, [3, 1, 2]);
        check(Order::Name, [1, 2, 3]);
        check(Order::Pid, [1, 2, 3]);
    }

    #[test]
    fn children_stand_behind_their_parents() {
        let check = |parents: &[(i32, i32)], expected: &[(i32, usize)]| {
            let listed = parents.iter().map(|(pid, ppid)| process(*pid, *ppid, 0.0, 0)).collect();
            let tree: Vec<(i32, usize)> =
                as_tree(listed).iter().map(|process| (process.pid, process.depth.unwrap())).collect();
            assert_eq!(tree, expected);
        };
        check(&[(1, 0), (9, 1), (5, 1), (7, 9)], &[(1, 0), (9, 1), (7, 2), (5, 1)]);
        check(&[(7, 9), (8, 2)], &[(7, 0), (8, 0)]);
        check(&[(0, 0), (1, 0)], &[(0, 0), (1, 1)]);
        check(&[], &[]);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "one decimal is exactly what is promised")]
    fn a_core_that_is_always_busy_is_a_hundred_percent() {
        let second = procfs::ticks_per_second();
        assert_eq!(cpu_percent(second, Duration::from_secs(1)), 100.0);
        assert_eq!(cpu_percent(second / 2, Duration::from_secs(1)), 50.0);
        assert_eq!(cpu_percent(second, Duration::ZERO), 0.0);
    }

    #[test]
    fn this_very_process_is_listed_with_its_command() {
        let snapshot = Snapshot::take().unwrap();
        let mut listed = snapshot.since(&snapshot, &Names::read());
        listed.retain(|process| process.pid == std::process::id().cast_signed());
        read_commands(&mut listed);
        let [process] = &*listed else { panic!("{listed:?}") };
        assert!(process.memory_bytes > 0 && process.threads > 0 && process.command.contains("toolkit"), "{process:?}");
    }
}
