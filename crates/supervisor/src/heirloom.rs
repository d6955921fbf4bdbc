//! A running child on its way from one process of ours to the next: the descriptors that make it ours, and what it has written
//! that nobody has read. Dropped on the way, the child ends. What its lines mean, and who waits for answers, is told above.

use std::{io, os::fd::OwnedFd, time::Duration};

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::{net::unix::pipe, sync::watch, task::JoinHandle, time::timeout};

use crate::{
    Child, Error, Journal, Limits, Lines,
    lease::Lease,
    outbox,
    stderr::{self, Tail},
    warden::{self, Order, Warden},
};

/// How long what is queued for the child may take to be written: it reads, or it is of no use to anybody.
const WRITTEN_WITHIN: Duration = Duration::from_secs(2);

/// A child between two processes.
#[derive(Debug)]
pub struct Heirloom {
    /// Its process, or that of its guard.
    pub pid: u32,
    /// What it has written and nobody has read: the lines and the start of a line that were here already.
    pub unread: Vec<u8>,
    /// What makes it ours.
    pub descriptors: Descriptors,
}

/// The ends of a child's pipes, its process, and the lease by which its guard knows whose it is: in this order.
pub type Descriptors = [OwnedFd; 5];

/// What ties a running child to this process, beside its output.
#[derive(Debug)]
pub(crate) struct Ties {
    /// Whose it is.
    pub(crate) lease: Lease,
    /// Who works for it, until it is to end.
    pub(crate) tasks: Option<Tasks>,
}

/// The tasks that hold ends of its pipes.
#[derive(Debug)]
pub(crate) struct Tasks {
    /// It feeds the child, and ends with its stdin.
    pub(crate) writer: JoinHandle<Option<pipe::Sender>>,
    /// It reads its stderr.
    pub(crate) stderr: stderr::Reading,
}

impl Child {
    /// Lets go of the child, whose `lines` were read until now. What was queued for it is written before; nothing more can be
    /// sent. A child that takes too long for that, or is nobody's to leave, is an error; the former is ended.
    pub async fn leave(&self, lines: Lines) -> Result<Heirloom, Error> {
        let Ties { lease, tasks } = self.untie().ok_or(Error::Closed)?;
        let Tasks { writer, stderr } = tasks.ok_or(Error::Closed)?;
        let process = pid_of(self.pid()).and_then(|pid| Ok(pidfd_open(pid, PidfdFlags::empty())?));
        let process = process.map_err(|_| Error::Closed)?;
        let stdin = timeout(WRITTEN_WITHIN, writer).await.map_err(|_| Error::Stalled { waited: WRITTEN_WITHIN })?;
        let stdin = stdin.ok().flatten().ok_or(Error::Closed)?;
        let stderr = stderr.stop().await.ok_or(Error::Closed)?;
        let (stdout, unread) = lines.into_parts();
        let ends = || {
            let (stdin, stdout) = (stdin.into_nonblocking_fd()?, stdout.into_nonblocking_fd()?);
            Ok([stdin, stdout, stderr.into_nonblocking_fd()?, process, lease.into()])
        };
        let descriptors = ends().map_err(|_: io::Error| Error::Closed)?;
        Ok(Heirloom { pid: self.pid(), unread, descriptors })
    }
}

impl Heirloom {
    /// Goes on with the child. Needs a tokio runtime.
    pub fn take_over(self, limits: Limits, journal: Option<Journal>) -> io::Result<(Child, Lines)> {
        let [stdin, stdout, stderr, process, lease] = self.descriptors;
        let root = pid_of(self.pid)?;
        let ended = warden::end_at(process)?;
        let (outbox, writer) = outbox::start(stdin, limits.outbox_lines)?;
        let lines = Lines::going_on(pipe::Receiver::from_owned_fd(stdout)?, limits.line_bytes_max, &self.unread);
        let (tail, reading) = Tail::start(stderr, limits.stderr_ring_bytes, journal)?;
        let (orders, ordered) = watch::channel(Order::Run);
        let (exit, exited) = watch::channel(None);
        tokio::spawn(Warden::of_heirloom(root, ended, ordered, limits.clone()).run(exit));
        let ties = Ties { lease: lease.into(), tasks: Some(Tasks { writer, stderr: reading }) };
        Ok((Child::new(self.pid, limits, outbox, tail, (orders, exited), Some(ties)), lines))
    }
}

fn pid_of(pid: u32) -> io::Result<Pid> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::Error::other("a process without an id"))
}
