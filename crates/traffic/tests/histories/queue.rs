//! Histories of a node with two servers, against what must hold after every single event. The model is a plain list of
//! calls that knows nothing of rounds and turns.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use traffic::{
    Class,
    queue::{Bound, End, Entry, Hold, Limits, LockKey, Next, Offer, Queue, Share, Ticket, WEIGHTS},
};

use crate::draw::{Draw, history};

const SERVERS: usize = 2;
const PRINCIPALS: usize = 3;
const NODE_MAX: u32 = 5;
const LIMITS: Limits = Limits { running_max: 3, waiting_max: 12, weights: WEIGHTS };
const SHARE_RUNNING_MAX: u32 = 3;
const SHARE_WAITING_MAX: u32 = 8;
const TOOL_MAX: u32 = 1;

/// What happens.
#[derive(Clone, Debug)]
enum Event {
    Offer {
        server: usize,
        principal: usize,
        class: usize,
        limited_tool: bool,
        object: Option<u8>,
        cost: u32,
        patience_ms: u64,
    },
    /// A call ends, whatever it does: the one of these, by its age.
    Finish(usize),
    Reprioritise(usize, usize),
    Rest(usize),
    Resume(usize),
    Pass {
        ms: u64,
    },
}

fn happens(draw: &mut Draw) -> Event {
    match draw.weighted(&[10, 8, 1, 1, 1, 2]) {
        0 => Event::Offer {
            server: draw.below(SERVERS),
            principal: draw.below(PRINCIPALS),
            class: draw.below(5),
            limited_tool: draw.below(5) == 4,
            object: (draw.below(10) > 6).then(|| draw.below(2) as u8),
            cost: draw.below(3) as u32 + 1,
            patience_ms: draw.below(1_950) as u64 + 50,
        },
        1 => Event::Finish(draw.below(8)),
        2 => Event::Reprioritise(draw.below(20), draw.below(5)),
        3 => Event::Rest(draw.below(8)),
        4 => Event::Resume(draw.below(8)),
        _ => Event::Pass { ms: draw.below(300) as u64 },
    }
}

/// A call as the model knows it.
#[derive(Clone, Debug)]
struct Known {
    server: usize,
    principal: usize,
    ticket: Ticket,
    entry: Entry,
    /// Its place among the calls of its class.
    order: u64,
    is_running: bool,
    resting: u32,
}

struct Node {
    queues: Vec<Queue>,
    room: Bound,
    shares: Vec<Arc<Share>>,
    now: Instant,
    calls: Vec<Known>,
    ended: Vec<u64>,
    next: u64,
    /// Starts of a principal since another one of its class at its server could have started.
    passed_by_principal: HashMap<(usize, Class, usize, usize), u32>,
    /// Starts of other classes since this one could have started.
    passed_by_class: HashMap<(usize, Class), u32>,
    /// All calls cost the same, so that fairness can be counted in calls.
    is_even: bool,
}

impl Node {
    fn new(is_even: bool) -> Self {
        let share = |number: usize| Share::new(format!("p{number}").into(), SHARE_RUNNING_MAX, SHARE_WAITING_MAX);
        Self {
            queues: (0..SERVERS).map(|_| Queue::new(LIMITS)).collect(),
            room: Bound::of(NODE_MAX),
            shares: (0..PRINCIPALS).map(share).collect(),
            now: Instant::now(),
            calls: Vec::new(),
            ended: Vec::new(),
            next: 0,
            passed_by_principal: HashMap::new(),
            passed_by_class: HashMap::new(),
            is_even,
        }
    }

    fn play(&mut self, event: &Event) {
        match *event {
            Event::Offer { server, principal, class, limited_tool, object, cost, patience_ms } => {
                let entry = Entry {
                    class: Class::ALL[class],
                    share: self.shares[principal].clone(),
                    tool: if limited_tool { "limited".into() } else { "free".into() },
                    tool_max: limited_tool.then_some(TOOL_MAX),
                    lock: object.map(|object| LockKey::of("object", &[object])),
                    cost: if self.is_even { 1 } else { cost },
                    deadline: self.now + Duration::from_millis(patience_ms),
                    until: None,
                };
                self.offer(server, principal, entry);
            }
            Event::Finish(which) => self.finish(which),
            Event::Reprioritise(which, class) => self.reprioritise(which, Class::ALL[class]),
            Event::Rest(which) => self.rest(which),
            Event::Resume(which) => self.resume(which),
            Event::Pass { ms } => self.now += Duration::from_millis(ms),
        }
        self.settle();
        self.check();
        self.forget_the_absent();
    }

    /// Who has nothing waiting that could start loses its turn, and is passed over by nobody.
    fn forget_the_absent(&mut self) {
        let Self { calls, shares, now, passed_by_principal, passed_by_class, .. } = self;
        let could = |server, class, principal| could_start(calls, shares, *now, server, class, principal);
        passed_by_principal.retain(|(server, class, principal, _), _| could(*server, *class, *principal));
        passed_by_class.retain(|(server, class), _| (0..PRINCIPALS).any(|principal| could(*server, *class, principal)));
    }

    fn offer(&mut self, server: usize, principal: usize, entry: Entry) {
        self.next += 1;
        let (id, waiting) = (self.next, self.queues[server].waiting());
        let offered = self.queues[server].offer(entry.clone(), id, &self.room, self.now);
        let wanted = entry.clone();
        let known = |ticket| Known { server, principal, ticket, entry, order: id, is_running: false, resting: 0 };
        match offered {
            Offer::Starts(ticket) => {
                self.calls.push(known(ticket));
                self.started(ticket.id);
            }
            Offer::Waits(ticket) => self.calls.push(known(ticket)),
            Offer::Late(late) => {
                self.comes_too_late(server, &wanted, late.wait);
                self.ended.push(id);
            }
            Offer::Refused(refusal) => {
                let is_full = waiting == LIMITS.waiting_max || self.shares[principal].waiting.is_full();
                assert!(is_full && !refusal.retry_after.is_zero(), "{refusal:?}");
                self.ended.push(id);
            }
        }
    }

    /// So many of the same caller go first that even the shortest time that a call took would be too long.
    fn comes_too_late(&self, server: usize, entry: &Entry, wait: Duration) {
        let goes_first = |call: &&Known| {
            let other = &call.entry;
            let is_same =
                call.server == server && other.class == entry.class && Arc::ptr_eq(&other.share, &entry.share);
            let is_free = other.lock.is_none() && other.tool_max.is_none();
            !call.is_running && is_same && is_free && other.deadline >= entry.deadline
        };
        let before = self.calls.iter().filter(goes_first).count() as u32;
        let answered = || self.queues[server].past().filter(|call| call.end == End::Completed && !call.was_asked);
        let longest = answered().map(|call| call.ran).max().unwrap_or_default();
        assert!(self.now + wait > entry.deadline && wait <= longest * before / LIMITS.running_max, "{wait:?}");
        assert!(answered().count() >= 15, "it is too early to know");
    }

    /// Asks all queues what starts next until there is nothing.
    fn settle(&mut self) {
        loop {
            let mut nothing = true;
            for server in 0..SERVERS {
                while let Some(next) = self.queues[server].next(&self.room, self.now) {
                    nothing = false;
                    match next {
                        Next::Starts(ticket) => self.started(ticket.id),
                        Next::TooShort(short) => panic!("{short:?} has no end"),
                        Next::Expired(ticket) => {
                            let call = self.take(ticket.id);
                            assert!(call.entry.deadline <= self.now && !call.is_running, "{call:?}");
                        }
                    }
                }
            }
            if nothing {
                return;
            }
        }
    }

    fn started(&mut self, id: u64) {
        let call = self.calls.iter().find(|call| call.ticket.id == id).expect("a call that is known").clone();
        assert!(!call.is_running && call.entry.deadline > self.now, "{call:?}");
        self.starts_within_bounds(&call);
        self.starts_in_its_order(&call);
        self.starts_in_its_turn(&call);
        if let Some(call) = self.calls.iter_mut().find(|call| call.ticket.id == id) {
            call.is_running = true;
        }
    }

    /// Only what goes on after a rest may go over a bound.
    fn starts_within_bounds(&self, call: &Known) {
        assert!(self.running(&|_| true) < NODE_MAX, "{call:?}");
        assert!(self.running(&|other| other.server == call.server) < LIMITS.running_max, "{call:?}");
        assert!(self.running(&|other| other.principal == call.principal) < SHARE_RUNNING_MAX, "{call:?}");
    }

    /// How many calls have a place.
    fn running(&self, is_of: &dyn Fn(&Known) -> bool) -> u32 {
        self.calls.iter().filter(|call| call.is_running && call.resting == 0 && is_of(call)).count() as u32
    }

    /// Nothing that came before it could have started in its place.
    fn starts_in_its_order(&self, call: &Known) {
        let is_before = |other: &&Known| {
            let is_alike = other.server == call.server
                && other.principal == call.principal
                && other.entry.class == call.entry.class
                && (other.entry.lock.is_none() || other.entry.lock == call.entry.lock)
                && (other.entry.tool_max.is_none() || call.entry.tool_max.is_some());
            is_alike && !other.is_running && other.order < call.order && other.entry.deadline > self.now
        };
        assert_eq!(self.calls.iter().find(is_before).map(|other| other.ticket.id), None, "before {call:?}");
    }

    /// No principal and no class that could have started something is passed over more often than it may be.
    fn starts_in_its_turn(&mut self, call: &Known) {
        let (server, class) = (call.server, call.entry.class);
        for principal in (0..PRINCIPALS).filter(|principal| *principal != call.principal) {
            let passed = self.passed_by_principal.entry((server, class, principal, call.principal)).or_default();
            *passed = if could_start(&self.calls, &self.shares, self.now, server, class, principal) {
                *passed + 1
            } else {
                0
            };
            assert!(*passed <= 1 || !self.is_even, "{principal} was passed over by {call:?}");
        }
        for other in Class::ALL.into_iter().filter(|other| *other != class) {
            let could = (0..PRINCIPALS)
                .any(|principal| could_start(&self.calls, &self.shares, self.now, server, other, principal));
            let passed = self.passed_by_class.entry((server, other)).or_default();
            *passed = if could { *passed + 1 } else { 0 };
            let weight = WEIGHTS[Class::ALL.iter().position(|known| *known == other).expect("a class")];
            assert!(*passed <= 2 * (WEIGHTS.iter().sum::<u32>() - weight), "{other} was passed over");
        }
        self.passed_by_class.insert((server, class), 0);
        for other in 0..PRINCIPALS {
            self.passed_by_principal.insert((server, class, call.principal, other), 0);
        }
    }

    fn finish(&mut self, which: usize) {
        let Some(Known { ticket, server, .. }) = self.calls.get(which).cloned() else { return };
        let call = self.take(ticket.id);
        assert_eq!(call.ticket, ticket);
        assert!(self.queues[server].finish(ticket, End::Completed, &self.room, self.now));
        assert!(!self.queues[server].finish(ticket, End::Completed, &self.room, self.now), "it has ended");
    }

    fn reprioritise(&mut self, which: usize, class: Class) {
        self.next += 1;
        let order = self.next;
        let Some(call) = self.calls.get_mut(which) else { return };
        assert_eq!(self.queues[call.server].reprioritise(call.ticket, class), !call.is_running);
        if !call.is_running && call.entry.class != class {
            (call.entry.class, call.order) = (class, order);
        }
    }

    fn rest(&mut self, which: usize) {
        let Some(call) = self.calls.get_mut(which).filter(|call| call.is_running) else { return };
        call.resting += 1;
        self.queues[call.server].rest(call.ticket, &self.room);
    }

    fn resume(&mut self, which: usize) {
        let Some(call) = self.calls.get_mut(which).filter(|call| call.resting > 0) else { return };
        call.resting -= 1;
        self.queues[call.server].resume(call.ticket, &self.room);
    }

    fn take(&mut self, id: u64) -> Known {
        let at = self.calls.iter().position(|call| call.ticket.id == id).expect("a call that has not ended");
        self.ended.push(id);
        self.calls.remove(at)
    }

    /// What must hold whenever nothing is happening.
    fn check(&self) {
        assert_eq!(self.room.taken(), self.running(&|_| true));
        for (principal, share) in self.shares.iter().enumerate() {
            assert_eq!(share.running.taken(), self.running(&|call| call.principal == principal));
            assert!(share.waiting.taken() <= SHARE_WAITING_MAX);
        }
        for (server, queue) in self.queues.iter().enumerate() {
            assert_eq!(queue.running(), self.running(&|call| call.server == server));
            assert!(queue.waiting() <= LIMITS.waiting_max);
            self.check_holds(server);
        }
        for call in self.calls.iter().filter(|call| !call.is_running && call.entry.deadline > self.now) {
            self.check_waits(call);
        }
    }

    fn check_holds(&self, server: usize) {
        let holders = || self.calls.iter().filter(|call| call.server == server && call.is_running);
        assert!(holders().filter(|call| call.entry.tool_max.is_some()).count() as u32 <= TOOL_MAX);
        for call in holders().filter(|call| call.entry.lock.is_some()) {
            let others = holders().filter(|other| other.entry.lock == call.entry.lock).count();
            assert_eq!(others, 1, "one object, several calls: {call:?}");
        }
    }

    /// A call waits only for what really is in its way.
    fn check_waits(&self, call: &Known) {
        let queue = &self.queues[call.server];
        let runs = |other: &&Known| other.is_running && other.server == call.server;
        let is_true = match queue.hold(call.ticket, &self.room).expect("it waits") {
            Hold::Turn => false,
            Hold::Node => self.room.taken() >= NODE_MAX,
            Hold::Server => queue.running() >= LIMITS.running_max,
            Hold::Principal => self.shares[call.principal].running.taken() >= SHARE_RUNNING_MAX,
            Hold::Tool => self.calls.iter().filter(runs).any(|other| other.entry.tool_max.is_some()),
            Hold::Object(holder) => {
                let holds = |other: &Known| other.ticket.id == holder && other.entry.lock == call.entry.lock;
                self.calls.iter().filter(runs).any(holds)
            }
        };
        assert!(is_true, "{call:?} waits for nothing");
        assert!(queue.place(call.ticket, self.now).is_some());
    }
}

/// Whether a principal has a call of the class waiting that nothing but its turn keeps from starting.
fn could_start(
    calls: &[Known],
    shares: &[Arc<Share>],
    now: Instant,
    server: usize,
    class: Class,
    principal: usize,
) -> bool {
    let is_free =
        |call: &Known| call.entry.lock.is_none() && call.entry.tool_max.is_none() && call.entry.deadline > now;
    let waits = |call: &Known| call.server == server && call.entry.class == class && call.principal == principal;
    !shares[principal].running.is_full() && calls.iter().any(|call| !call.is_running && waits(call) && is_free(call))
}

proptest! {
    #[test]
    fn every_history_keeps_the_bounds_the_order_and_the_turns(events in history(1..120, happens), is_even: bool) {
        let mut node = Node::new(is_even);
        for event in &events {
            node.play(event);
        }
        // whatever happened, everything ends in the end, and once
        while !node.calls.is_empty() {
            let running = node.calls.iter().position(|call| call.is_running).unwrap_or(0);
            node.play(&Event::Finish(running));
        }
        node.ended.sort_unstable();
        node.ended.dedup();
        let offers = events.iter().filter(|event| matches!(event, Event::Offer { .. })).count();
        prop_assert_eq!(node.ended.len(), offers);
        prop_assert_eq!(node.room.taken(), 0);
    }
}
