//! What operators see of the queues, and what they do to single calls: list them, end them, make them more or less urgent.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use traffic::{
    Class,
    queue::{End, Finished, Hold, PAST_MAX, Place, Record, State, Ticket},
};

use super::{
    Queues,
    lane::{Crowd, Lane},
};

/// One call, as far as operators may see it: never what it says.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number.
    pub id: u64,
    /// The server it is for.
    pub server: Arc<str>,
    /// Who makes it.
    pub principal: Arc<str>,
    /// What is called, in the server's own word; empty for methods that name nothing.
    pub tool: Arc<str>,
    /// How urgent it is.
    pub class: Class,
    /// What it is doing.
    pub stage: Stage,
    /// How long ago it came.
    pub age: Duration,
    /// How long it waited.
    pub waited: Duration,
    /// How long it ran.
    pub ran: Duration,
}

/// What a call is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits.
    Pending {
        /// Calls that start before it.
        ahead: u32,
        /// How long that will take, as far as anybody knows.
        wait: Option<Duration>,
        /// What keeps it from starting.
        hold: Option<Hold>,
    },
    /// It runs.
    Processing {
        /// Whether its server waits for somebody's answer.
        rests: bool,
    },
    /// It has ended.
    Ended(End),
}

/// Why a call was not made more or less urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotMoved {
    /// There is no such call, or it has ended.
    Unknown,
    /// It runs already.
    Runs,
}

impl Queues {
    /// All calls that wait or run, and the newest thousand that have ended; by number.
    pub fn rows(&self) -> Vec<Row> {
        let (mut live, mut past) = (Vec::new(), Vec::new());
        for lane in self.lanes.load().values() {
            let crowd = lane.lock();
            let now = Instant::now();
            let places = crowd.queue.places(now);
            live.extend(crowd.queue.calls().map(|(ticket, record)| {
                let place = places.get(&record.id).copied();
                alive(lane, record, self.stage(lane, &crowd, (ticket, record), place), now)
            }));
            past.extend(crowd.queue.past().map(|call| ended(lane, call, now)));
        }
        past.sort_unstable_by_key(|row: &Row| row.id);
        live.extend(past.split_off(past.len().saturating_sub(PAST_MAX)));
        live.sort_unstable_by_key(|row| row.id);
        live
    }

    /// Ends the call with this number, whether it waits or runs; false if there is none.
    pub fn cancel(&self, id: u64) -> bool {
        let lanes = self.lanes.load_full();
        lanes.values().any(|lane| lane.withdraw(self, id))
    }

    /// Makes the waiting call with this number more or less urgent.
    pub fn reprioritise(&self, id: u64, class: Class) -> Result<(), NotMoved> {
        let lanes = self.lanes.load_full();
        if lanes.values().any(|lane| lane.reprioritise(id, class)) {
            return Ok(());
        }
        let runs = lanes.values().any(|lane| lane.lock().queue.calls().any(|(ticket, _)| ticket.id == id));
        Err(if runs { NotMoved::Runs } else { NotMoved::Unknown })
    }

    fn stage(&self, lane: &Lane, crowd: &Crowd, (ticket, record): (Ticket, &Record), place: Option<Place>) -> Stage {
        match record.state {
            State::Waiting => Stage::Pending {
                ahead: place.map_or(0, |place| place.ahead),
                wait: place.and_then(|place| place.wait),
                hold: crowd.queue.hold(ticket, &lane.node(self).room),
            },
            State::Running { resting, .. } => Stage::Processing { rests: resting > 0 },
        }
    }
}

fn alive(lane: &Lane, record: &Record, stage: Stage, now: Instant) -> Row {
    let age = now.saturating_duration_since(record.offered);
    let (waited, ran) = match record.state {
        State::Waiting => (age, Duration::ZERO),
        State::Running { since, .. } => {
            (since.saturating_duration_since(record.offered), now.saturating_duration_since(since))
        }
    };
    let entry = &record.entry;
    let (server, principal) = (lane.server.clone(), entry.share.principal.clone());
    Row { id: record.id, server, principal, tool: entry.tool.clone(), class: entry.class, stage, age, waited, ran }
}

fn ended(lane: &Lane, call: &Finished, now: Instant) -> Row {
    Row {
        id: call.id,
        server: lane.server.clone(),
        principal: call.principal.clone(),
        tool: call.tool.clone(),
        class: call.class,
        stage: Stage::Ended(call.end),
        age: now.saturating_duration_since(call.offered),
        waited: call.waited,
        ran: call.ran,
    }
}

/// What a waiting call waits for, in words.
pub fn in_words(hold: Hold) -> String {
    match hold {
        Hold::Node => "a place of the node".to_owned(),
        Hold::Server => "a place at the server".to_owned(),
        Hold::Principal => "a place of its principal".to_owned(),
        Hold::Tool => "a place of its tool".to_owned(),
        Hold::Object(holder) => format!("the object that call {holder} works on"),
        Hold::Turn => "its turn".to_owned(),
    }
}
