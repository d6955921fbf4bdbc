//! Connections between two processes of a node: one on which nothing is under way goes as it is to the process that has
//! followed, and its client notices nothing. When a connection may go is decided here; how it gets there is decided above.

use std::{
    os::fd::OwnedFd,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::body::Answer;
use crate::{leaving::Underway, principal::Remote};

/// A connection on its way to another process.
#[derive(Debug)]
pub struct Departure {
    /// The connection itself.
    pub descriptor: OwnedFd,
    /// Who is at its other end.
    pub remote: Remote,
    /// The node does not end before it is there.
    pub underway: Underway,
}

/// What is under way on one connection, and whether it is to go. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Passage(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Requests whose heads have come.
    begun: AtomicU64,
    /// Those of them whose answers are whole.
    answered: AtomicU64,
    /// Whether a part of a request has come whose rest has not.
    is_inside: AtomicBool,
    is_going: AtomicBool,
    descriptor: Mutex<Option<OwnedFd>>,
}

impl Passage {
    /// Notes how many requests have begun, and whether the last of them is not whole yet.
    pub(super) fn note(&self, begun: u64, is_inside: bool) {
        self.0.begun.store(begun, Ordering::Relaxed);
        self.0.is_inside.store(is_inside, Ordering::Release);
    }

    /// The body of the answer to a request, which is under way for as long as there is one.
    pub(super) fn answering(&self, body: Answer) -> Answering {
        Answering { body, passage: self.clone() }
    }

    /// Decides that the connection goes, unless something is under way on it.
    pub(super) fn go(&self) -> bool {
        let is_inside = self.0.is_inside.load(Ordering::Acquire);
        let is_quiet = self.0.begun.load(Ordering::Relaxed) == self.0.answered.load(Ordering::Acquire);
        self.0.is_going.store(is_quiet && !is_inside, Ordering::Release);
        self.is_going()
    }

    /// Whether it is to go.
    pub(super) fn is_going(&self) -> bool {
        self.0.is_going.load(Ordering::Acquire)
    }

    /// Leaves the connection to whoever takes it.
    pub(super) fn leave(&self, descriptor: OwnedFd) {
        *self.0.descriptor.lock().unwrap_or_else(PoisonError::into_inner) = Some(descriptor);
    }

    /// The connection, once it has been left.
    pub(super) fn left(&self) -> Option<OwnedFd> {
        self.0.descriptor.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The body of an answer; its end, or that of its client, is noted.
pub(super) struct Answering {
    body: Answer,
    passage: Passage,
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.passage.0.answered.fetch_add(1, Ordering::Release);
    }
}

impl Body for Answering {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_goes_only_while_nothing_is_under_way_on_it() {
        let passage = Passage::default();
        assert!(passage.go(), "nobody has asked anything");
        passage.note(0, true);
        assert!(!passage.go(), "a head is coming");
        passage.note(1, false);
        assert!(!passage.go(), "a request is not answered");
        let answer = passage.answering(Answer::full(Bytes::new()));
        assert!(!passage.go(), "an answer is not whole");
        drop(answer);
        assert!(passage.go());
        passage.note(3, false);
        drop(passage.answering(Answer::full(Bytes::new())));
        assert!(!passage.go(), "one of two that came together is not answered");
    }
}
