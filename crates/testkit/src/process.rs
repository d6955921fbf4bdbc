//! What the kernel says about a running process: processor time, memory, descriptors, descendants.
//! Reads `/proc` only; starts and stops nothing.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};

/// One reading of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time spent by all its threads so far, in user and kernel mode.
    pub cpu: Duration,
    /// Resident memory now.
    pub rss_bytes: u64,
    /// Resident memory at its highest.
    pub rss_peak_bytes: u64,
    /// What of the resident memory now is its own: without the pages of its program, which come in when they are first needed.
    pub own_bytes: u64,
}

/// Reads what `pid` has used so far.
pub fn usage(pid: u32) -> io::Result<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    Ok(Usage {
        cpu: cpu_in(&stat).ok_or_else(unreadable)?,
        rss_bytes: kibibytes_in(&status, "VmRSS:").unwrap_or(0) * 1024,
        rss_peak_bytes: kibibytes_in(&status, "VmHWM:").unwrap_or(0) * 1024,
        own_bytes: kibibytes_in(&status, "RssAnon:").unwrap_or(0) * 1024,
    })
}

/// How many file descriptors `pid` holds open.
pub fn descriptors(pid: u32) -> io::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

/// How many threads `pid` has.
pub fn threads(pid: u32) -> io::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/task"))?.count())
}

/// All living children of `pid`, their children, and so on; zombies are left out.
pub fn descendants(pid: u32) -> io::Result<Vec<u32>> {
    let parents = living_with_parents()?;
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    found.remove(0);
    Ok(found)
}

/// The command line of `pid`, arguments joined by blanks.
pub fn command_line(pid: u32) -> io::Result<String> {
    let raw = fs::read(format!("/proc/{pid}/cmdline"))?;
    Ok(String::from_utf8_lossy(&raw).replace('\0', " ").trim_end().to_owned())
}

/// Binds the calling thread, and whatever it starts from now on, to one processor core.
pub fn pin_to_core(core: usize) -> io::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}

fn living_with_parents() -> io::Result<Vec<(u32, u32)>> {
    let pids = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(pids.filter_map(|pid: u32| Some((pid, living_parent(pid)?))).collect())
}

fn living_parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = fields_after_name(&stat)?;
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (state != "Z").then_some(parent)
}

/// The fields of a `stat` line from the third on: the name before them may hold blanks and brackets.
fn fields_after_name(stat: &str) -> Option<impl Iterator<Item = &str>> {
    Some(stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace())
}

fn cpu_in(stat: &str) -> Option<Duration> {
    let mut times = fields_after_name(stat)?.skip(11).map(str::parse::<u64>);
    let ticks = times.next()?.ok()? + times.next()?.ok()?;
    let micros_per_tick = 1_000_000 / rustix::param::clock_ticks_per_second();
    Some(Duration::from_micros(ticks * micros_per_tick))
}

fn kibibytes_in(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the process table line has an unknown shape")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_does_not_shift_the_fields() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 90 0 0 0 250 150 9 9 20 0 4 0 100";
        assert_eq!(cpu_in(stat), Some(Duration::from_secs(4)));
    }

    #[test]
    fn this_process_has_memory_and_descriptors() {
        let pid = std::process::id();
        let usage = usage(pid).unwrap();
        assert!(usage.rss_bytes > 0 && usage.rss_peak_bytes >= usage.rss_bytes);
        assert!(descriptors(pid).unwrap() > 0);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the child of a test, which is waited for")]
    fn a_child_is_a_descendant_until_it_ends() {
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        assert!(descendants(std::process::id()).unwrap().contains(&child.id()));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!descendants(std::process::id()).unwrap().contains(&child.id()));
    }

    #[test]
    fn a_process_that_is_gone_is_an_error() {
        assert!(usage(u32::MAX).is_err());
    }
}
