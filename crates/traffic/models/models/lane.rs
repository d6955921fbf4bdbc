//! The lanes of a node: calls that share places, wait, give up, rest and are ended by others. Everybody who waits is told,
//! nothing runs over a bound, and in the end all places are back.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use models::{
    Class,
    lane::{Free, Lane, Node, Waiter, Withdrawn},
    queue::{End, Entry, Limits, Next, Offer, Queue, Share, Ticket, WEIGHTS},
};
use shuttle::{
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use crate::{play, together};

/// When everything happens that is not late.
static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How long calls wait at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where one listens who waits.
struct Ear(Sender<Next>);

impl Waiter for Ear {
    fn told(self, next: Next) {
        // whoever does not listen any more ends the call
        let _ = self.0.send(next);
    }
}

/// What a call does.
#[derive(Clone, Copy)]
enum Manner {
    Runs,
    /// It rests in the middle, for as long as others like.
    Rests,
    /// It is given up if it has to wait.
    GivesUp,
    /// It comes when all others are too late.
    ComesLate,
}

/// A node with two servers, and how many calls really run on it.
struct House {
    node: Node,
    lanes: [Lane<Ear>; 2],
    share: Arc<Share>,
    running_max: u32,
    running: AtomicU32,
}

impl House {
    /// With so many places of the node, of each server, and of the principal.
    fn new(node_max: u32, server_max: u32, share_max: u32) -> Arc<Self> {
        let lane = || Lane::new(Queue::new(Limits { running_max: server_max, waiting_max: 10, weights: WEIGHTS }));
        Arc::new(Self {
            node: Node::new(node_max),
            lanes: [lane(), lane()],
            share: Share::new("ada".into(), share_max, 10),
            running_max: node_max.min(2 * server_max).min(share_max),
            running: AtomicU32::new(0),
        })
    }

    /// A call from its beginning to its end.
    fn call(&self, id: u64, lane: usize, manner: Manner) {
        let now = *NOW + if matches!(manner, Manner::ComesLate) { PATIENCE } else { Duration::ZERO };
        let (ear, told) = channel();
        let offer = self.lanes[lane].offer(&self.node, self.entry(now), id, now, || Ear(ear));
        let ticket = match offer {
            Offer::Starts(ticket) => Some(ticket),
            Offer::Waits(ticket) => self.turn(lane, ticket, &told, manner),
            Offer::Late(_) | Offer::Refused(_) => panic!("{offer:?}: there is room to wait"),
        };
        if let Some(ticket) = ticket {
            self.runs(lane, ticket, manner);
            self.finish(lane, ticket, End::Completed, now);
        }
    }

    fn entry(&self, now: Instant) -> Entry {
        Entry {
            class: Class::Medium,
            share: self.share.clone(),
            tool: "t".into(),
            tool_max: None,
            lock: None,
            cost: 1,
            deadline: now + PATIENCE,
            until: None,
        }
    }

    /// Waits for the turn of a call; nothing if it does not come.
    fn turn(&self, lane: usize, ticket: Ticket, told: &Receiver<Next>, manner: Manner) -> Option<Ticket> {
        if matches!(manner, Manner::GivesUp) {
            self.finish(lane, ticket, End::Cancelled, *NOW);
            return None;
        }
        match told.recv() {
            Ok(Next::Starts(_)) => Some(ticket),
            // it came too late, or somebody else has ended it
            _ => {
                self.finish(lane, ticket, End::Failed, *NOW);
                None
            }
        }
    }

    fn runs(&self, lane: usize, ticket: Ticket, manner: Manner) {
        let beside = self.running.fetch_add(1, Ordering::SeqCst);
        assert!(beside < self.running_max, "one more runs than may");
        thread::yield_now();
        self.running.fetch_sub(1, Ordering::SeqCst);
        if matches!(manner, Manner::Rests) {
            let free = self.lanes[lane].rest(&self.node, ticket, *NOW);
            self.pass_on(free);
            thread::yield_now();
            self.lanes[lane].resume(&self.node, ticket);
        }
    }

    fn finish(&self, lane: usize, ticket: Ticket, end: End, now: Instant) {
        if let Some(ended) = self.lanes[lane].finish(&self.node, ticket, end, now) {
            self.pass_on(ended.free);
        }
    }

    fn pass_on(&self, free: Free) {
        if free == Free::Anywhere {
            for lane in &self.lanes {
                lane.serve(&self.node, *NOW);
            }
        }
    }

    /// Nothing is left when everybody has gone.
    fn is_empty(&self) {
        assert_eq!(self.node.room.taken(), 0, "places of the node");
        assert_eq!((self.share.running.taken(), self.share.waiting.taken()), (0, 0), "places of the principal");
        for lane in &self.lanes {
            let queue = &lane.lock().queue;
            assert_eq!((queue.running(), queue.waiting()), (0, 0), "calls of a lane");
        }
    }
}

/// Plays calls beside each other, each at a lane, with those who `interfere`.
fn calls(house: &Arc<House>, calls: &[(usize, Manner)], interfere: Option<fn(&House)>) {
    let call = |(number, (lane, manner)): (usize, &(usize, Manner))| {
        let (house, lane, manner) = (house.clone(), *lane, *manner);
        Box::new(move || house.call(number as u64, lane, manner)) as Box<dyn FnOnce() + Send>
    };
    let interference = interfere.map(|interfere| {
        let house = house.clone();
        Box::new(move || interfere(&house)) as Box<dyn FnOnce() + Send>
    });
    together(calls.iter().enumerate().map(call).chain(interference));
    house.is_empty();
}

#[test]
fn who_waits_for_a_place_of_the_node_is_told_whichever_lane_gives_it_back() {
    play(|| calls(&House::new(1, 2, 9), &[(0, Manner::Runs), (1, Manner::Runs), (0, Manner::Runs)], None));
}

#[test]
fn who_waits_for_a_place_of_its_server_is_told() {
    play(|| calls(&House::new(9, 1, 9), &[(0, Manner::Runs), (0, Manner::Runs), (1, Manner::Runs)], None));
}

#[test]
fn who_waits_for_a_place_of_its_principal_is_told_whichever_lane_gives_it_back() {
    play(|| calls(&House::new(9, 2, 1), &[(0, Manner::Runs), (1, Manner::Runs), (1, Manner::Runs)], None));
}

#[test]
fn the_place_of_one_who_gives_up_while_being_told_goes_to_the_next() {
    play(|| calls(&House::new(1, 2, 9), &[(0, Manner::Runs), (1, Manner::GivesUp), (1, Manner::Runs)], None));
}

#[test]
fn the_place_of_one_who_comes_too_late_goes_to_the_next() {
    play(|| calls(&House::new(1, 2, 9), &[(0, Manner::Runs), (1, Manner::Runs), (0, Manner::ComesLate)], None));
}

#[test]
fn the_place_of_one_that_rests_is_used_and_given_back_once() {
    play(|| calls(&House::new(1, 2, 9), &[(0, Manner::Rests), (1, Manner::Rests), (1, Manner::Runs)], None));
}

#[test]
fn what_others_end_is_over_once_and_frees_what_it_held() {
    play(|| {
        let three = [(0, Manner::Runs), (1, Manner::Runs), (1, Manner::Runs)];
        calls(
            &House::new(1, 2, 9),
            &three,
            Some(|house| {
                if let Some(Withdrawn::Waited(ear)) = house.lanes[1].withdraw(&house.node, 1, *NOW) {
                    drop(ear);
                }
                drop(house.lanes[1].turn_away(&house.node, *NOW, |_| true));
            }),
        );
    });
}
