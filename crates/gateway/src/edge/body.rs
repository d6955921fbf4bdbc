//! The body of an HTTP answer: one message that is already there, or messages over time as server-sent events.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use mcp::sse;
use tokio::{sync::mpsc, time::Interval};

use crate::{held::Held, leaving::Underway, streams::Heard};

/// How often a silent stream shows that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The last that is said on a stream whose client is to open it again: when.
pub(super) const COME_BACK: &[u8] = b"retry: 1000\n\n";

/// The body of an answer.
pub enum Answer {
    /// Bytes that are there.
    Full(Option<Bytes>),
    /// Events to come.
    Events(Events),
}

/// A stream of events.
pub struct Events {
    messages: mpsc::Receiver<Bytes>,
    opening: Option<Bytes>,
    /// Whether the messages are events already, with ids of their own.
    framed: bool,
    alive: Interval,
    /// Where its messages are counted.
    held: Option<Arc<Held>>,
    /// Resolves when the client is to come back to another process.
    leaves: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Answer {
    /// One message, or nothing.
    pub fn full(bytes: Bytes) -> Self {
        Self::Full((!bytes.is_empty()).then_some(bytes))
    }

    /// Messages as events; `opening` is sent as it is before the first.
    pub fn events(messages: mpsc::Receiver<Bytes>, opening: Option<Bytes>) -> Self {
        Self::stream(messages, opening, false)
    }

    /// A stream that can be resumed, its events as they are.
    pub fn resumable(Heard { opening, events, .. }: Heard) -> Self {
        Self::stream(events, opening, true)
    }

    /// A stream without an end of its own: when the node leaves, its client is told to open it again.
    pub fn standing(heard: Heard, underway: Underway) -> Self {
        Self::resumable(heard).until_left(underway)
    }

    /// The same, but when the node leaves, its client is told to open it again.
    pub fn until_left(mut self, mut underway: Underway) -> Self {
        if let Self::Events(events) = &mut self {
            events.leaves = Some(Box::pin(async move { underway.leaves().await }));
        }
        self
    }

    /// The same, counted among what is held for a principal until it has been taken.
    pub fn held_by(mut self, held: &Arc<Held>) -> Self {
        match &mut self {
            Self::Full(bytes) => *bytes = bytes.take().map(|bytes| held.count(bytes)),
            Self::Events(events) => events.held = Some(held.clone()),
        }
        self
    }

    fn stream(messages: mpsc::Receiver<Bytes>, opening: Option<Bytes>, framed: bool) -> Self {
        let mut alive = tokio::time::interval_at(tokio::time::Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
        alive.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Self::Events(Events { messages, opening, framed, alive, held: None, leaves: None })
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Events(events) => events.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Full(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Events(_) => SizeHint::default(),
        }
    }
}

impl Events {
    fn count(&self, event: Bytes) -> Bytes {
        match &self.held {
            Some(held) => held.count(event),
            None => event,
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(opening) = self.opening.take() {
            return Poll::Ready(Some(Ok(Frame::data(opening))));
        }
        if self.leaves.as_mut().is_some_and(|leaves| leaves.as_mut().poll(context).is_ready()) {
            self.leaves = None;
            self.messages.close();
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(COME_BACK)))));
        }
        match self.messages.poll_recv(context) {
            Poll::Ready(Some(event)) if self.framed => Poll::Ready(Some(Ok(Frame::data(self.count(event))))),
            Poll::Ready(Some(message)) => {
                let mut out = Vec::with_capacity(message.len() + 32);
                sse::encode_event(&mut out, Some("message"), None, &message);
                Poll::Ready(Some(Ok(Frame::data(self.count(out.into())))))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                self.alive.poll_tick(context).map(|_| Some(Ok(Frame::data(Bytes::from_static(sse::KEEP_ALIVE)))))
            }
        }
    }
}
