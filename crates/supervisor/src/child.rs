//! The handle to one running child: the only way to feed, ask and end it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use crate::{Error, Exit, Limits, outbox, stderr::Tail, warden::Order};

/// A running child. Clones are cheap and speak of the same process; when the last is dropped, the child is killed.
#[derive(Debug, Clone)]
pub struct Child(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pid: u32,
    limits: Limits,
    /// Taken when the child is to end: its stdin closes when the queue is written.
    outbox: Mutex<Option<mpsc::Sender<Bytes>>>,
    stderr: Tail,
    orders: watch::Sender<Order>,
    exit: watch::Receiver<Option<Exit>>,
}

impl Child {
    pub(crate) fn new(
        pid: u32,
        limits: Limits,
        outbox: mpsc::Sender<Bytes>,
        stderr: Tail,
        orders: watch::Sender<Order>,
        exit: watch::Receiver<Option<Exit>>,
    ) -> Self {
        Self(Arc::new(Inner { pid, limits, outbox: Mutex::new(Some(outbox)), stderr, orders, exit }))
    }

    /// The root of its process tree: its guard's id where there is one, otherwise its own.
    pub fn pid(&self) -> u32 {
        self.0.pid
    }

    /// Queues one message, without its line end, in the order of the calls.
    ///
    /// A line break inside the message becomes a space, which JSON allows. A child that does not read makes its
    /// own senders wait, at most [`Limits::write_timeout`], and nobody else.
    pub async fn send(&self, message: Bytes) -> Result<(), Error> {
        let outbox = self.outbox().ok_or(Error::Closed)?;
        let waited = self.0.limits.write_timeout;
        match outbox.send_timeout(outbox::flatten(message), waited).await {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(Error::Stalled { waited }),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(Error::Closed),
        }
    }

    /// The end of what it wrote to stderr.
    pub fn stderr_tail(&self) -> String {
        self.0.stderr.text()
    }

    /// Ends the child politely: its input closes, then SIGTERM, then SIGKILL, with the waits of its [`Limits`].
    /// Any number of callers may stop the same child.
    pub async fn stop(&self) -> Exit {
        self.order(Order::Stop);
        self.exited().await
    }

    /// Kills the whole tree at once. [`Child::exited`] tells when it is gone.
    pub fn kill_now(&self) {
        self.order(Order::Kill);
    }

    /// Waits until the child and all it started are gone. Any number of callers may wait.
    pub async fn exited(&self) -> Exit {
        let mut exit = self.0.exit.clone();
        // the warden never leaves without an answer, unless the whole runtime ends
        exit.wait_for(Option::is_some).await.ok().and_then(|exit| *exit).unwrap_or(Exit::Unknown)
    }

    fn order(&self, order: Order) {
        drop(self.0.outbox.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.0.orders.send_if_modified(|current| {
            let raised = *current < order;
            *current = order.max(*current);
            raised
        });
    }

    fn outbox(&self) -> Option<mpsc::Sender<Bytes>> {
        self.0.outbox.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
