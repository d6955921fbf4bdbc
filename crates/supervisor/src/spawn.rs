//! Starts one child: pipes, guard, warden.

use std::{
    io,
    os::{fd::OwnedFd, unix::process::CommandExt as _},
    process::{self, Stdio},
};

use bytes::Bytes;
use rustix::process::Pid;
use tokio::{
    io::unix::AsyncFd,
    net::unix::pipe,
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::{
    Child, Command, Error, Journal, Limits, Lines, guard,
    heirloom::{Tasks, Ties},
    lease::Lease,
    outbox,
    stderr::{Reading, Tail},
    tree::Tree,
    warden::{self, Order, Warden},
};

/// Starts a program, under the [guard](crate::guard) where this executable offers one. Needs a tokio runtime.
pub fn spawn(command: &Command, limits: Limits) -> Result<(Child, Lines), Error> {
    spawn_with_journal(command, limits, None)
}

/// Starts a program whose stderr also goes, line by line, into the journal of its server.
pub fn spawn_with_journal(
    command: &Command,
    limits: Limits,
    journal: Option<Journal>,
) -> Result<(Child, Lines), Error> {
    command.check()?;
    start(command, limits, journal).map_err(|source| Error::Spawn { program: command.program.clone(), source })
}

/// A guard makes a session of its own; without one the child at least leads its own group.
pub(crate) fn prepare(command: &Command, limits: &Limits, lease: Option<&Lease>) -> (process::Command, bool) {
    let guard = guard::command(command, limits, lease);
    let guarded = guard.is_some();
    let mut prepared = guard.unwrap_or_else(|| {
        let mut direct = process::Command::new(&command.program);
        direct.args(&command.args).process_group(0);
        direct
    });
    prepared.env_clear().envs(command.environment());
    prepared.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(directory) = &command.cwd {
        prepared.current_dir(directory);
    }
    (prepared, guarded)
}

fn start(command: &Command, limits: Limits, journal: Option<Journal>) -> io::Result<(Child, Lines)> {
    let lease = guard::is_offered().then(Lease::new).transpose()?;
    let (mut prepared, guarded) = prepare(command, &limits, lease.as_ref());
    let mut process = prepared.spawn()?;
    let pid = process.id();
    let fittings = fit(&mut process, &limits, journal).inspect_err(|_| discard(&mut process))?;

    let (orders, ordered) = watch::channel(Order::Run);
    let (exit, exited) = watch::channel(None);
    tokio::spawn(Warden::new(process, fittings.ended, guarded, ordered, limits.clone()).run(exit));
    let Fittings { outbox, lines, stderr, writer, reading, .. } = fittings;
    let ties = lease.map(|lease| Ties { lease, tasks: Some(Tasks { writer, stderr: reading }) });
    Ok((Child::new(pid, limits, outbox, stderr, (orders, exited), ties), lines))
}

/// Everything that connects us to a started process, and may fail when descriptors run out.
struct Fittings {
    ended: AsyncFd<OwnedFd>,
    outbox: mpsc::Sender<Bytes>,
    writer: JoinHandle<Option<pipe::Sender>>,
    lines: Lines,
    stderr: Tail,
    reading: Reading,
}

fn fit(process: &mut process::Child, limits: &Limits, journal: Option<Journal>) -> io::Result<Fittings> {
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (process.stdin.take(), process.stdout.take(), process.stderr.take())
    else {
        return Err(io::Error::other("the process was started without its pipes"));
    };
    let (outbox, writer) = outbox::start(stdin.into(), limits.outbox_lines)?;
    let (stderr, reading) = Tail::start(stderr.into(), limits.stderr_ring_bytes, journal)?;
    Ok(Fittings {
        ended: warden::end_of(process)?,
        outbox,
        writer,
        lines: Lines::new(pipe::Receiver::from_owned_fd(stdout.into())?, limits.line_bytes_max),
        stderr,
        reading,
    })
}

/// A process that could not be fitted must not stay behind unseen.
pub(crate) fn discard(process: &mut process::Child) {
    Tree::of(Pid::from_child(process)).kill();
    // it was killed: there is nothing to learn from its status
    let _ = process.wait();
}
