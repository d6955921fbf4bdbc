//! The handle to one running child: the only way to feed, ask and end it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use crate::{Error, Exit, Limits, heirloom::Ties, outbox, stderr::Tail, warden::Order};

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
    /// Taken when the child goes to another process; nothing for one without a guard, which cannot.
    ties: Mutex<Option<Ties>>,
}

impl Child {
    pub(crate) fn new(
        pid: u32,
        limits: Limits,
        outbox: mpsc::Sender<Bytes>,
        stderr: Tail,
        (orders, exit): (watch::Sender<Order>, watch::Receiver<Option<Exit>>),
        ties: Option<Ties>,
    ) -> Self {
        let (outbox, ties) = (Mutex::new(Some(outbox)), Mutex::new(ties));
        Self(Arc::new(Inner { pid, limits, outbox, stderr, orders, exit, ties }))
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

    /// Whether it can go over to another process: it is to run, and its guard knows how to tell whose it is.
    pub fn can_be_left(&self) -> bool {
        let ties = self.0.ties.lock().unwrap_or_else(PoisonError::into_inner);
        *self.0.orders.borrow() == Order::Run && ties.as_ref().is_some_and(|ties| ties.lease.is_held())
    }

    /// Closes the way in and gives away what ties the child to this process, which only sees it end from now on.
    pub(crate) fn untie(&self) -> Option<Ties> {
        let can_be_left = self.can_be_left();
        let ties = self.0.ties.lock().unwrap_or_else(PoisonError::into_inner).take().filter(|_| can_be_left);
        ties.inspect(|_| self.order(Order::Leave))
    }

    fn order(&self, order: Order) {
        drop(self.0.outbox.lock().unwrap_or_else(PoisonError::into_inner).take());
        // its stdin closes when the queue is written, for nobody will ask for it
        if let Some(ties) = &mut *self.0.ties.lock().unwrap_or_else(PoisonError::into_inner) {
            ties.tasks = None;
        }
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
