//! A small process between us and each child, that lets nothing of the child outlive us.
//!
//! It is this same executable with other arguments: [`take_over`] is the first line of `main`. It leads a session of
//! its own, adopts whatever the child's tree loses (it is the subreaper), watches whoever holds its lease, or without one us
//! through a pidfd, and ends as the child ended. It uses no runtime and keeps no pipe of the child open. Why:
//! `docs/decisions/002-no-orphans.md`.

use std::{
    env,
    ffi::OsString,
    fs::OpenOptions,
    io,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::PathBuf,
    process::{self, ExitCode, ExitStatus},
    sync::OnceLock,
    thread,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::{
        Pid, PidfdFlags, Resource, Rlimit, Signal, WaitOptions, getpid, getppid, getrlimit, kill_process, pidfd_open,
        set_child_subreaper, setrlimit, setsid, wait,
    },
    stdio::{dup2_stderr, dup2_stdin, dup2_stdout},
};

use crate::{
    Command, Limits,
    cgroup::Leaf,
    lease::{Held, Lease},
    tree::Tree,
};

const VERB: &str = "__guard";
const NONE: &str = "-";
/// What a shell answers when it cannot run a program.
const CANNOT_RUN: u8 = 127;

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// The first line of `main`: runs the guard when this process was started as one, and otherwise offers this
/// executable as the guard of every child. `Some` is the exit code to leave with.
pub fn take_over() -> Option<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_some_and(|verb| verb == VERB) {
        return Some(main(arguments));
    }
    // the link leads to our own file even after an upgrade replaced it
    use_program("/proc/self/exe");
    None
}

/// Offers another executable, whose `main` begins with [`take_over`], as the guard. The first offer counts.
pub fn use_program(program: impl Into<PathBuf>) {
    let _ = PROGRAM.set(program.into());
}

pub(crate) fn is_offered() -> bool {
    PROGRAM.get().is_some()
}

/// The command that runs `command` under a guard, when one was offered.
pub(crate) fn command(command: &Command, limits: &Limits, lease: Option<&Lease>) -> Option<process::Command> {
    let mut guard = process::Command::new(PROGRAM.get()?);
    guard.arg0("switchboard").arg(VERB).arg(process::id().to_string());
    guard.arg(lease.map_or_else(|| NONE.to_owned(), |lease| lease.number().to_string()));
    guard.args([limits.memory_bytes_max, limits.open_files_max, limits.processes_max].map(limit_to_argument));
    guard.arg(&command.program).args(&command.args);
    Some(guard)
}

fn limit_to_argument(limit: Option<u64>) -> String {
    limit.map_or_else(|| NONE.to_owned(), |limit| limit.to_string())
}

/// What a guard is told by the one that starts it.
#[derive(Debug, PartialEq, Eq)]
struct Orders {
    parent: Pid,
    /// The number of the lease in the parent.
    lease: Option<i32>,
    memory_bytes_max: Option<u64>,
    open_files_max: Option<u64>,
    processes_max: Option<u64>,
    program: OsString,
    args: Vec<OsString>,
}

impl Orders {
    fn parse(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut number =
            || arguments.next().map(|argument| argument.to_str().and_then(|text| text.parse::<u64>().ok()));
        Some(Self {
            parent: Pid::from_raw(number()??.try_into().ok()?)?,
            lease: number()?.and_then(|number| number.try_into().ok()),
            memory_bytes_max: number()?,
            open_files_max: number()?,
            processes_max: number()?,
            program: arguments.next()?,
            args: arguments.collect(),
        })
    }
}

fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(orders) = Orders::parse(arguments) else {
        eprintln!("guard: this verb is for switchboard itself");
        return ExitCode::from(CANNOT_RUN);
    };
    match run(&orders) {
        Ok(status) => end_like(status),
        Err(error) => {
            eprintln!("guard: could not run `{}`: {error}", orders.program.display());
            ExitCode::from(CANNOT_RUN)
        }
    }
}

fn run(orders: &Orders) -> io::Result<ExitStatus> {
    setsid()?;
    set_child_subreaper(Some(getpid()))?;
    let parent = pidfd_open(orders.parent, PidfdFlags::empty())?;
    if getppid() != Some(orders.parent) {
        return Err(io::Error::other("the parent is gone already"));
    }
    let lease = orders.lease.and_then(|number| Held::of(orders.parent, number));
    let leaf = make_leaf(orders);
    let child = match &leaf {
        Some(leaf) => leaf.inside(|| start(orders)),
        None => start(orders),
    }?;
    let _watch = thread::Builder::new().stack_size(64 << 10).spawn(move || {
        let _ = match &lease {
            // that its last holder is gone is told without being asked for
            Some(lease) => poll(&mut [PollFd::new(lease, PollFlags::empty())], None),
            None => poll(&mut [PollFd::new(&parent, PollFlags::IN)], None),
        };
        Tree::below(getpid()).kill();
    })?;
    let status = wait_for(Pid::from_child(&child))?;
    end_the_rest(leaf.as_ref());
    Ok(status)
}

fn make_leaf(orders: &Orders) -> Option<Leaf> {
    let leaf = Leaf::create()?;
    if let Some(bytes) = orders.memory_bytes_max {
        leaf.limit("memory.max", bytes);
    }
    if let Some(processes) = orders.processes_max {
        leaf.limit("pids.max", processes);
    }
    Some(leaf)
}

/// Starts the program with our pipes, and lets go of them: their ends must tell of the child, not of us.
fn start(orders: &Orders) -> io::Result<process::Child> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    // ours first, since the child inherits them: set on the child afterwards, they would come too late for its first steps
    bound(Resource::Data, orders.memory_bytes_max);
    bound(Resource::Nofile, orders.open_files_max);
    let child = process::Command::new(&orders.program).args(&orders.args).process_group(0).spawn()?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    Ok(child)
}

/// Lowers a limit of ours and so of the child; a limit that is lower already stays.
fn bound(resource: Resource, limit: Option<u64>) {
    let Some(limit) = limit else { return };
    let value = Some(getrlimit(resource).maximum.map_or(limit, |maximum| maximum.min(limit)));
    // lowering one's own limit cannot fail
    let _ = setrlimit(resource, Rlimit { current: value, maximum: value });
}

/// Reaps whatever ends, own or adopted, until the child is among it.
fn wait_for(child: Pid) -> io::Result<ExitStatus> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == child => return Ok(ExitStatus::from_raw(status.as_raw())),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Kills and reaps until there is no descendant: every one of them ends up as our child.
fn end_the_rest(leaf: Option<&Leaf>) {
    if let Some(leaf) = leaf {
        leaf.kill();
    }
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => {
                Tree::below(getpid()).kill();
            }
            Err(_) => return,
        }
    }
}

/// Ends this process as the child ended, so that nobody has to know that we stood between.
fn end_like(status: ExitStatus) -> ExitCode {
    if let Some(signal) = status.signal() {
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
        let _ = Signal::from_named_raw(signal).map(|signal| kill_process(getpid(), signal));
        // a signal that did not end us is told as a shell would
        return ExitCode::from(128_u8.saturating_add(u8::try_from(signal).unwrap_or_default()));
    }
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Option<Orders> {
        Orders::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn orders_survive_the_command_line() {
        let orders = parse(&["7", "12", "1024", "-", "20", "sh", "-c", "exit 3"]).expect("orders");
        let expected = Orders {
            parent: Pid::from_raw(7).expect("a pid"),
            lease: Some(12),
            memory_bytes_max: Some(1024),
            open_files_max: None,
            processes_max: Some(20),
            program: "sh".into(),
            args: vec!["-c".into(), "exit 3".into()],
        };
        assert_eq!(orders, expected);
    }

    #[test]
    fn a_guard_without_parent_or_program_refuses() {
        assert_eq!(parse(&[]), None);
        assert_eq!(parse(&["x", "-", "-", "-", "-", "sh"]), None);
        assert_eq!(parse(&["0", "-", "-", "-", "-", "sh"]), None);
        assert_eq!(parse(&["7", "-", "-", "-", "-"]), None);
    }
}
