//! The queue before one server of the node: what its settings make of it, and what those who wait in it are told. Who is told
//! when is the affair of `traffic::lane`.

use std::{
    sync::{
        Arc, MutexGuard,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use config::Server;
use tokio::sync::{Notify, Semaphore, oneshot};
use traffic::{
    Act, Class, Silences,
    adaptive::{Bounds, Change},
    lane::{self, Ended, Free, Node, Waiter, Withdrawn},
    queue::{End, Entry, Full, Late, Limits, Next, Offer, Place, Queue, Record, Ticket, TooShort},
};

use super::{Line, Load, Queues, Slot, waiting::Waiting};
use crate::{alarm::Alarms, call::Call, failure::Failure, upstream::processes::Crew};

/// Requests after work under way that may be open at one server; each of them may last as long as the work does.
const ASIDE_MAX: usize = 256;

/// What becomes of a call in front of a lane.
pub(super) enum Entered {
    /// It may be sent.
    Starts(Slot),
    /// It waits.
    Waits(Waiting),
}

impl Entered {
    /// Where it stands, or stood when it came.
    pub(super) fn place(&self) -> Option<Place> {
        match self {
            Self::Starts(_) => Some(Place { ahead: 0, wait: Some(Duration::ZERO) }),
            Self::Waits(waiting) => waiting.place(),
        }
    }
}

/// What a waiting call is told.
pub(super) type Verdict = Result<(), Failure>;

/// Where a waiting call listens.
#[derive(Debug)]
pub(super) struct Ear(oneshot::Sender<Verdict>);

impl Ear {
    fn hears(self, verdict: Verdict) {
        // whoever does not wait any more gives the place back
        let _ = self.0.send(verdict);
    }
}

impl Waiter for Ear {
    fn told(self, next: Next) {
        self.hears(match next {
            Next::Starts(_) => Ok(()),
            Next::Expired(_) => Err(Failure::Expired),
            Next::TooShort(TooShort { takes, retry_after, .. }) => Err(Failure::TooShort { takes, retry_after }),
        });
    }
}

/// The queue before one server.
#[derive(Debug)]
pub(super) struct Lane {
    /// The name of the server.
    pub(super) server: Arc<str>,
    /// It is the gateway's own server. What it does may call other servers, so it takes no place that they could wait for,
    /// and nothing waits for it.
    pub(super) is_own: bool,
    calls: lane::Lane<Ear>,
    /// Where those are counted that only ask after work under way.
    aside: Arc<Semaphore>,
    /// Seconds a call may be silent; 0 where nothing is said.
    timeout_s: AtomicU64,
    /// Seconds a call may be silent that is known to read, and one that is known to act.
    read_timeout_s: AtomicU64,
    act_timeout_s: AtomicU64,
    /// Calls that may run at one time, however many processes there are.
    running_most: AtomicU32,
    withdrawal: Notify,
    /// The places of a node that this lane does not share.
    apart: Node,
    /// What rings when a call has been silent for too long.
    pub(super) alarms: Alarms,
}

/// The calls of a lane, while it is locked.
pub(super) type Crowd = lane::Crowd<Ear>;

impl Lane {
    /// The empty queue before a server with these settings.
    pub(super) fn new(server: Arc<str>, settings: &Server, section: &config::Queue) -> Self {
        let is_own = settings.is_own(&server);
        let mut queue = Queue::new(limits(is_own, settings, section));
        queue.adapt(bounds(is_own, settings, section), Instant::now());
        Self {
            server,
            is_own,
            calls: lane::Lane::new(queue),
            aside: Arc::new(Semaphore::new(ASIDE_MAX)),
            timeout_s: AtomicU64::new(settings.timeout_s.unwrap_or(0)),
            read_timeout_s: AtomicU64::new(section.read_timeout_s),
            act_timeout_s: AtomicU64::new(section.act_timeout_s),
            running_most: AtomicU32::new(u32::MAX),
            withdrawal: Notify::new(),
            apart: Node::new(u32::MAX),
            alarms: Alarms::default(),
        }
    }

    /// Takes over other settings; `crew` is who does the calls, where there may be several processes.
    pub(super) fn configure(&self, settings: &Server, section: &config::Queue, crew: Option<Crew>) {
        self.timeout_s.store(settings.timeout_s.unwrap_or(0), Ordering::Relaxed);
        self.read_timeout_s.store(section.read_timeout_s, Ordering::Relaxed);
        self.act_timeout_s.store(section.act_timeout_s, Ordering::Relaxed);
        let most = limits(self.is_own, settings, section);
        self.running_most.store(most.running_max, Ordering::Relaxed);
        let mut crowd = self.lock();
        crowd.queue.set_limits(crew.map_or(most, |crew| served_by(crew, most)));
        crowd.queue.adapt(bounds(self.is_own, settings, section), Instant::now());
    }

    /// So many processes do the calls from now on.
    pub(super) fn is_served_by(&self, queues: &Queues, crew: Crew) {
        let mut crowd = self.lock();
        let most = Limits { running_max: self.running_most.load(Ordering::Relaxed), ..crowd.queue.limits() };
        crowd.queue.set_limits(served_by(crew, most));
        drop(crowd);
        self.serve(queues);
    }

    /// How long a call may be silent, if the server says so.
    pub(super) fn timeout(&self) -> Option<Duration> {
        let seconds = self.timeout_s.load(Ordering::Relaxed);
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    /// How long a call may be silent of which only its kind is known.
    pub(super) fn silences(&self) -> Silences {
        let seconds = |of: &AtomicU64| Duration::from_secs(of.load(Ordering::Relaxed));
        Silences { read: seconds(&self.read_timeout_s), act: seconds(&self.act_timeout_s) }
    }

    /// A call wants to start.
    pub(super) fn enter(line: &Arc<Line>, mut entry: Entry, act: Act, now: Instant) -> Result<Entered, Failure> {
        let Line { queues, lane } = &**line;
        if lane.is_own {
            entry.share = queues.owner.clone();
        }
        let (number, mut turn) = (queues.next_number(), None);
        let offer = lane.calls.offer(lane.node(queues), entry, number, now, || {
            let (ear, told) = oneshot::channel();
            turn = Some(told);
            Ear(ear)
        });
        match offer {
            Offer::Starts(ticket) | Offer::Waits(ticket) => {
                let slot = Slot::queued(line, ticket, act);
                Ok(match turn {
                    None => Entered::Starts(slot),
                    Some(turn) => Entered::Waits(Waiting::new(slot, turn)),
                })
            }
            Offer::Late(Late { wait, takes }) => Err(Failure::TooLate { wait, takes }),
            Offer::Refused(refusal) => {
                let whose = match refusal.full {
                    Full::Server => "too many calls to this server are in flight",
                    Full::Principal => "too many of your calls wait",
                };
                Err(Failure::Full { whose, retry_after: refusal.retry_after })
            }
        }
    }

    /// A request that only asks after work under way.
    pub(super) fn enter_aside(line: &Arc<Line>, call: &Call) -> Result<Entered, Failure> {
        let permit = line.lane.aside.clone().try_acquire_owned().map_err(|_| Failure::Overloaded)?;
        Ok(Entered::Starts(Slot::aside(line, permit, call.manner.act)))
    }

    /// Starts what may start.
    pub(super) fn serve(&self, queues: &Queues) {
        self.calls.serve(self.node(queues), Instant::now());
    }

    /// A call has ended.
    pub(super) fn finish(&self, queues: &Queues, ticket: Ticket, end: End) {
        let Some(Ended { free, change }) = self.calls.finish(self.node(queues), ticket, end, Instant::now()) else {
            return;
        };
        self.pass_on(queues, free);
        if let Some(Change { from, to, why }) = change {
            tracing::info!(server = &*self.server, from, to, %why, "another number of calls may run");
        }
    }

    /// A call waits for somebody's answer.
    pub(super) fn rest(&self, queues: &Queues, ticket: Ticket) {
        let free = self.calls.rest(self.node(queues), ticket, Instant::now());
        self.pass_on(queues, free);
    }

    /// The answer is there.
    pub(super) fn resume(&self, queues: &Queues, ticket: Ticket) {
        self.calls.resume(self.node(queues), ticket);
    }

    /// Ends all calls that wait, or those of one tool.
    pub(super) fn drop_waiting(&self, queues: &Queues, tool: Option<&str>, failure: &Failure) {
        let is_meant = |record: &Record| tool.is_none_or(|tool| *record.entry.tool == *tool);
        for ear in self.calls.turn_away(self.node(queues), Instant::now(), is_meant) {
            ear.hears(Err(failure.clone()));
        }
    }

    /// Ends the call with this number, whether it waits or runs; false if there is none.
    pub(super) fn withdraw(&self, queues: &Queues, id: u64) -> bool {
        match self.calls.withdraw(self.node(queues), id, Instant::now()) {
            Some(Withdrawn::Waited(ear)) => ear.hears(Err(Failure::Withdrawn { was_sent: false })),
            Some(Withdrawn::Runs) => self.withdrawal.notify_waiters(),
            None => return false,
        }
        true
    }

    /// Makes the waiting call with this number more or less urgent; false if none waits.
    pub(super) fn reprioritise(&self, id: u64, class: Class) -> bool {
        let mut crowd = self.lock();
        let found = crowd.queue.calls().find(|(ticket, _)| ticket.id == id).map(|(ticket, _)| ticket);
        found.is_some_and(|ticket| crowd.queue.reprioritise(ticket, class))
    }

    /// Resolves when somebody has ended the call.
    pub(super) async fn withdrawn(&self, ticket: Ticket) {
        loop {
            let withdrawal = self.withdrawal.notified();
            if self.calls.is_withdrawn(ticket) {
                return;
            }
            withdrawal.await;
        }
    }

    /// Where a waiting call stands.
    pub(super) fn place(&self, ticket: Ticket) -> Option<Place> {
        self.lock().queue.place(ticket, Instant::now())
    }

    /// How busy it is.
    pub(super) fn load(&self) -> Load {
        let crowd = self.lock();
        let queue = &crowd.queue;
        let (next, limits) = (queue.next_place(Instant::now()), queue.limits());
        Load {
            running: queue.running(),
            waiting: next.ahead,
            room: limits.running_max,
            room_to_wait: limits.waiting_max,
            wait: next.wait,
        }
    }

    /// The calls, for as long as nothing of them is to change.
    pub(super) fn lock(&self) -> MutexGuard<'_, Crowd> {
        self.calls.lock()
    }

    /// The places that its calls share with those of other servers.
    pub(super) fn node<'a>(&'a self, queues: &'a Queues) -> &'a Node {
        if self.is_own { &self.apart } else { &queues.node }
    }

    /// A place that is free for any lane is given to one.
    fn pass_on(&self, queues: &Queues, free: Free) {
        if free == Free::Anywhere {
            self.serve_if_gone(queues);
            queues.serve_everywhere();
        }
    }

    /// A lane whose server has left the configuration is not served with the others.
    fn serve_if_gone(&self, queues: &Queues) {
        if !queues.lanes.load().get(&self.server).is_some_and(|lane| std::ptr::eq(&raw const **lane, self)) {
            self.serve(queues);
        }
    }
}

/// Between which bounds the calls that run follow how quickly they are answered, where that is configured.
fn bounds(is_own: bool, settings: &Server, section: &config::Queue) -> Option<Bounds> {
    let min = settings.concurrency_min.filter(|_| !is_own)?;
    Some(Bounds { min, max: section.concurrency_of(settings) })
}

/// As many calls may run as the processes can do, and never more than `most` says.
fn served_by(crew: Crew, most: Limits) -> Limits {
    Limits { running_max: crew.places().min(most.running_max), ..most }
}

fn limits(is_own: bool, settings: &Server, section: &config::Queue) -> Limits {
    let weights = section.weights;
    if is_own {
        return Limits { running_max: section.concurrency_per_node, waiting_max: 0, weights };
    }
    Limits { running_max: section.concurrency_of(settings), waiting_max: section.max_per_server, weights }
}
