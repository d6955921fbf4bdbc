//! The machine: what keeps children together, open files, the clock.

use std::time::{Duration, SystemTime};

use rustix::process::{Resource, getrlimit};

use super::{Finding, Patient, State};

const AREA: &str = "machine";

/// Open files for each session, besides those of servers: its connection and its standing stream.
const FILES_PER_SESSION: u64 = 2;

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let mut findings = vec![kernel()];
    findings.extend(protections());
    findings.push(open_files(patient.loaded.config.limits.sessions_max as u64));
    findings.push(clock(SystemTime::now()));
    findings
}

fn kernel() -> Finding {
    let uname = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let words = [text(uname.sysname()), text(uname.release()), text(uname.machine())].join(" ");
    Finding::new(AREA, State::Good, format!("{words}, switchboard {}", env!("CARGO_PKG_VERSION")))
}

fn protections() -> Vec<Finding> {
    let found = supervisor::capabilities();
    let guard = if found.guard {
        Finding::new(AREA, State::Good, "the guard keeps servers from outliving the node, also after `kill -9`")
    } else {
        Finding::new(AREA, State::Doubtful, "no guard: after `kill -9` of the node, servers could go on")
            .hint("run the installed `switchboard` rather than a program that embeds it")
    };
    let cgroup = if found.cgroup {
        Finding::new(AREA, State::Good, "each server gets a cgroup of its own, and is ended as a whole")
    } else {
        Finding::new(
            AREA,
            State::Doubtful,
            "no cgroup of our own: servers are ended by their process group and the guard",
        )
        .hint("start the node as a service with `Delegate=yes`, or with `systemd-run --user --scope -p Delegate=yes`")
    };
    vec![guard, cgroup, sandbox(found)]
}

/// What the sandbox of toolkits is made of.
fn sandbox(found: supervisor::Capabilities) -> Finding {
    let missing = match (found.files_confined, found.calls_filtered) {
        (true, true) => {
            return Finding::new(
                AREA,
                State::Good,
                "the sandbox of toolkits confines files (Landlock) and system calls (seccomp)",
            );
        }
        (false, true) => "files (Landlock)",
        (true, false) => "system calls (seccomp)",
        (false, false) => "files (Landlock) and system calls (seccomp)",
    };
    Finding::new(AREA, State::Doubtful, format!("the sandbox of toolkits does not confine {missing} here"))
        .hint("a kernel from 5.13 on with both built in does; `sandbox` of a toolkit refuses to start with less")
}

fn open_files(sessions_max: u64) -> Finding {
    let wanted = sessions_max.saturating_mul(FILES_PER_SESSION).saturating_add(256);
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < wanted => {
            let what = format!("{limit} open files are allowed; `limits.sessions_max` may need {wanted}");
            Finding::new(AREA, State::Doubtful, what).hint(format!("ulimit -n {wanted}"))
        }
        Some(limit) => Finding::new(AREA, State::Good, format!("{limit} open files are allowed")),
        None => Finding::new(AREA, State::Good, "any number of open files is allowed"),
    }
}

/// A clock that is wrong makes certificates and our own seals invalid. It cannot be earlier than this program.
fn clock(now: SystemTime) -> Finding {
    let built_s = env!("SWITCHBOARD_COMMITTED_S").parse().unwrap_or_default();
    let built = SystemTime::UNIX_EPOCH + Duration::from_secs(built_s);
    if now >= built {
        return Finding::new(AREA, State::Good, "the clock is plausible");
    }
    Finding::new(AREA, State::Bad, "the clock is behind the day this program was made: certificates will be refused")
        .hint("timedatectl set-ntp true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_the_program_is_wrong() {
        assert_eq!(clock(SystemTime::UNIX_EPOCH).state, State::Bad);
        assert_eq!(clock(SystemTime::now()).state, State::Good);
    }

    #[test]
    fn too_few_open_files_are_doubtful_and_the_hint_says_how_many() {
        let finding = open_files(u64::MAX / 4);
        assert_eq!(finding.state, State::Doubtful);
        assert!(finding.hint.is_some_and(|hint| hint.starts_with("ulimit -n ")));
    }
}
