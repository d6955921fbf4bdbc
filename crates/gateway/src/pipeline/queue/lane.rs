//! The queue before one server with those who wait in it. Whoever changes it serves it: calls that may start are told so
//! while the lane is still locked, so that none can be forgotten between two steps.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use config::Server;
use tokio::sync::{Notify, Semaphore, oneshot};
use traffic::{
    Act, Class, Silences,
    adaptive::{Bounds, Change},
    queue::{Bound, End, Entry, Full, Late, Limits, Next, Offer, Place, Queue, Record, State, Ticket, TooShort},
};

use super::{Load, Queues, Slot, waiting::Waiting};
use crate::{alarm::Alarms, call::Call, failure::Failure};

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

/// The queue before one server.
#[derive(Debug)]
pub(super) struct Lane {
    /// The name of the server.
    pub(super) server: Arc<str>,
    /// It is the gateway's own server. What it does may call other servers, so it takes no place that they could wait for,
    /// and nothing waits for it.
    pub(super) is_own: bool,
    crowd: Mutex<Crowd>,
    /// Where those are counted that only ask after work under way.
    aside: Arc<Semaphore>,
    /// Seconds a call may be silent; 0 where nothing is said.
    timeout_s: AtomicU64,
    /// Seconds a call may be silent that is known to read, and one that is known to act.
    read_timeout_s: AtomicU64,
    act_timeout_s: AtomicU64,
    /// Whether it is counted among those that starve.
    starves: AtomicBool,
    /// How many calls are to end that have not noticed yet.
    withdrawing: AtomicUsize,
    withdrawal: Notify,
    /// The places of a node that this lane does not share.
    apart: Bound,
    /// What rings when a call has been silent for too long.
    pub(super) alarms: Alarms,
}

/// What the lock of a lane guards.
#[derive(Debug)]
pub(super) struct Crowd {
    pub(super) queue: Queue,
    turns: HashMap<u64, oneshot::Sender<Verdict>>,
    withdrawn: HashSet<u64>,
}

impl Lane {
    /// The empty queue before a server with these settings.
    pub(super) fn new(server: Arc<str>, settings: &Server, section: &config::Queue) -> Self {
        let is_own = settings.is_own(&server);
        let mut queue = Queue::new(limits(is_own, settings, section));
        queue.adapt(bounds(is_own, settings, section), Instant::now());
        Self {
            server,
            is_own,
            crowd: Mutex::new(Crowd { queue, turns: HashMap::new(), withdrawn: HashSet::new() }),
            aside: Arc::new(Semaphore::new(ASIDE_MAX)),
            timeout_s: AtomicU64::new(settings.timeout_s.unwrap_or(0)),
            read_timeout_s: AtomicU64::new(section.read_timeout_s),
            act_timeout_s: AtomicU64::new(section.act_timeout_s),
            starves: AtomicBool::new(false),
            withdrawing: AtomicUsize::new(0),
            withdrawal: Notify::new(),
            apart: Bound::of(u32::MAX),
            alarms: Alarms::default(),
        }
    }

    /// Takes over other settings.
    pub(super) fn configure(&self, settings: &Server, section: &config::Queue) {
        self.timeout_s.store(settings.timeout_s.unwrap_or(0), Ordering::Relaxed);
        self.read_timeout_s.store(section.read_timeout_s, Ordering::Relaxed);
        self.act_timeout_s.store(section.act_timeout_s, Ordering::Relaxed);
        let mut crowd = self.lock();
        crowd.queue.set_limits(limits(self.is_own, settings, section));
        crowd.queue.adapt(bounds(self.is_own, settings, section), Instant::now());
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
    pub(super) fn enter(
        queues: &Arc<Queues>,
        lane: &Arc<Self>,
        mut entry: Entry,
        act: Act,
        now: Instant,
    ) -> Result<Entered, Failure> {
        if lane.is_own {
            entry.share = queues.owner.clone();
        }
        let mut crowd = lane.lock();
        entry.cost = crowd.queue.cost_of(&entry.tool);
        let offer = crowd.queue.offer(entry, queues.next_number(), lane.room(queues), now);
        match offer {
            Offer::Starts(ticket) => Ok(Entered::Starts(Slot::queued(queues, lane, ticket, act))),
            Offer::Waits(ticket) => {
                let (told, turn) = oneshot::channel();
                crowd.turns.insert(ticket.id, told);
                lane.serve_crowd(queues, &mut crowd, now);
                Ok(Entered::Waits(Waiting::new(Slot::queued(queues, lane, ticket, act), turn)))
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
    pub(super) fn enter_aside(queues: &Arc<Queues>, lane: &Arc<Self>, call: &Call) -> Result<Entered, Failure> {
        let permit = lane.aside.clone().try_acquire_owned().map_err(|_| Failure::Overloaded)?;
        Ok(Entered::Starts(Slot::aside(queues, lane, permit, call.manner.act)))
    }

    /// Starts what may start.
    pub(super) fn serve(&self, queues: &Queues) {
        self.serve_crowd(queues, &mut self.lock(), Instant::now());
    }

    /// A call has ended.
    pub(super) fn finish(&self, queues: &Queues, ticket: Ticket, end: End) {
        let mut crowd = self.lock();
        let now = Instant::now();
        if !crowd.queue.finish(ticket, end, self.room(queues), now) {
            return;
        }
        if !crowd.turns.is_empty() {
            crowd.turns.remove(&ticket.id);
        }
        if !crowd.withdrawn.is_empty() && crowd.withdrawn.remove(&ticket.id) {
            self.withdrawing.fetch_sub(1, Ordering::SeqCst);
        }
        let change = crowd.queue.take_change();
        self.after(queues, crowd, now);
        if let Some(Change { from, to, why }) = change {
            tracing::info!(server = &*self.server, from, to, %why, "another number of calls may run");
        }
    }

    /// A call waits for somebody's answer.
    pub(super) fn rest(&self, queues: &Queues, ticket: Ticket) {
        let mut crowd = self.lock();
        crowd.queue.rest(ticket, self.room(queues));
        self.after(queues, crowd, Instant::now());
    }

    /// The answer is there.
    pub(super) fn resume(&self, queues: &Queues, ticket: Ticket) {
        self.lock().queue.resume(ticket, self.room(queues));
    }

    /// Ends all calls that wait, or those of one tool.
    pub(super) fn drop_waiting(&self, queues: &Queues, tool: Option<&str>, failure: &Failure) {
        let mut crowd = self.lock();
        let is_meant =
            |record: &Record| record.state == State::Waiting && tool.is_none_or(|tool| *record.entry.tool == *tool);
        let meant = crowd.queue.calls().filter(|(_, record)| is_meant(record));
        let waiting: Vec<Ticket> = meant.map(|(ticket, _)| ticket).collect();
        for ticket in waiting {
            crowd.queue.finish(ticket, End::Failed, self.room(queues), Instant::now());
            if let Some(turn) = crowd.turns.remove(&ticket.id) {
                let _ = turn.send(Err(failure.clone()));
            }
        }
        self.note_hunger(queues, &crowd);
    }

    /// Ends the call with this number, whether it waits or runs; false if there is none.
    pub(super) fn withdraw(&self, queues: &Queues, id: u64) -> bool {
        let mut crowd = self.lock();
        let Some((ticket, _)) = crowd.queue.calls().find(|(ticket, _)| ticket.id == id) else { return false };
        if let Some(turn) = crowd.turns.remove(&id) {
            crowd.queue.finish(ticket, End::Cancelled, self.room(queues), Instant::now());
            let _ = turn.send(Err(Failure::Withdrawn { was_sent: false }));
        } else if crowd.withdrawn.insert(id) {
            self.withdrawing.fetch_add(1, Ordering::SeqCst);
            self.withdrawal.notify_waiters();
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
            if self.withdrawing.load(Ordering::SeqCst) > 0 && self.lock().withdrawn.contains(&ticket.id) {
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

    /// What the lock guards.
    pub(super) fn lock(&self) -> MutexGuard<'_, Crowd> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The places that its calls share with those of other servers.
    pub(super) fn room<'a>(&'a self, queues: &'a Queues) -> &'a Bound {
        if self.is_own { &self.apart } else { &queues.room }
    }

    /// A place is free: for a call of this lane, or of another one that waits for it.
    fn after(&self, queues: &Queues, mut crowd: MutexGuard<'_, Crowd>, now: Instant) {
        if queues.starving.load(Ordering::SeqCst) == 0 {
            self.serve_crowd(queues, &mut crowd, now);
            return;
        }
        drop(crowd);
        self.serve_if_gone(queues);
        queues.serve_everywhere();
    }

    /// A lane whose server has left the configuration is not served with the others.
    fn serve_if_gone(&self, queues: &Queues) {
        if !queues.lanes.load().get(&self.server).is_some_and(|lane| std::ptr::eq(&raw const **lane, self)) {
            self.serve(queues);
        }
    }

    fn serve_crowd(&self, queues: &Queues, crowd: &mut Crowd, now: Instant) {
        loop {
            while let Some(next) = crowd.queue.next(self.room(queues), now) {
                let (ticket, verdict) = match next {
                    Next::Starts(ticket) => (ticket, Ok(())),
                    Next::Expired(ticket) => (ticket, Err(Failure::Expired)),
                    Next::TooShort(TooShort { ticket, takes, retry_after }) => {
                        (ticket, Err(Failure::TooShort { takes, retry_after }))
                    }
                };
                if let Some(turn) = crowd.turns.remove(&ticket.id) {
                    // whoever does not wait any more gives the place back
                    let _ = turn.send(verdict);
                }
            }
            // who has just said that it starves asks once more: the place may have been given back before anybody knew
            if !self.note_hunger(queues, crowd) {
                return;
            }
        }
    }

    /// Notes whether a call waits for a place that other lanes can give back; true if that is new.
    fn note_hunger(&self, queues: &Queues, crowd: &Crowd) -> bool {
        let starves = crowd.queue.waiting() > 0 && crowd.queue.is_starved();
        if self.starves.swap(starves, Ordering::SeqCst) == starves {
            return false;
        }
        if starves {
            queues.starving.fetch_add(1, Ordering::SeqCst);
        } else {
            queues.starving.fetch_sub(1, Ordering::SeqCst);
        }
        starves
    }
}

/// Between which bounds the calls that run follow how quickly they are answered, where that is configured.
fn bounds(is_own: bool, settings: &Server, section: &config::Queue) -> Option<Bounds> {
    let min = settings.concurrency_min.filter(|_| !is_own)?;
    Some(Bounds { min, max: section.concurrency_of(settings) })
}

fn limits(is_own: bool, settings: &Server, section: &config::Queue) -> Limits {
    let weights = section.weights;
    if is_own {
        return Limits { running_max: section.concurrency_per_node, waiting_max: 0, weights };
    }
    Limits { running_max: section.concurrency_of(settings), waiting_max: section.max_per_server, weights }
}
