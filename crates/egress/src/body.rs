//! The body of an answer. While it is read it holds its connection, which goes back to the others behind its end.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::kept::{Host, Sender};

/// The bytes of an answer as they arrive. Dropped before its end, it closes its connection.
pub struct Answer {
    incoming: Incoming,
    lease: Option<Lease>,
}

/// A connection that is to go back to its host.
struct Lease {
    host: Arc<Host>,
    sender: Option<Sender>,
}

impl Answer {
    /// A body whose connection is looked after elsewhere.
    pub(crate) fn shared(incoming: Incoming) -> Self {
        Self { incoming, lease: None }
    }

    /// A body on a connection of its own.
    pub(crate) fn leased(incoming: Incoming, host: Arc<Host>, sender: Sender) -> Self {
        let lease = Lease { host, sender: Some(sender) };
        let is_read = lease.sender.as_ref().is_some_and(Sender::is_ready) || incoming.is_end_stream();
        Self { incoming, lease: (!is_read).then_some(lease) }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(sender) = self.sender.take() {
            self.host.give_back(sender);
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.incoming).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) {
            self.lease = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Answer").finish_non_exhaustive()
    }
}
