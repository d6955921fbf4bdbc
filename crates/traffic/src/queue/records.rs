//! The calls of one queue, waiting and running, each under a ticket. Places in the table are used again, so a server under
//! steady load allocates nothing for a call.

use std::time::Instant;

use super::Entry;

/// What a queue gives out for a call; good until the call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    pub(super) slot: u32,
    /// The number of the call.
    pub id: u64,
}

/// One call of the queue.
#[derive(Debug)]
pub struct Record {
    /// What it wants.
    pub entry: Entry,
    /// Its number.
    pub id: u64,
    /// When it came.
    pub offered: Instant,
    /// Whether it runs.
    pub state: State,
    /// Whether its server has waited for somebody's answer.
    pub was_asked: bool,
}

impl Record {
    /// Whether it waits too, and goes before another, as far as classes and age decide.
    pub(super) fn is_ahead_of(&self, other: &Self) -> bool {
        let is_older = self.entry.class == other.entry.class && self.id < other.id;
        self.state == State::Waiting && (self.entry.class > other.entry.class || is_older)
    }
}

/// What a call of the queue is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for its turn.
    Waiting,
    /// It runs.
    Running {
        /// Since when.
        since: Instant,
        /// Questions of its server that nobody has answered yet. While there are any, it has no place.
        resting: u32,
    },
}

/// All calls of a queue.
#[derive(Debug, Default)]
pub(super) struct Records {
    slots: Vec<Option<Record>>,
    free: Vec<u32>,
}

impl Records {
    /// Notes a call.
    pub(super) fn insert(&mut self, record: Record) -> Ticket {
        let id = record.id;
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(record);
            return Ticket { slot, id };
        }
        self.slots.push(Some(record));
        Ticket { slot: self.slots.len() as u32 - 1, id }
    }

    /// The call with this ticket, unless it has ended.
    pub(super) fn get(&self, ticket: Ticket) -> Option<&Record> {
        self.slots.get(ticket.slot as usize)?.as_ref().filter(|record| record.id == ticket.id)
    }

    /// The same, to change it.
    pub(super) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Record> {
        self.slots.get_mut(ticket.slot as usize)?.as_mut().filter(|record| record.id == ticket.id)
    }

    /// Forgets a call.
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<Record> {
        self.get(ticket)?;
        self.free.push(ticket.slot);
        self.slots[ticket.slot as usize].take()
    }

    /// All calls, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Ticket, &Record)> {
        let ticket = |(slot, record): (usize, &Record)| Ticket { slot: slot as u32, id: record.id };
        let taken = self.slots.iter().enumerate().filter_map(|(slot, record)| Some((slot, record.as_ref()?)));
        taken.map(move |(slot, record)| (ticket((slot, record)), record))
    }
}
