//! The queue before one server: which call starts now, which waits, and which starts when one ends. Classes have weighted
//! turns (`turns`), the principals of a class share by rounds (`rounds`), and nothing starts over a bound of the node, the
//! server, the tool, the principal or the object it works on (`bound`, `holds`). `records` are the calls, `past` those
//! that ended, `paces` how long they took, tool by tool; `fate` is what that means for a call whose turn it is, and `waits` for
//! those that wait. Time comes in; whoever waits is woken by the caller, who asks [`Queue::next`] until there is nothing.

mod bound;
mod fate;
mod forecast;
mod holds;
mod paces;
mod past;
mod recent;
mod records;
mod rounds;
mod turns;
mod waits;

use std::{
    cell::Cell,
    sync::Arc,
    time::{Duration, Instant},
};

pub use bound::{Bound, Share};
pub use holds::LockKey;
pub use past::{End, Finished, PAST_MAX};
pub use records::{Record, State, Ticket};
pub use rounds::COST_MAX;
pub use turns::{WEIGHTS, Weights};
pub use waits::Place;

use self::{fate::Fate, holds::Holds, paces::Paces, past::Past, records::Records, rounds::Rounds, turns::Turns};
use crate::{
    Class,
    adaptive::{Adaptive, Bounds, Change},
};

/// What a call costs that takes as long as calls of its queue mostly do, in units of a round: quicker ones cost less.
const COST_USUAL: u32 = 4;

/// While nobody waits, one call in so many says how long its tool takes.
const MEASURED_EVERY: u64 = 8;

/// How much one queue takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls that run at one time.
    pub running_max: u32,
    /// Calls that wait.
    pub waiting_max: u32,
    /// The turns of each class in a cycle.
    pub weights: Weights,
}

/// A call that wants to start.
#[derive(Clone, Debug)]
pub struct Entry {
    /// How urgent it is.
    pub class: Class,
    /// Who calls, with what it may hold.
    pub share: Arc<Share>,
    /// What is called, in the server's own word.
    pub tool: Arc<str>,
    /// How many calls of this tool may run at one time, if it has a limit of its own.
    pub tool_max: Option<u32>,
    /// The object that it works on alone.
    pub lock: Option<LockKey>,
    /// What it costs its principal, in units of a round; 1 to [`COST_MAX`].
    pub cost: u32,
    /// When it is too late to start.
    pub deadline: Instant,
    /// When it ends, whatever it does, where that is known: it is not begun with less time than calls like it take.
    pub until: Option<Instant>,
}

impl Entry {
    /// Whether nothing but a place can keep it from starting.
    fn is_free(&self) -> bool {
        self.lock.is_none() && self.tool_max.is_none()
    }
}

/// What becomes of a call that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It runs from now on.
    Starts(Ticket),
    /// It waits.
    Waits(Ticket),
    /// It is not taken, since it would start too late, or so late that it could not end in time.
    Late(Late),
    /// It is not taken.
    Refused(Refusal),
}

/// A call that would come too late if it waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// How long those that start before it take at least.
    pub wait: Duration,
    /// How long it takes itself at least; nothing where that is not known.
    pub takes: Duration,
}

/// Why a call is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Whose calls are too many.
    pub full: Full,
    /// When there may be room.
    pub retry_after: Duration,
}

/// Whose waiting calls are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// Those of the server.
    Server,
    /// Those of the principal.
    Principal,
}

/// A call that waits no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It runs from now on.
    Starts(Ticket),
    /// It came too late to start.
    Expired(Ticket),
    /// It could start, but has less time left than calls of its tool take.
    TooShort(TooShort),
}

impl Next {
    /// The call.
    pub fn ticket(&self) -> Ticket {
        match self {
            Self::Starts(ticket) | Self::Expired(ticket) | Self::TooShort(TooShort { ticket, .. }) => *ticket,
        }
    }
}

/// A call that was not begun, because it has too little time left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooShort {
    /// The call.
    pub ticket: Ticket,
    /// How long calls like it take.
    pub takes: Duration,
    /// When those that wait now will have started.
    pub retry_after: Duration,
}

/// What keeps a waiting call from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// As many calls run on the node as may.
    Node,
    /// As many calls run at the server as may.
    Server,
    /// As many calls of the principal run as may.
    Principal,
    /// As many calls of the tool run as may.
    Tool,
    /// The call with this number works on the same object.
    Object(u64),
    /// Others have their turn first.
    Turn,
}

/// The queue before one server.
#[derive(Debug)]
pub struct Queue {
    limits: Limits,
    records: Records,
    turns: Turns,
    rounds: [Rounds; 5],
    holds: Holds,
    running: u32,
    waiting: u32,
    past: Past,
    paces: Paces,
    /// What finds out how many calls may run, where that is not fixed.
    adaptive: Option<Adaptive>,
    /// What it found out last, until somebody takes note of it.
    change: Option<Change>,
    /// Whether a call waited for a place that other queues can give back, when it was last looked for one.
    starved: Cell<bool>,
}

impl Queue {
    /// An empty queue.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            records: Records::default(),
            turns: Turns::new(limits.weights),
            rounds: Default::default(),
            holds: Holds::default(),
            running: 0,
            waiting: 0,
            past: Past::default(),
            paces: Paces::default(),
            adaptive: None,
            change: None,
            starved: Cell::new(false),
        }
    }

    /// Changes how much it takes. What runs and what waits stays.
    pub fn set_limits(&mut self, limits: Limits) {
        if limits.weights != self.limits.weights {
            self.turns = Turns::new(limits.weights);
        }
        self.limits = limits;
    }

    /// Has the calls that run at one time follow how quickly they are answered, between these bounds; without any, as many
    /// may run as its limits say.
    pub fn adapt(&mut self, bounds: Option<Bounds>, now: Instant) {
        self.adaptive = match (bounds, self.adaptive.take()) {
            (None, _) => None,
            (Some(bounds), None) => Some(Adaptive::new(bounds, now)),
            (Some(bounds), Some(adaptive)) => Some(adaptive.within(bounds)),
        };
        if let Some(adaptive) = &self.adaptive {
            self.limits.running_max = adaptive.limit();
        }
    }

    /// The latest change of how many calls may run at one time, if nobody has taken note of it yet.
    pub fn take_change(&mut self) -> Option<Change> {
        self.change.take()
    }

    /// What a call of this tool costs its principal, in units of a round: as much more than others as it takes longer. Where
    /// nobody has to wait, it does not matter.
    pub fn cost_of(&self, tool: &str) -> u32 {
        if self.running < self.limits.running_max {
            return 1;
        }
        let (Some(own), Some(usual)) = (self.paces.average(tool), self.past.service()) else { return COST_USUAL };
        let cost = own.as_nanos() * u128::from(COST_USUAL) / usual.as_nanos().max(1);
        u32::try_from(cost).unwrap_or(COST_MAX).clamp(1, COST_MAX)
    }

    /// A call with the number `id` wants to start; `room` are the places of the node.
    pub fn offer(&mut self, entry: Entry, id: u64, room: &Bound, now: Instant) -> Offer {
        let entry = Entry { cost: entry.cost.clamp(1, COST_MAX), ..entry };
        let is_free = self.running < self.limits.running_max && self.holds.allow(&entry);
        if is_free && claim(room, &entry.share) {
            self.running += 1;
            self.holds.take(&entry, id);
            let state = State::Running { since: now, resting: 0 };
            return Offer::Starts(self.records.insert(Record { entry, id, offered: now, state, was_asked: false }));
        }
        if self.waiting >= self.limits.waiting_max {
            return Offer::Refused(self.refusal(Full::Server, self.waiting));
        }
        if let Some(late) = self.late(&entry, now) {
            return Offer::Late(late);
        }
        if !entry.share.waiting.take() {
            return Offer::Refused(self.refusal(Full::Principal, entry.share.waiting.taken()));
        }
        self.waiting += 1;
        let (class, share) = (entry.class, entry.share.clone());
        let ticket = self.records.insert(Record { entry, id, offered: now, state: State::Waiting, was_asked: false });
        self.rounds[turns::at(class)].push(ticket, &share);
        Offer::Waits(ticket)
    }

    /// The next call that need not wait any longer.
    pub fn next(&mut self, room: &Bound, now: Instant) -> Option<Next> {
        self.starved.set(false);
        if self.waiting == 0 || self.running >= self.limits.running_max {
            return None;
        }
        if room.is_full() {
            self.starved.set(true);
            return None;
        }
        let is_crowded = self.waiting > self.limits.running_max;
        let Self { records, rounds, holds, starved, paces, .. } = self;
        let goes_unrun = |record: &Record| Fate::of(record, paces, is_crowded, now).is_unrun();
        let cost = |ticket: Ticket| {
            let record = records.get(ticket)?;
            // what goes without having run costs nothing
            if goes_unrun(record) { Some(0) } else { holds.allow(&record.entry).then_some(record.entry.cost) }
        };
        let claim = |ticket: Ticket| {
            let Some(record) = records.get(ticket) else { return false };
            let is_claimed = goes_unrun(record) || claim(room, &record.entry.share);
            starved.set(starved.get() || !is_claimed);
            is_claimed
        };
        let mut classes = self.turns.order().into_iter();
        let (class, ticket) = classes.find_map(|class| Some((class, rounds[turns::at(class)].next(cost, claim)?)))?;
        Some(self.begin(class, ticket, is_crowded, now))
    }

    /// A call ends, whether it ran or waited; nothing happens if it has ended.
    pub fn finish(&mut self, ticket: Ticket, end: End, room: &Bound, now: Instant) -> bool {
        let Some(record) = self.records.remove(ticket) else { return false };
        let (waited, ran) = match record.state {
            State::Waiting => {
                self.waiting -= 1;
                record.entry.share.waiting.give();
                self.rounds[turns::at(record.entry.class)].remove(ticket);
                (now.saturating_duration_since(record.offered), Duration::ZERO)
            }
            State::Running { since, resting } => {
                self.holds.give(&record.entry);
                if resting == 0 {
                    self.running -= 1;
                    release(room, &record.entry.share);
                }
                self.learn(&record, end, since, now);
                (since.saturating_duration_since(record.offered), now.saturating_duration_since(since))
            }
        };
        self.remember(record, end, waited, ran);
        true
    }

    /// A running call waits for somebody's answer: its place is free for others. What it holds alone, it keeps.
    pub fn rest(&mut self, ticket: Ticket, room: &Bound) {
        let Some(record) = self.records.get_mut(ticket) else { return };
        let State::Running { resting, .. } = &mut record.state else { return };
        *resting += 1;
        record.was_asked = true;
        if *resting == 1 {
            self.running -= 1;
            release(room, &record.entry.share);
        }
    }

    /// The answer is there: the call goes on at once, over the bounds if it must, for its server goes on too.
    pub fn resume(&mut self, ticket: Ticket, room: &Bound) {
        let Some(record) = self.records.get_mut(ticket) else { return };
        let State::Running { resting, .. } = &mut record.state else { return };
        let Some(left) = resting.checked_sub(1) else { return };
        *resting = left;
        if left == 0 {
            self.running += 1;
            room.take_anyway();
            record.entry.share.running.take_anyway();
        }
    }

    /// Makes a waiting call more or less urgent: it waits behind the others of its new class. False if it does not wait.
    pub fn reprioritise(&mut self, ticket: Ticket, class: Class) -> bool {
        let Some(record) = self.records.get_mut(ticket) else { return false };
        if record.state != State::Waiting {
            return false;
        }
        let former = std::mem::replace(&mut record.entry.class, class);
        if former != class {
            self.rounds[turns::at(former)].remove(ticket);
            self.rounds[turns::at(class)].push(ticket, &record.entry.share);
        }
        true
    }

    /// What keeps a waiting call from starting.
    pub fn hold(&self, ticket: Ticket, room: &Bound) -> Option<Hold> {
        let Record { entry, .. } = self.records.get(ticket).filter(|record| record.state == State::Waiting)?;
        Some(if let Some(holder) = self.holds.holder(entry) {
            Hold::Object(holder)
        } else if self.holds.tool_is_full(entry) {
            Hold::Tool
        } else if self.running >= self.limits.running_max {
            Hold::Server
        } else if entry.share.running.is_full() {
            Hold::Principal
        } else if room.is_full() {
            Hold::Node
        } else {
            Hold::Turn
        })
    }

    /// Whether, when [`Queue::next`] last found nothing, a call waited for a place that other queues can give back.
    pub fn is_starved(&self) -> bool {
        self.starved.get()
    }

    /// How many calls run.
    pub fn running(&self) -> u32 {
        self.running
    }

    /// How many calls wait.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// How much it takes.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The call with this ticket, unless it has ended.
    pub fn get(&self, ticket: Ticket) -> Option<&Record> {
        self.records.get(ticket)
    }

    /// The calls that run and those that wait, in no order.
    pub fn calls(&self) -> impl Iterator<Item = (Ticket, &Record)> {
        self.records.iter()
    }

    /// The newest calls that have ended, oldest first.
    pub fn past(&self) -> impl Iterator<Item = &Finished> {
        self.past.iter()
    }

    /// A call that has been taken out of its rounds starts, or has come too late.
    fn begin(&mut self, class: Class, ticket: Ticket, is_crowded: bool, now: Instant) -> Next {
        let Some(record) = self.records.get_mut(ticket) else { return Next::Expired(ticket) };
        self.waiting -= 1;
        record.entry.share.waiting.give();
        let fate = Fate::of(record, &self.paces, is_crowded, now);
        let unrun = match fate {
            Fate::Expires => Next::Expired(ticket),
            Fate::TooShort(takes) => {
                let retry_after = self.retry_after(self.waiting);
                Next::TooShort(TooShort { ticket, takes, retry_after })
            }
            Fate::Starts | Fate::IsTried => {
                if fate == Fate::IsTried {
                    self.paces.tried(&record.entry.tool, now);
                }
                record.state = State::Running { since: now, resting: 0 };
                self.running += 1;
                self.holds.take(&record.entry, record.id);
                self.turns.took(class);
                return Next::Starts(ticket);
            }
        };
        if let Some(record) = self.records.remove(ticket) {
            let waited = now.saturating_duration_since(record.offered);
            self.remember(record, End::Timeout, waited, Duration::ZERO);
        }
        unrun
    }

    /// Notes how long a call ran. One whose server waited for a person says nothing of the server, nor does one that failed.
    fn learn(&mut self, record: &Record, end: End, since: Instant, now: Instant) {
        let is_measured = self.adaptive.is_some() || self.waiting > 0 || record.id.is_multiple_of(MEASURED_EVERY);
        if !is_measured || record.was_asked || !matches!(end, End::Completed | End::Timeout) {
            return;
        }
        let (tool, ran) = (&record.entry.tool, now.saturating_duration_since(since));
        let percent = match end {
            End::Completed => Some(self.paces.answered(tool, ran, now)),
            _ => self.paces.cut_off(tool, ran, now),
        };
        let (Some(percent), Some(adaptive)) = (percent, &mut self.adaptive) else { return };
        // the call itself has been taken off by now
        if let Some(change) = adaptive.ended(percent, self.running + 1, since, now) {
            self.limits.running_max = change.to;
            self.change = Some(change);
        }
    }

    fn remember(&mut self, record: Record, end: End, waited: Duration, ran: Duration) {
        let Record { entry, id, offered, was_asked, .. } = record;
        let (principal, tool, class) = (entry.share.principal.clone(), entry.tool, entry.class);
        self.past.push(Finished { id, principal, tool, class, offered, waited, ran, end, was_asked });
    }

    fn refusal(&self, full: Full, waiting: u32) -> Refusal {
        Refusal { full, retry_after: self.retry_after(waiting) }
    }
}

/// Takes a place of the node and one of the principal, or neither.
fn claim(room: &Bound, share: &Share) -> bool {
    if !room.take() {
        return false;
    }
    let is_claimed = share.running.take();
    if !is_claimed {
        room.give();
    }
    is_claimed
}

fn release(room: &Bound, share: &Share) {
    share.running.give();
    room.give();
}
