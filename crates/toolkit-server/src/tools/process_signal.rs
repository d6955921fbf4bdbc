//! `process_signal`: sends a signal to a process. A process is held by descriptor from the look to the act, so that one
//! that took over its number meanwhile is not hit.

use std::{collections::HashSet, os::fd::OwnedFd, time::Duration};

use procfs::process::{Process, Stat};
use rustix::{
    io::Errno,
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::io::unix::AsyncFd;
use toolkit::{Call, Code, Failure, Marks, Tool, commands};

use super::CHANGED_PROCESSES;
use crate::{error::Error, reading, users::Names};

/// How long to wait for the end of a process that was asked to end: most end at once.
const END_WAIT: Duration = Duration::from_secs(2);
/// The parent of all threads of the kernel.
const KERNEL_THREADS: i32 = 2;

/// Sends signals.
pub(crate) struct ProcessSignal;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The number of the process.
    #[schemars(range(min = 1))]
    pid: i64,
    /// Which signal.
    #[serde(default)]
    signal: Named,
}

/// The signals that can be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Named {
    /// Asks it to end.
    #[default]
    Term,
    /// Ends it without asking.
    Kill,
    /// Many programs read their configuration again.
    Hup,
    /// As Ctrl-C does.
    Int,
    /// Stops it until `CONT`.
    Stop,
    /// Lets it go on.
    Cont,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    pid: i32,
    /// The name of the process.
    name: String,
    /// Whether it has ended, as far as could be seen in two seconds.
    ended: bool,
    message: String,
}

impl Tool for ProcessSignal {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "process_signal";
    const ABOUT: &'static str = "Sends a signal to one process, by its number: TERM asks it to end, KILL ends it. The first \
        process and Switchboard itself are out of reach.";
    const MARKS: Marks = Marks::destroys().confirmed();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROCESSES);
    const EXAMPLES: &'static [&'static str] = &[r#"{"pid": 4242, "signal": "HUP", "confirm": true}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let target = Target::find(input.pid).await?;
        let by_hand = || format!("kill -{} {}", input.signal.name(), target.pid);
        commands::note(by_hand, "the kernel is told directly; by hand it is this");
        pidfd_send_signal(&target.descriptor, input.signal.number()).map_err(|errno| target.refused(errno))?;
        let (pid, name) = (target.pid, target.stat.comm.clone());
        let ended = input.signal.ends() && ends_soon(target.descriptor).await;
        let message = if ended {
            format!("`{name}` ({pid}) has ended")
        } else {
            format!("{} was sent to `{name}` ({pid})", input.signal.name())
        };
        Ok(Output { pid, name, ended, message })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let target = Target::find(input.pid).await?;
        let (name, signal) = (&target.stat.comm, input.signal.name());
        Ok(vec![format!("send {signal} to `{name}` ({}) of `{}`", target.pid, target.user)])
    }
}

impl Named {
    fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Kill => "KILL",
            Self::Hup => "HUP",
            Self::Int => "INT",
            Self::Stop => "STOP",
            Self::Cont => "CONT",
        }
    }

    fn number(self) -> Signal {
        match self {
            Self::Term => Signal::TERM,
            Self::Kill => Signal::KILL,
            Self::Hup => Signal::HUP,
            Self::Int => Signal::INT,
            Self::Stop => Signal::STOP,
            Self::Cont => Signal::CONT,
        }
    }

    /// Whether it is meant to end the process.
    fn ends(self) -> bool {
        matches!(self, Self::Term | Self::Kill | Self::Int)
    }
}

/// A process that may be sent a signal.
struct Target {
    pid: i32,
    stat: Stat,
    user: String,
    descriptor: OwnedFd,
}

impl Target {
    /// Finds it, and refuses those that must not be touched.
    async fn find(pid: i64) -> Result<Self, Failure> {
        let out_of_range = || Failure::invalid("pid", format!("`pid` must be the number of one process, not {pid}"));
        // zero and negative numbers would mean groups of processes
        let pid = i32::try_from(pid).ok().filter(|pid| *pid > 0).and_then(Pid::from_raw).ok_or_else(out_of_range)?;
        // the descriptor comes first: what is read afterwards is of the process that it holds
        let descriptor = pidfd_open(pid, PidfdFlags::NONBLOCK).map_err(|errno| unreachable(pid, errno))?;
        let number = pid.as_raw_nonzero().get();
        let Seen { stat, user, protected } = reading::read(move || look(number)).await?.ok_or_else(|| gone(number))?;
        if let Some(reason) = protected {
            let failure = Failure::new(Code::Forbidden, format!("`{}` ({number}) {reason}", stat.comm));
            return Err(Failure { field: Some("pid".to_owned()), ..failure.hint("choose another process") });
        }
        Ok(Self { pid: number, stat, user, descriptor })
    }

    fn refused(&self, errno: Errno) -> Failure {
        match errno {
            Errno::PERM => {
                let text = format!("`{}` ({}) belongs to `{}`", self.stat.comm, self.pid, self.user);
                Failure::new(Code::Forbidden, text).hint("run Switchboard as that user or as root")
            }
            Errno::SRCH => gone(self.pid),
            other => Failure::new(Code::FilesystemError, format!("cannot reach process {}: {other}", self.pid)),
        }
    }
}

/// What can be seen of a process.
struct Seen {
    stat: Stat,
    user: String,
    /// Why it must not be touched.
    protected: Option<&'static str>,
}

/// What can be seen of a process, and why it must not be touched; nothing if it has gone.
fn look(pid: i32) -> Result<Option<Seen>, Error> {
    let Ok(process) = Process::new(pid) else { return Ok(None) };
    let Ok((stat, uid)) = process.stat().and_then(|stat| Ok((stat, process.uid()?))) else { return Ok(None) };
    let protected = protection(&stat, &ourselves()?);
    Ok(Some(Seen { stat, user: Names::read().of(uid), protected }))
}

/// Why a process must not be touched.
fn protection(stat: &Stat, ourselves: &HashSet<i32>) -> Option<&'static str> {
    if stat.pid == 1 {
        Some("is the first process of this machine")
    } else if ourselves.contains(&stat.pid) {
        Some("is Switchboard itself or has started it")
    } else if stat.pid == KERNEL_THREADS || stat.ppid == KERNEL_THREADS {
        Some("is a part of the kernel")
    } else {
        None
    }
}

/// This process and all that stand above it: the gateway, and what started it.
fn ourselves() -> Result<HashSet<i32>, Error> {
    let mut ourselves = HashSet::new();
    let mut pid = std::process::id().cast_signed();
    while pid > 1 && ourselves.insert(pid) {
        let stat = Process::new(pid).and_then(|process| process.stat()).map_err(Error::kernel("the own processes"))?;
        pid = stat.ppid;
    }
    Ok(ourselves)
}

fn unreachable(pid: Pid, errno: Errno) -> Failure {
    let number = pid.as_raw_nonzero();
    match errno {
        Errno::SRCH => gone(number.get()),
        // a thread has a number too, but only its process can be sent a signal
        Errno::INVAL => Failure::invalid("pid", format!("{number} is a thread, not a process")),
        other => Failure::new(Code::NotSupported, format!("the kernel gives no hold on process {number}: {other}")),
    }
}

fn gone(pid: i32) -> Failure {
    let failure = Failure::new(Code::NotFound, format!("there is no process {pid}"));
    Failure { field: Some("pid".to_owned()), ..failure.hint("`process_list` names those that run") }
}

/// Whether the process ends while we wait: its descriptor can then be read.
#[expect(deprecated, reason = "its successor is `unsafe`; the descriptor is owned and nobody else holds it")]
async fn ends_soon(descriptor: OwnedFd) -> bool {
    let Ok(descriptor) = AsyncFd::new(descriptor) else { return false };
    matches!(tokio::time::timeout(END_WAIT, descriptor.readable()).await, Ok(Ok(_)))
}
