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
}

/// Owns the process until it is reaped; until then its id cannot be given to another process.
pub(crate) struct Warden {
    process: process::Child,
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
        Self { process, ended, root, guarded, orders, limits }
    }

    /// Lives as long as the child, then publishes how it ended.
    pub(crate) async fn run(mut self, exit: watch::Sender<Option<Exit>>) {
        self.see_it_end().await;
        // what is left shares only a session or a group with the dead root
        on_tree(Tree::of(self.root), |tree| tree.kill()).await;
        let status = self.process.wait().map_or(Exit::Unknown, Exit::from);
        exit.send_replace(Some(status));
    }

    async fn see_it_end(&mut self) {
        if self.ended_before(Order::Stop).await
            || self.ended_within(self.limits.stop_stdin_wait).await
        {
            return;
        }
        on_tree(self.targets(), |tree| tree.signal(Signal::TERM)).await;
        if self.ended_within(self.limits.stop_term_wait).await {
            return;
        }
        for _ in 0..GUARD_ATTEMPTS {
            on_tree(self.targets(), |tree| tree.kill()).await;
            if timeout(GUARD_WAIT, self.ended.readable()).await.is_ok() {
                return;
            }
        }
        on_tree(Tree::of(self.root), |tree| tree.kill()).await;
        // an error here means that there is nothing left to wait for
        let _ = self.ended.readable().await;
    }

    fn targets(&self) -> Tree {
        if self.guarded { Tree::below(self.root) } else { Tree::of(self.root) }
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

/// A handle that becomes readable when this process ends.
#[expect(deprecated, reason = "its successor is `unsafe`; our handle is an `OwnedFd` that nobody else holds")]
pub(crate) fn end_of(process: &process::Child) -> io::Result<AsyncFd<OwnedFd>> {
    let handle = pidfd_open(Pid::from_child(process), PidfdFlags::empty())?;
    AsyncFd::new(handle)
}

async fn on_tree<Answer: Send + 'static>(tree: Tree, act: impl FnOnce(Tree) -> Answer + Send + 'static) {
    // it fails only when the runtime is shutting down, and then our end is the guard's signal
    let _ = spawn_blocking(move || act(tree)).await;
}
