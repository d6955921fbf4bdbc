//! The node, its callers and its servers. It owns the time, and what happens when; the steps of a call are in files of their
//! own, in their order: `entrance` (rates, cache, keys, reads that are shared), `sending` (attempts, breaker, queue), `server`
//! (instances and their moods).

mod ask;
mod entrance;
mod sending;
mod server;

pub(crate) use ask::{Answer, Ask, Outcome, Tool};
pub(crate) use entrance::age_max;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use traffic::{
    Class, Meter,
    cache::{Ledger, Terms},
    once::{Bounds, Once},
    queue::{Bound, Share},
    retry,
    single_flight::Flights,
};

use self::{
    ask::{Fetch, Kept, Key, Question, Run, Spot},
    sending::Lane,
    server::{Fate, Server, Then},
};
use crate::{
    random::Random,
    witness::{Broken, Counts, Witness},
};

const SERVERS: usize = 2;
const PRINCIPALS: usize = 3;
/// How long servers misbehave, how long calls come after that, and how long before the end everything has to be well.
const TROUBLE: Duration = Duration::from_secs(30);
const CALLS: Duration = Duration::from_secs(75);
const WELL_AGAIN: Duration = Duration::from_secs(10);
/// The most that may happen in one run; a run that goes on for longer runs in circles.
const EVENTS_MAX: u64 = 20_000;
/// How long a call may be silent, unless its caller says less.
const PATIENCE: Duration = Duration::from_secs(2);

/// What happens at some time.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A call comes.
    Call,
    /// The caller of this fetch goes.
    GiveUp { fetch: usize },
    /// A read has waited too long for the answer to another one.
    FollowedTooLong { fetch: usize },
    /// A run has waited before its next attempt.
    Again { run: usize, serial: u32 },
    /// A run has waited too long for its turn.
    TooLate { run: usize, serial: u32 },
    /// The server of a run does what it was asked to do.
    Execute { run: usize, serial: u32, ask: Ask, fetch: usize, then: Then },
    /// What comes of the attempt of a run.
    End { run: usize, serial: u32, fate: Fate },
    /// An instance behaves otherwise.
    Mood { server: usize, instance: usize },
    /// The node tries a server out.
    TryOut { server: usize, turn: u64 },
    /// What comes of that.
    TriedOut { server: usize, instance: usize, pass: traffic::breaker::Pass, fate: Option<Fate>, began: Instant },
}

/// Something that happens, ordered by time and then by the order in which it was noted.
#[derive(Clone, Debug)]
struct Due(Instant, u64, Event);

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

/// A caller, with what it may hold and how often it may call.
struct Principal {
    share: Arc<Share>,
    /// Calls in a minute, and at once.
    rate: Option<(u32, u32)>,
    meter: Meter,
}

/// The node, its callers and its servers.
pub(crate) struct World {
    random: Random,
    start: Instant,
    now: Instant,
    noted: u64,
    calendar: BinaryHeap<Reverse<Due>>,
    witness: Witness,
    principals: Vec<Principal>,
    room: Bound,
    lanes: Vec<Lane>,
    servers: Vec<Server>,
    /// Which lane is served first when a place is free.
    turn: usize,
    ledgers: Vec<Ledger<Tool>>,
    answers: HashMap<Spot, Kept>,
    refreshing: Vec<Spot>,
    terms: Terms,
    flights: Flights<Question, usize>,
    /// How many acts have ended at each server.
    acts: Vec<u64>,
    keys: Once<Key, Outcome, usize>,
    retries: retry::Rules,
    fetches: Vec<Fetch>,
    runs: Vec<Run>,
}

impl World {
    /// The world that follows from a number.
    pub(crate) fn of(seed: u64) -> Self {
        let (mut random, start) = (Random::of(seed), Instant::now());
        let principal = |random: &mut Random, number: usize| Principal {
            share: Share::new(format!("p{number}").into(), random.small(1, 5), random.small(2, 9)),
            rate: random.percent(50).then(|| (random.small(20, 600), random.small(1, 8))),
            meter: Meter::default(),
        };
        let principals: Vec<Principal> = (0..PRINCIPALS).map(|number| principal(&mut random, number)).collect();
        let room = Bound::of(random.small(2, 7));
        let lanes: Vec<Lane> = (0..SERVERS).map(|_| Lane::of(&mut random, start)).collect();
        let servers: Vec<Server> = (0..SERVERS).map(|_| Server::of(&mut random)).collect();
        let seconds = |random: &mut Random, to| Duration::from_millis(random.within(0, to));
        let terms = Terms {
            fresh: Some(seconds(&mut random, 3_000)),
            while_fetching: seconds(&mut random, 2_000),
            on_failure: seconds(&mut random, 5_000),
            hint_max: Duration::ZERO,
        };
        let retries = retry::Rules {
            attempts: random.small(1, 5),
            wait: Duration::from_millis(50),
            wait_max: Duration::from_millis(400),
            budget_percent: 20,
        };
        let mut world = Self {
            witness: Witness::new(seed, room.max(), terms, retries),
            random,
            start,
            now: start,
            noted: 0,
            calendar: BinaryHeap::new(),
            principals,
            room,
            lanes,
            servers,
            turn: 0,
            ledgers: (0..SERVERS).map(|_| Ledger::default()).collect(),
            answers: HashMap::new(),
            refreshing: Vec::new(),
            terms,
            flights: Flights::default(),
            acts: vec![0; SERVERS],
            keys: Once::new(Bounds::default()),
            retries,
            fetches: Vec::new(),
            runs: Vec::new(),
        };
        world.note_beginnings();
        world
    }

    /// Plays until nothing happens any more.
    pub(crate) fn play(mut self) -> Result<Counts, Broken> {
        for _ in 0..EVENTS_MAX {
            let Some(Reverse(Due(at, _, event))) = self.calendar.pop() else {
                self.ends();
                return self.witness.verdict();
            };
            self.now = at;
            self.happens(event);
            self.settles();
            if self.witness.is_broken() {
                return self.witness.verdict();
            }
        }
        self.witness.breaks(self.since_start(), "the run does not end".to_owned());
        self.witness.verdict()
    }

    fn note_beginnings(&mut self) {
        self.after(Duration::ZERO, Event::Call);
        for server in 0..SERVERS {
            for instance in 0..self.servers[server].instances.len() {
                self.after(Duration::ZERO, Event::Mood { server, instance });
            }
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Call => self.somebody_calls(),
            Event::GiveUp { fetch } => self.give_up(fetch),
            Event::FollowedTooLong { fetch } if self.fetches[fetch].run.is_none() => {
                self.fetch_ends(fetch, Outcome::Unanswered);
            }
            Event::Again { run, serial } if self.runs[run].is_at(serial) => self.attempt(run),
            Event::TooLate { run, serial } if self.runs[run].is_at(serial) => self.too_late(run),
            Event::End { run, serial, fate } if self.runs[run].is_at(serial) => self.attempt_ends(run, fate),
            Event::FollowedTooLong { .. } | Event::Again { .. } | Event::TooLate { .. } | Event::End { .. } => {}
            Event::Execute { run, serial, ask, fetch, then } => self.execute((run, serial), ask, fetch, then),
            Event::Mood { server, instance } => self.change_mood(server, instance),
            Event::TryOut { server, turn } => self.try_out(server, turn),
            Event::TriedOut { server, instance, pass, fate, began } => {
                self.tried_out(server, instance, pass, fate, began);
            }
        }
    }

    /// A call comes, and the next one later.
    fn somebody_calls(&mut self) {
        let passed = self.since_start();
        if passed >= CALLS {
            return;
        }
        let is_late = passed >= CALLS.saturating_sub(WELL_AGAIN);
        let ask = if is_late { Ask::plain(&mut self.random) } else { Ask::any(&mut self.random) };
        let pause = if passed < TROUBLE { self.random.within(0, 700) } else { self.random.within(0, 2_500) };
        self.after(Duration::from_millis(pause), Event::Call);
        let fetch = self.fetches.len();
        self.fetches.push(Fetch::of_caller(ask, self.now));
        self.witness.called(fetch, ask, self.now, is_late);
        if !is_late && self.random.percent(8) {
            let patience = Duration::from_millis(self.random.within(0, 1_500));
            self.after(patience, Event::GiveUp { fetch });
        }
        self.enter(fetch);
    }

    /// What must hold whenever nothing is happening.
    fn settles(&mut self) {
        let now = self.since_start();
        for (server, lane) in self.lanes.iter().enumerate() {
            let waits = lane.queue.calls().filter(|(_, record)| record.state == traffic::queue::State::Waiting);
            for (_, record) in waits.filter(|(_, record)| record.entry.deadline > self.now) {
                let limits = lane.queue.limits();
                self.witness.waits_for_something(now, server, record, limits.running_max);
            }
        }
    }

    /// Nothing happens any more: nobody waits, and nothing is held.
    fn ends(&mut self) {
        let at = self.since_start();
        let held =
            self.room.taken() + self.lanes.iter().map(|lane| lane.queue.running() + lane.queue.waiting()).sum::<u32>();
        let under_way: u32 = self.servers.iter().map(Server::under_way).sum();
        if held > 0 || under_way > 0 || !self.flights.is_empty() {
            let flights = self.flights.len();
            self.witness
                .breaks(at, format!("left at the end: {held} places, {under_way} at instances, {flights} flights"));
        }
        self.witness.ends(at);
    }

    /// Notes what happens after some time.
    fn after(&mut self, time: Duration, event: Event) {
        self.noted += 1;
        self.calendar.push(Reverse(Due(self.now + time, self.noted, event)));
    }

    fn since_start(&self) -> Duration {
        self.now.saturating_duration_since(self.start)
    }

    fn is_trouble(&self) -> bool {
        self.since_start() < TROUBLE
    }
}

/// A class by chance.
fn class(random: &mut Random) -> Class {
    random.one_of(&Class::ALL)
}
