//! The task that stands beside one child from its first to its last moment: it hears the orders, sees the end, and reaps.

use std::{io, os::fd::OwnedFd, process, time::Duration};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use tokio::{io::unix::AsyncFd, sync::watch, task::spawn_blocking, time::timeout};

use crate::{Exit, Limits, tree::Tree};

/// How long a guard may take to leave after everything below it was killed, before that is done once more:
/// it may have been about to start the program.
const GUARD_WAIT: Duration = Duration::from_millis(100);
const GUARD_ATTEMPTS: usize = 20;

/// What the holders of the handle want. Wishes only rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    Run,
    Stop,
    Kill,
    /// It lives on with another process.
    Leave,
}

/// Owns the process until it is reaped; until then its id cannot be given to another process.
pub(crate) struct Warden {
    /// Nothing if it was started by a process before us: then its status is not ours to fetch.
    process: Option<process::Child>,
    /// Readable once the process has ended, reaped or not.
    ended: AsyncFd<OwnedFd>,
    root: Pid,
    guarded: bool,
    orders: watch::Receiver<Order>,
    limits: Limits,
}

impl Warden {
    pub(crate) fn new(
        process: process::Child,
        ended: AsyncFd<OwnedFd>,
        guarded: bool,
        orders: watch::Receiver<Order>,
        limits: Limits,
    ) -> Self {
        let root = Pid::from_child(&process);
        Self { process: Some(process), ended, root, guarded, orders, limits }
    }

    /// Beside a guarded child that a process before us has started.
    pub(crate) fn of_heirloom(
        root: Pid,
        ended: AsyncFd<OwnedFd>,
        orders: watch::Receiver<Order>,
        limits: Limits,
    ) -> Self {
        Self { process: None, ended, root, guarded: true, orders, limits }
    }

    /// Lives as long as the child, then publishes how it ended.
    pub(crate) async fn run(mut self, exit: watch::Sender<Option<Exit>>) {
        self.see_it_end().await;
        let status = match &mut self.process {
            Some(process) => {
                if !is_left(&self.orders) {
                    // what is left shares only a session or a group with the dead root
                    on_tree(Tree::of(self.root), super::tree::Tree::kill).await;
                }
                process.wait().map_or(Exit::Unknown, Exit::from)
            }
            // whoever adopted it has reaped it, so its id may be that of another by now
            None => Exit::Unknown,
        };
        exit.send_replace(Some(status));
    }

    async fn see_it_end(&mut self) {
        if self.ended_before(Order::Stop).await {
            return;
        }
        if is_left(&self.orders) {
            // an error here means that there is nothing to wait for
            let _ = self.ended.readable().await;
        } else if !self.ended_when_asked().await {
            self.kill().await;
        }
    }

    /// Its stdin is closed by now; SIGTERM is the second hint. A kill order skips what is left of both.
    async fn ended_when_asked(&mut self) -> bool {
        if self.ended_within(self.limits.stop_stdin_wait).await {
            return true;
        }
        if self.must_die() {
            return false;
        }
        on_tree(self.targets(), |tree| tree.signal(Signal::TERM)).await;
        self.ended_within(self.limits.stop_term_wait).await
    }

    async fn kill(&mut self) {
        for _ in 0..GUARD_ATTEMPTS {
            on_tree(self.targets(), super::tree::Tree::kill).await;
            if timeout(GUARD_WAIT, self.ended.readable()).await.is_ok() {
                return;
            }
        }
        on_tree(Tree::of(self.root), super::tree::Tree::kill).await;
        // an error here means that there is nothing left to wait for
        let _ = self.ended.readable().await;
    }

    fn targets(&self) -> Tree {
        if self.guarded { Tree::below(self.root) } else { Tree::of(self.root) }
    }

    /// Whether a kill was ordered, or nobody is left to order anything.
    fn must_die(&self) -> bool {
        *self.orders.borrow() == Order::Kill || self.orders.has_changed().is_err()
    }

    /// Whether it ended within this time; a kill order cuts the time short.
    async fn ended_within(&mut self, wait: Duration) -> bool {
        timeout(wait, self.ended_before(Order::Kill)).await.unwrap_or(false)
    }

    /// Whether it ended before anybody gave this order. Handles that are all gone order a kill.
    async fn ended_before(&mut self, order: Order) -> bool {
        tokio::select! {
            biased;
            _ = self.ended.readable() => true,
            _ = self.orders.wait_for(|current| *current >= order) => false,
        }
    }
}

fn is_left(orders: &watch::Receiver<Order>) -> bool {
    *orders.borrow() == Order::Leave
}

/// A handle that becomes readable when this process ends.
pub(crate) fn end_of(process: &process::Child) -> io::Result<AsyncFd<OwnedFd>> {
    end_at(pidfd_open(Pid::from_child(process), PidfdFlags::empty())?)
}

/// The same, of a handle of the process.
#[expect(deprecated, reason = "its successor is `unsafe`; our handle is an `OwnedFd` that nobody else holds")]
pub(crate) fn end_at(handle: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(handle)
}

async fn on_tree<Answer: Send + 'static>(tree: Tree, act: impl FnOnce(Tree) -> Answer + Send + 'static) {
    // it fails only when the runtime is shutting down, and then our end is the guard's signal
    let _ = spawn_blocking(move || act(tree)).await;
}
