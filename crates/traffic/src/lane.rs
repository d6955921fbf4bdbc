//! A queue as many threads meet at it: behind one lock, with those who wait in it. Whoever changes it serves it while it is
//! still locked, so that no call that may start is forgotten between two steps. The lanes of a node share places: one in
//! which a call waits for such a place says so first and looks once more then, and whoever gives one back asks who said so.
//!
//! Lock order: one lane is locked at a time, and no other lock is taken meanwhile.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use crate::{
    adaptive::Change,
    queue::{Bound, End, Entry, Next, Offer, Queue, Record, State, Ticket},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// Somebody who waits for his turn.
pub trait Waiter {
    /// The wait is over. Whoever does not listen any more ends the call, which gives its place back.
    fn told(self, next: Next);
}

/// What lanes share.
#[derive(Debug)]
pub struct Node {
    /// The places of all calls that run.
    pub room: Bound,
    /// Lanes in which a call waits for a place that other lanes can give back.
    starving: AtomicUsize,
}

impl Node {
    /// A node on which so many calls may run at one time.
    pub const fn new(running_max: u32) -> Self {
        Self { room: Bound::of(running_max), starving: AtomicUsize::new(0) }
    }
}

/// The queue before one server, with those who wait in it.
#[derive(Debug)]
pub struct Lane<W> {
    crowd: Mutex<Crowd<W>>,
    /// Whether it is counted among those that starve.
    starves: AtomicBool,
    /// How many calls are to end that have not noticed yet.
    withdrawing: AtomicUsize,
}

/// What the lock of a lane guards.
#[derive(Debug)]
pub struct Crowd<W> {
    /// The calls that run and those that wait.
    pub queue: Queue,
    waiters: HashMap<u64, W>,
    /// The running calls that are to end.
    withdrawn: HashSet<u64>,
}

/// For whom a place is that has been given back.
#[must_use = "whoever waits for the place in another lane is not told yet"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Free {
    /// For this lane, which has been served.
    Here,
    /// For any lane: all are to be served, this one among them.
    Anywhere,
}

/// The end of a call.
#[derive(Debug)]
pub struct Ended {
    /// For whom its place is.
    pub free: Free,
    /// Another number of calls may run from now on.
    pub change: Option<Change>,
}

/// A call that somebody has ended.
#[derive(Debug)]
pub enum Withdrawn<W> {
    /// It waited, and is gone.
    Waited(W),
    /// It runs, and is to notice with [`Lane::is_withdrawn`].
    Runs,
}

impl<W: Waiter> Lane<W> {
    /// A lane with this queue.
    pub fn new(queue: Queue) -> Self {
        Self {
            crowd: Mutex::new(Crowd { queue, waiters: HashMap::new(), withdrawn: HashSet::new() }),
            starves: AtomicBool::new(false),
            withdrawing: AtomicUsize::new(0),
        }
    }

    /// What the lock guards.
    pub fn lock(&self) -> MutexGuard<'_, Crowd<W>> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call with the number `id` wants to start. If it waits, whoever `waiter` makes is told when that is over.
    pub fn offer(&self, node: &Node, mut entry: Entry, id: u64, now: Instant, waiter: impl FnOnce() -> W) -> Offer {
        let mut crowd = self.lock();
        entry.cost = crowd.queue.cost_of(&entry.tool);
        let offer = crowd.queue.offer(entry, id, &node.room, now);
        if let Offer::Waits(ticket) = offer {
            crowd.waiters.insert(ticket.id, waiter());
            self.serve_crowd(node, &mut crowd, now);
        }
        offer
    }

    /// A call ends, whether it ran or waited; nothing happens if it has ended.
    pub fn finish(&self, node: &Node, ticket: Ticket, end: End, now: Instant) -> Option<Ended> {
        let mut crowd = self.lock();
        if !crowd.queue.finish(ticket, end, &node.room, now) {
            return None;
        }
        if !crowd.waiters.is_empty() {
            crowd.waiters.remove(&ticket.id);
        }
        if !crowd.withdrawn.is_empty() && crowd.withdrawn.remove(&ticket.id) {
            self.withdrawing.fetch_sub(1, Ordering::SeqCst);
        }
        let change = crowd.queue.take_change();
        Some(Ended { free: self.pass_on(node, crowd, now), change })
    }

    /// A running call waits for somebody's answer: its place is free.
    pub fn rest(&self, node: &Node, ticket: Ticket, now: Instant) -> Free {
        let mut crowd = self.lock();
        crowd.queue.rest(ticket, &node.room);
        self.pass_on(node, crowd, now)
    }

    /// The answer is there.
    pub fn resume(&self, node: &Node, ticket: Ticket) {
        self.lock().queue.resume(ticket, &node.room);
    }

    /// Starts what may start.
    pub fn serve(&self, node: &Node, now: Instant) {
        self.serve_crowd(node, &mut self.lock(), now);
    }

    /// Ends the waiting calls that are meant. Those who waited are given back untold.
    pub fn turn_away(&self, node: &Node, now: Instant, is_meant: impl Fn(&Record) -> bool) -> Vec<W> {
        let mut crowd = self.lock();
        let waits = |record: &Record| record.state == State::Waiting && is_meant(record);
        let meant = crowd.queue.calls().filter(|(_, record)| waits(record)).map(|(ticket, _)| ticket);
        let tickets: Vec<Ticket> = meant.collect();
        for ticket in &tickets {
            crowd.queue.finish(*ticket, End::Failed, &node.room, now);
        }
        self.note_hunger(node, &crowd);
        tickets.iter().filter_map(|ticket| crowd.waiters.remove(&ticket.id)).collect()
    }

    /// Ends the call with this number, whether it waits or runs; nothing if there is none.
    pub fn withdraw(&self, node: &Node, id: u64, now: Instant) -> Option<Withdrawn<W>> {
        let mut crowd = self.lock();
        let (ticket, _) = crowd.queue.calls().find(|(ticket, _)| ticket.id == id)?;
        if let Some(waiter) = crowd.waiters.remove(&id) {
            crowd.queue.finish(ticket, End::Cancelled, &node.room, now);
            self.note_hunger(node, &crowd);
            return Some(Withdrawn::Waited(waiter));
        }
        if crowd.withdrawn.insert(id) {
            self.withdrawing.fetch_add(1, Ordering::SeqCst);
        }
        Some(Withdrawn::Runs)
    }

    /// Whether somebody has ended a running call.
    pub fn is_withdrawn(&self, ticket: Ticket) -> bool {
        self.withdrawing.load(Ordering::SeqCst) > 0 && self.lock().withdrawn.contains(&ticket.id)
    }

    /// A place is free: for a call of this lane, or of another one that waits for it.
    fn pass_on(&self, node: &Node, mut crowd: MutexGuard<'_, Crowd<W>>, now: Instant) -> Free {
        if node.starving.load(Ordering::SeqCst) > 0 {
            return Free::Anywhere;
        }
        self.serve_crowd(node, &mut crowd, now);
        Free::Here
    }

    fn serve_crowd(&self, node: &Node, crowd: &mut Crowd<W>, now: Instant) {
        loop {
            while let Some(next) = crowd.queue.next(&node.room, now) {
                if let Some(waiter) = crowd.waiters.remove(&next.ticket().id) {
                    waiter.told(next);
                }
            }
            // who has just said that it starves asks once more: the place may have been given back before anybody knew
            if !self.note_hunger(node, crowd) {
                return;
            }
        }
    }

    /// Notes whether a call waits for a place that other lanes can give back; true if that is new.
    fn note_hunger(&self, node: &Node, crowd: &Crowd<W>) -> bool {
        let starves = crowd.queue.waiting() > 0 && crowd.queue.is_starved();
        if self.starves.swap(starves, Ordering::SeqCst) == starves {
            return false;
        }
        if starves {
            node.starving.fetch_add(1, Ordering::SeqCst);
        } else {
            node.starving.fetch_sub(1, Ordering::SeqCst);
        }
        starves
    }
}
