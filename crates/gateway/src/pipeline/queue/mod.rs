//! The step in which a call waits for its turn at its server. Which call that is decides `traffic::queue`, and who is told
//! so `traffic::lane`; here are the queues of the node and what they mean to a call.
//!
//! In reading order: `lane` (the queue before one server), `slot` (the place of one call, from its offer to its end),
//! `deadline` (how long it may take), `waiting` (what a caller hears while it waits), `overview` (what
//! operators see), `watchdog` (what should have moved and has not).
//!
//! Lock order: one lane is locked at a time, nothing is awaited meanwhile, and no other lock is taken in it.

mod deadline;
mod lane;
pub mod overview;
mod slot;
mod waiting;
mod watchdog;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use mcp::{Method, Param, array};
use traffic::{
    lane::Node,
    queue::{Entry, LockKey, Share},
};

pub use self::slot::{Resting, Slot};
use self::{
    deadline::Deadline,
    lane::{Entered, Lane},
    watchdog::Watchdog,
};
use crate::{
    call::{Call, Exchange},
    catalogue::Member,
    failure::Failure,
    pipeline::{breaker::Permit, faults},
    upstream::{Upstream, processes::Crew},
};

/// All queues of a node.
#[derive(Debug)]
pub struct Queues {
    /// The places of the node.
    node: Node,
    lanes: ArcSwap<HashMap<Arc<str>, Arc<Lane>>>,
    shares: ArcSwap<HashMap<Arc<str>, Arc<Share>>>,
    owner: Arc<Share>,
    settings: ArcSwap<config::Queue>,
    /// The number of the newest call.
    newest: AtomicU64,
    /// The lane that is asked first when such a place is free.
    turn: AtomicUsize,
    watchdog: Watchdog,
}

impl Default for Queues {
    fn default() -> Self {
        let settings = config::Queue::default();
        Self {
            node: Node::new(settings.concurrency_per_node),
            lanes: ArcSwap::default(),
            shares: ArcSwap::default(),
            owner: Share::new(config::LOCAL.into(), u32::MAX, u32::MAX),
            settings: ArcSwap::from_pointee(settings),
            newest: AtomicU64::new(0),
            turn: AtomicUsize::new(0),
            watchdog: Watchdog::default(),
        }
    }
}

impl Queues {
    /// Takes over a configuration. What runs and what waits stays, but for calls to servers that have gone.
    pub fn configure(&self, settings: &config::Queue, members: &[Member]) {
        self.node.room.set_max(settings.concurrency_per_node);
        self.settings.store(Arc::new(settings.clone()));
        for share in self.shares.load().values() {
            share.running.set_max(settings.concurrency_per_principal);
            share.waiting.set_max(settings.max_per_principal);
        }
        let lane = |member: &Member| {
            let lane = member.upstream.line.lane.clone();
            lane.configure(&member.settings, settings, member.upstream.processes.crew());
            (lane.server.clone(), lane)
        };
        let lanes: Arc<HashMap<Arc<str>, Arc<Lane>>> = Arc::new(members.iter().map(lane).collect());
        let known = self.lanes.swap(lanes.clone());
        for gone in known.values().filter(|lane| !lanes.contains_key(&lane.server)) {
            gone.drop_waiting(self, None, &Failure::Unavailable("it has left the configuration".to_owned()));
        }
        self.serve_everywhere();
    }

    /// The queue for a server of this name: the one that is there, or an empty one, which counts as one of the node with the
    /// configuration that its server is part of.
    pub(crate) fn line(self: &Arc<Self>, server: &Arc<str>, settings: &config::Server) -> Arc<Line> {
        let known = self.lanes.load().get(server).filter(|lane| lane.is_own == settings.is_own(server)).cloned();
        let lane = known.unwrap_or_else(|| Arc::new(Lane::new(server.clone(), settings, &self.settings.load())));
        Arc::new(Line { queues: self.clone(), lane })
    }

    /// Looks into every queue. It does not return while one of them is stuck; blocks the thread.
    pub(crate) fn look_into_all(&self) {
        for lane in self.lanes.load_full().values() {
            drop(lane.lock());
        }
    }

    /// How many calls run at a server, how many wait for it, and how many may run.
    pub fn load_of(&self, server: &str) -> Load {
        self.lanes.load().get(server).map(|lane| lane.load()).unwrap_or_default()
    }

    /// What a principal may hold.
    fn share(&self, principal: &Arc<str>) -> Arc<Share> {
        if &**principal == config::LOCAL {
            return self.owner.clone();
        }
        if let Some(share) = self.shares.load().get(principal) {
            return share.clone();
        }
        let settings = self.settings.load();
        let fresh = Share::new(principal.clone(), settings.concurrency_per_principal, settings.max_per_principal);
        self.shares.rcu(|shares| {
            let mut shares = HashMap::clone(shares);
            shares.entry(principal.clone()).or_insert_with(|| fresh.clone());
            shares
        });
        self.shares.load().get(principal).cloned().unwrap_or(fresh)
    }

    fn next_number(&self) -> u64 {
        self.newest.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Gives places that are free to calls that wait for them, whatever their server; each time another lane comes first.
    fn serve_everywhere(&self) {
        let lanes = self.lanes.load();
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % lanes.len().max(1);
        for lane in lanes.values().cycle().skip(first).take(lanes.len()) {
            lane.serve(self);
        }
    }
}

/// The queue before one server, among those of its node. A server has it for as long as it lives, so that no call has to look
/// for it.
#[derive(Debug)]
pub struct Line {
    queues: Arc<Queues>,
    lane: Arc<Lane>,
}

impl Line {
    /// So many processes do the calls from now on.
    pub fn is_served_by(&self, crew: Crew) {
        self.lane.is_served_by(&self.queues, crew);
    }

    /// How busy the server is.
    pub fn load(&self) -> Load {
        self.lane.load()
    }

    /// Ends the calls that wait, or those of one tool, since it is known that they would not be answered.
    pub fn drop_waiting(&self, tool: Option<&str>, failure: &Failure) {
        self.lane.drop_waiting(&self.queues, tool, failure);
    }
}

/// How busy a server is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Calls that run.
    pub running: u32,
    /// Calls that wait.
    pub waiting: u32,
    /// Calls that may run at one time.
    pub room: u32,
    /// Calls that may wait.
    pub room_to_wait: u32,
    /// How long one more call would wait, as far as anybody knows.
    pub wait: Option<Duration>,
}

impl Load {
    /// Calls that would be taken now, to run or to wait.
    pub fn vacant(&self) -> u32 {
        self.room.saturating_sub(self.running) + self.room_to_wait.saturating_sub(self.waiting)
    }
}

/// Sends a call that comes `now` to its server when it is its turn. Dropped unused, its permit says nothing of the server.
pub(super) async fn pass(upstream: &Arc<Upstream>, call: &Call, permit: Permit, now: Instant) -> Exchange {
    let line = &upstream.line;
    let patience = upstream.patience();
    let deadline = Deadline::of(patience, &line.lane, call, now);
    let entered = if speaks_of_work_under_way(call.method) {
        Lane::enter_aside(line, call)
    } else {
        Lane::enter(line, entry(&line.queues, call, &deadline), call.manner.act, now)
    };
    if let Ok(entered) = &entered {
        call.wishes.told.note_place(|| entered.place());
    }
    if matches!(entered, Ok(Entered::Waits(_))) {
        upstream.processes.look_soon();
    }
    match entered {
        Err(failure) => Exchange::Done(Err(failure)),
        Ok(Entered::Starts(slot)) => send(upstream, call, (slot, permit), deadline, now).await,
        // whoever found the server to fail may have turned the others away before this one came
        Ok(Entered::Waits(place)) if let Some(refusal) = upstream.breakers.refusal(&call.own_name) => {
            Exchange::Done(Err(place.turned_away(refusal)))
        }
        Ok(Entered::Waits(place)) if let Some(token) = call.progress_token() => {
            let longest = deadline.start_by.saturating_duration_since(now) + patience.total;
            waiting::told(upstream, call, (place, permit, token), deadline, longest)
        }
        Ok(Entered::Waits(place)) => {
            Box::pin(async move {
                match place.turn(&deadline).await {
                    Ok(slot) => send(upstream, call, (slot, permit), deadline, Instant::now()).await,
                    Err(failure) => Exchange::Done(Err(failure)),
                }
            })
            .await
        }
    }
}

/// Sends a call whose turn it is `now`. In the end its permit is given back before its slot: whoever gets the place next has
/// been turned away by then, if the server has proved to fail.
async fn send(
    upstream: &Arc<Upstream>,
    call: &Call,
    (slot, mut permit): (Slot, Permit),
    deadline: Deadline,
    now: Instant,
) -> Exchange {
    // it may have been asked for before much of what was asked for before it had come
    if call.caller.principal.lasting.held.is_full() {
        return Exchange::Done(Err(slot.failed(Failure::untaken())));
    }
    if deadline.is_by_kind {
        permit.bounded_by_kind();
    }
    // boxed, because the steps above would move it from one to the other, and a call on the wire is large
    let mut sent = Box::pin(faults::send(upstream, call));
    let first_sign = deadline.first_sign(upstream, now);
    let heard = async {
        match first_sign {
            None => Some(sent.await),
            Some(limit) => slot.line.lane.alarms.within(limit.saturating_duration_since(now), sent.as_mut()).await,
        }
    };
    let exchange = tokio::select! {
        biased;
        exchange = heard => exchange.unwrap_or(Exchange::Done(Err(Failure::Timeout))),
        () = slot.withdrawn() => Exchange::Done(Err(Failure::Withdrawn { was_sent: true })),
    };
    match watched(exchange, permit) {
        Exchange::Running(mut events) => {
            events.occupy(slot, deadline.silence, deadline.until);
            Exchange::Running(events)
        }
        Exchange::Done(end) => Exchange::Done(slot.ended(end)),
    }
}

/// Has the breakers told how the call ends.
fn watched(mut exchange: Exchange, permit: Permit) -> Exchange {
    match &mut exchange {
        Exchange::Running(events) => events.watched_by(permit),
        Exchange::Done(end) => permit.ended(end),
    }
    exchange
}

/// Whether a request only asks after work that a server does already: it takes no place of a call, or a few callers that
/// wait for the results of their tasks would keep everybody else away, and the tasks with them.
fn speaks_of_work_under_way(method: Method) -> bool {
    matches!(method, Method::TasksGet | Method::TasksResult | Method::TasksUpdate | Method::TasksCancel)
}

fn entry(queues: &Queues, call: &Call, deadline: &Deadline) -> Entry {
    let settings = call.manner.settings.as_deref();
    Entry {
        class: call.caller.principal.granted(call.wishes.class),
        share: queues.share(&call.caller.principal.name),
        tool: call.own_name.clone(),
        tool_max: settings.and_then(|settings| settings.concurrency),
        lock: settings.and_then(|settings| object(call, settings.lock_argument()?)),
        cost: 1,
        deadline: deadline.start_by,
        until: call.until,
    }
}

/// The object that a call works on alone: what its argument `name` says, however it is written.
fn object(call: &Call, name: &str) -> Option<LockKey> {
    let arguments = call.request.param_raw(Param::Arguments)?;
    let raw = array::member(arguments, name)?.of(arguments)?;
    match serde_json::from_slice::<serde_json::Value>(raw) {
        Ok(value) => Some(LockKey::of(name, value.to_string().as_bytes())),
        Err(_) => Some(LockKey::of(name, raw)),
    }
}
