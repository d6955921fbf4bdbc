//! The processes of a program that everybody shares, where there may be several: another is started while calls wait for one,
//! and those that nobody needs are ended when their calls are done. How many there are to be is decided by `traffic::pool`; the
//! calls that may run at one time follow those that stand.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use config::{Mode, Transport};
use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::sync::Notify;
use traffic::pool::{Bounds, Load, Pool, Step};

use super::{Upstream, following::Following, pool::Key};
use crate::call::Caller;

/// How often somebody looks whether there are as many as there should be. A call that has to wait is a reason to look at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// No two looks follow each other faster, whatever is due.
const LOOK_MIN: Duration = Duration::from_millis(20);

/// How many processes of one server there may be, and what became of that.
#[derive(Debug, Default)]
pub struct Processes {
    bounds: Mutex<Option<Bounds>>,
    are_several: AtomicBool,
    /// Those that stood at the last look.
    standing: AtomicU32,
    started: AtomicU64,
    ended: AtomicU64,
    bell: Notify,
}

/// Who does the calls of a server with several processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crew {
    /// Processes that stand.
    pub standing: u32,
    /// Calls that each of them gets at one time.
    pub calls_each: u32,
}

/// The processes of one server at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStatus {
    /// How many there may be.
    pub bounds: Bounds,
    /// How many there are.
    pub standing: u32,
    /// Those of them that have calls.
    pub busy: u32,
    /// How many were started beside the first.
    pub started: u64,
    /// How many were ended because nobody needed them.
    pub ended: u64,
}

impl Crew {
    /// Calls that may run at one time. One may always: it is what starts the first process.
    pub fn places(self) -> u32 {
        self.standing.max(1).saturating_mul(self.calls_each)
    }
}

impl Processes {
    /// How many there may be from now on, where there may be several.
    pub fn go_by(&self, pool: Option<&config::Pool>) {
        let bounds = pool.map(|pool| Bounds {
            min: pool.min,
            target: pool.target,
            max: pool.max,
            idle: Duration::from_secs(pool.idle_s),
            calls_each: pool.calls_per_process,
        });
        self.are_several.store(bounds.is_some(), Ordering::Release);
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner) = bounds;
        self.look_soon();
    }

    /// Whether there may be several.
    pub fn are_several(&self) -> bool {
        self.are_several.load(Ordering::Acquire)
    }

    /// Who does the calls, where there may be several.
    pub fn crew(&self) -> Option<Crew> {
        let calls_each = self.bounds()?.calls_each;
        Some(Crew { standing: self.standing.load(Ordering::Relaxed), calls_each })
    }

    /// Something has happened after which there may be too few or too many.
    pub fn look_soon(&self) {
        self.bell.notify_one();
    }

    fn bounds(&self) -> Option<Bounds> {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upstream {
    /// Whether this is a program of which there may be several processes.
    pub(super) fn is_shared_program(&self) -> bool {
        self.settings.mode == Mode::Shared && self.settings.transport() == Transport::Stdio && !self.is_resident()
    }

    /// The processes, where there may be several.
    pub fn pool_status(&self) -> Option<PoolStatus> {
        let bounds = self.processes.bounds()?;
        let calls = self.pool.calls_of_each(&Key::SHARED);
        Some(PoolStatus {
            bounds,
            standing: count(calls.len()),
            busy: count(calls.iter().filter(|(_, calls)| *calls > 0).count()),
            started: self.processes.started.load(Ordering::Relaxed),
            ended: self.processes.ended.load(Ordering::Relaxed),
        })
    }

    /// Whether it is not the time to start another process: it failed lately, or the node before has those that there are.
    fn may_not_grow(&self, now: Instant) -> bool {
        let comes = self.following.as_ref().is_some_and(Following::awaits);
        let is_gone = self.is_left() || self.retired.load(Ordering::Acquire);
        comes || is_gone || self.health.due().is_some_and(|due| due > now)
    }
}

/// Looks after the number of processes of one server.
pub(super) struct Keeper {
    upstream: Weak<Upstream>,
    processes: Arc<Processes>,
    /// As whom the gateway itself starts one.
    own: Caller,
    pool: Pool,
    /// The numbers of those that are being started.
    starting: BTreeSet<u32>,
    starts: FuturesUnordered<BoxFuture<'static, u32>>,
}

impl Keeper {
    pub(super) fn new(upstream: &Arc<Upstream>, own: &Caller) -> Self {
        Self {
            upstream: Arc::downgrade(upstream),
            processes: upstream.processes.clone(),
            own: own.clone(),
            pool: Pool::default(),
            starting: BTreeSet::new(),
            starts: FuturesUnordered::new(),
        }
    }

    /// Keeps looking until the server is gone.
    pub(super) async fn keep(mut self) {
        while let Some(wait) = self.upstream.upgrade().map(|upstream| self.look(&upstream)) {
            tokio::select! {
                Some(number) = self.starts.next(), if !self.starts.is_empty() => {
                    self.starting.remove(&number);
                }
                () = self.processes.bell.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Does what is to be done now; says when to look again.
    fn look(&mut self, upstream: &Arc<Upstream>) -> Duration {
        upstream.pool.close_left();
        let bounds = upstream.processes.bounds().unwrap_or(ONE);
        let standing = upstream.pool.calls_of_each(&Key::SHARED);
        let (now, busy) = (Instant::now(), upstream.line.load());
        let stands = |number: &u32| standing.iter().any(|(known, _)| known == number);
        let starting = self.starting.iter().filter(|number| !stands(number)).count();
        let workers = count(standing.len() + starting);
        let load = Load { workers, running: busy.running, waiting: busy.waiting };
        match self.pool.look(&bounds, load, now) {
            Step::Stay => {}
            Step::Grow(_) if upstream.may_not_grow(now) => {}
            Step::Grow(more) => self.grow(upstream, more, &standing),
            Step::Shrink(fewer) => shrink(upstream, fewer, &bounds),
        }
        follow(upstream, &bounds);
        let due = self.pool.due(&bounds).map_or(LOOK_EVERY, |due| due.saturating_duration_since(now));
        due.clamp(LOOK_MIN, LOOK_EVERY)
    }

    /// Starts more, under the lowest numbers that are free, as far as there is room beside those that are about to end.
    fn grow(&mut self, upstream: &Arc<Upstream>, more: u32, standing: &[(u32, usize)]) {
        let taken = standing.len() + self.starting.len() + upstream.pool.left();
        let room = count(upstream.settings.instances_max.saturating_sub(taken));
        let known: BTreeSet<u32> = standing.iter().map(|(number, _)| *number).collect();
        let free = (0..).filter(|number| !known.contains(number) && !self.starting.contains(number));
        let numbers: Vec<u32> = free.take(more.min(room) as usize).collect();
        for number in numbers {
            self.starting.insert(number);
            self.starts.push(Box::pin(start(upstream.clone(), self.own.clone(), number)));
        }
    }
}

/// One process, where there are not to be several.
const ONE: Bounds = Bounds { min: 1, target: 1, max: 1, idle: Duration::ZERO, calls_each: u32::MAX };

/// Starts one more; it has introduced itself before it gets a call.
async fn start(upstream: Arc<Upstream>, own: Caller, number: u32) -> u32 {
    match upstream.connection_at(&own, Key { number, ..Key::SHARED }).await {
        Ok(_) => {
            upstream.processes.started.fetch_add(1, Ordering::Relaxed);
            let processes = upstream.pool.calls_of_each(&Key::SHARED).len();
            tracing::info!(server = &*upstream.name, processes, "another process does its calls");
        }
        Err(failure) => {
            tracing::warn!(server = &*upstream.name, %failure, "another process could not be started");
        }
    }
    number
}

/// Ends some as soon as their calls are done.
fn shrink(upstream: &Arc<Upstream>, fewer: u32, bounds: &Bounds) {
    let ended = upstream.pool.take_out(&Key::SHARED, fewer as usize);
    if ended == 0 {
        return;
    }
    upstream.processes.ended.fetch_add(ended as u64, Ordering::Relaxed);
    let (processes, max) = (upstream.pool.calls_of_each(&Key::SHARED).len(), bounds.max);
    tracing::info!(server = &*upstream.name, processes, max, "fewer processes do its calls");
}

/// Lets as many calls run as the processes that stand can do.
fn follow(upstream: &Upstream, bounds: &Bounds) {
    let standing = count(upstream.pool.calls_of_each(&Key::SHARED).len());
    let former = upstream.processes.standing.swap(standing, Ordering::Relaxed);
    if former != standing && upstream.processes.are_several() {
        upstream.line.is_served_by(Crew { standing, calls_each: bounds.calls_each });
    }
}

fn count(things: usize) -> u32 {
    u32::try_from(things).unwrap_or(u32::MAX)
}
