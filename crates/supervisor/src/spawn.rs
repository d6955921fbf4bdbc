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
};

use crate::{
    Child, Command, Error, Journal, Limits, Lines, guard, outbox,
    stderr::Tail,
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
    let (mut prepared, guarded) = prepare(command, &limits);
    start(&mut prepared, guarded, limits, journal)
        .map_err(|source| Error::Spawn { program: command.program.clone(), source })
}

/// A guard makes a session of its own; without one the child at least leads its own group.
pub(crate) fn prepare(command: &Command, limits: &Limits) -> (process::Command, bool) {
    let guard = guard::command(command, limits);
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

fn start(
    command: &mut process::Command,
    guarded: bool,
    limits: Limits,
    journal: Option<Journal>,
) -> io::Result<(Child, Lines)> {
    let mut process = command.spawn()?;
    let pid = process.id();
    let fittings = fit(&mut process, &limits, journal).inspect_err(|_| discard(&mut process))?;

    let (orders, ordered) = watch::channel(Order::Run);
    let (exit, exited) = watch::channel(None);
    tokio::spawn(Warden::new(process, fittings.ended, guarded, ordered, limits.clone()).run(exit));
    Ok((Child::new(pid, limits, fittings.outbox, fittings.stderr, orders, exited), fittings.lines))
}

/// Everything that connects us to a started process, and may fail when descriptors run out.
struct Fittings {
    ended: AsyncFd<OwnedFd>,
    outbox: mpsc::Sender<Bytes>,
    lines: Lines,
    stderr: Tail,
}

fn fit(process: &mut process::Child, limits: &Limits, journal: Option<Journal>) -> io::Result<Fittings> {
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (process.stdin.take(), process.stdout.take(), process.stderr.take())
    else {
        return Err(io::Error::other("the process was started without its pipes"));
    };
    Ok(Fittings {
        ended: warden::end_of(process)?,
        outbox: outbox::start(stdin.into(), limits.outbox_lines)?,
        lines: Lines::new(pipe::Receiver::from_owned_fd(stdout.into())?, limits.line_bytes_max),
        stderr: Tail::start(stderr.into(), limits.stderr_ring_bytes, journal)?,
    })
}

/// A process that could not be fitted must not stay behind unseen.
pub(crate) fn discard(process: &mut process::Child) {
    Tree::of(Pid::from_child(process)).kill();
    // it was killed: there is nothing to learn from its status
    let _ = process.wait();
}
