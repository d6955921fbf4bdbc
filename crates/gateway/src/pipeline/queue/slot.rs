//! The place of one call, from its offer to its end. Whoever drops it without an end has given the call up.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use traffic::{
    Act,
    queue::{End, Ticket},
};

use super::Line;
use crate::{call::Answer, failure::Failure};

/// The place of one call.
#[derive(Debug)]
pub struct Slot {
    pub(super) line: Arc<Line>,
    kind: Kind,
    act: Act,
    end: End,
}

#[derive(Debug)]
enum Kind {
    Queued(Ticket),
    Aside { _permit: OwnedSemaphorePermit },
}

impl Slot {
    /// Of a call in the queue.
    pub(super) fn queued(line: &Arc<Line>, ticket: Ticket, act: Act) -> Self {
        Self::new(line, Kind::Queued(ticket), act)
    }

    /// Of a request beside it.
    pub(super) fn aside(line: &Arc<Line>, permit: OwnedSemaphorePermit, act: Act) -> Self {
        Self::new(line, Kind::Aside { _permit: permit }, act)
    }

    fn new(line: &Arc<Line>, kind: Kind, act: Act) -> Self {
        Self { line: line.clone(), kind, act, end: End::Cancelled }
    }

    /// The call has ended. What it did is not known if it may have acted and nobody waited for its answer.
    pub fn ended(mut self, end: Result<Answer, Failure>) -> Result<Answer, Failure> {
        match end {
            Err(Failure::Timeout) if !self.act.may_repeat() => Err(self.failed(Failure::Unanswered)),
            Err(failure) => Err(self.failed(failure)),
            Ok(answer) => {
                self.end = End::Completed;
                Ok(answer)
            }
        }
    }

    /// The call has failed.
    pub(super) fn failed(mut self, failure: Failure) -> Failure {
        self.end = match failure {
            Failure::Timeout | Failure::Unanswered | Failure::Expired | Failure::TooShort { .. } => End::Timeout,
            Failure::Withdrawn { .. } => End::Cancelled,
            _ => End::Failed,
        };
        failure
    }

    /// The server waits for somebody's answer: until what is returned is dropped, the place is free for other calls.
    pub fn rest(&self) -> Option<Resting> {
        let ticket = self.ticket()?;
        self.line.lane.rest(&self.line.queues, ticket);
        Some(Resting { line: self.line.clone(), ticket })
    }

    /// Resolves when an operator has ended the call.
    pub async fn withdrawn(&self) {
        match self.ticket() {
            Some(ticket) => self.line.lane.withdrawn(ticket).await,
            None => std::future::pending().await,
        }
    }

    /// What the queue knows the call by.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        match self.kind {
            Kind::Queued(ticket) => Some(ticket),
            Kind::Aside { .. } => None,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket() {
            self.line.lane.finish(&self.line.queues, ticket, self.end);
        }
    }
}

/// A call without its place, while its server waits for somebody's answer. Dropped, the call goes on.
#[derive(Debug)]
pub struct Resting {
    line: Arc<Line>,
    ticket: Ticket,
}

impl Drop for Resting {
    fn drop(&mut self) {
        self.line.lane.resume(&self.line.queues, self.ticket);
    }
}
