//! The breakers of one server: its own, and those of its tools that have one. Their changes stand in the log and are told to
//! whoever listens to the server.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::Notify;
use traffic::{
    breaker::{Change, End, Pass, Sign, State},
    retry::{Attempt, Budget},
};

use super::{Rules, TRIED_OUT_WITHIN, fuse::Fuse};
use crate::{failure::Failure, seals::random, upstream::health::Health};

/// What is left alone, as the start of a sentence.
const THE_SERVER: &str = "the server";
const THE_TOOL: &str = "the tool";

/// The breakers of one server: its own, and those of its tools that have one.
#[derive(Debug)]
pub struct Breakers {
    health: Arc<Health>,
    /// What the server's own breaker shows to those who come.
    sign: Sign,
    kept: Mutex<Kept>,
    /// Rung when there is something to be tried out.
    bell: Arc<Notify>,
}

#[derive(Debug)]
struct Kept {
    rules: Rules,
    own: Fuse,
    tools: BTreeMap<Arc<str>, Fuse>,
    budget: Budget,
}

/// What a breaker does at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether calls pass.
    pub state: State,
    /// When that began.
    pub since: SystemTime,
    /// Why they do not.
    pub reason: Option<String>,
}

impl Breakers {
    /// The breakers of a server that is well.
    pub fn new(health: Arc<Health>) -> Self {
        let now = Instant::now();
        Self {
            health,
            sign: Sign::default(),
            kept: Mutex::new(Kept {
                rules: Rules::default(),
                own: Fuse::new(now),
                tools: BTreeMap::new(),
                budget: Budget::default(),
            }),
            bell: Arc::default(),
        }
    }

    /// Goes by other rules from now on.
    pub fn go_by(&self, rules: Rules) {
        self.lock().rules = rules;
    }

    /// Whether the server's own breaker holds calls back, and why.
    pub fn report(&self) -> Report {
        let kept = self.lock();
        let state = kept.own.breaker.state();
        let reason = (state != State::Closed).then(|| kept.own.reason.clone());
        Report { state, since: kept.own.since, reason }
    }

    /// The tools that are held back by breakers of their own, with when they are tried again.
    pub fn tools_held_back(&self) -> Vec<(Arc<str>, Report)> {
        let kept = self.lock();
        let held = kept.tools.iter().filter(|(_, fuse)| fuse.breaker.state() != State::Closed);
        let report =
            |fuse: &Fuse| Report { state: fuse.breaker.state(), since: fuse.since, reason: Some(fuse.reason.clone()) };
        held.map(|(tool, fuse)| (tool.clone(), report(fuse))).collect()
    }

    /// When the gateway itself is to try the server out, if it is held back.
    pub fn due(&self) -> Option<Instant> {
        if self.are_closed() {
            return None;
        }
        match self.lock().own.breaker.state() {
            State::Closed => None,
            State::Open { until } => Some(until),
            State::HalfOpen => Some(Instant::now() + TRIED_OUT_WITHIN),
        }
    }

    /// Rings when [`Self::due`] has come to be another time.
    pub fn bell(&self) -> Arc<Notify> {
        self.bell.clone()
    }

    /// Somebody looked after the server: all calls pass again.
    pub fn reset(&self) {
        let now = Instant::now();
        let mut kept = self.lock();
        kept.tools.clear();
        let change = kept.own.breaker.reset(now);
        self.sign.show(&kept.own.breaker);
        if let Some(change) = change {
            self.changed(kept, change);
        }
    }

    /// Whether a call that got no answer is sent once more, and after what time.
    pub fn sent_once_more(&self, attempt: &Attempt) -> Option<Duration> {
        let mut kept = self.lock();
        let rules = kept.rules.retry;
        rules.next(attempt, &mut kept.budget, u64::from_ne_bytes(random()))
    }

    /// Whether a second copy of a call may be sent: its server is well, and what may be sent once more is not used up.
    pub fn may_copy(&self) -> bool {
        self.are_closed() && self.lock().budget.spend()
    }

    /// The pass of a call, or why it is held back.
    pub(super) fn pass(&self, may_probe: bool, now: Instant) -> Result<Pass, Failure> {
        if let Some(pass) = self.sign.pass(now) {
            return Ok(pass);
        }
        let mut kept = self.lock();
        let rules = kept.rules.breaker;
        let passed = kept.own.pass(THE_SERVER, may_probe, &rules, now);
        self.sign.show(&kept.own.breaker);
        passed
    }

    pub(super) fn pass_tool(&self, tool: &Arc<str>, now: Instant) -> Result<Pass, Failure> {
        let mut kept = self.lock();
        let Kept { rules, tools, .. } = &mut *kept;
        if let Some(fuse) = tools.get_mut(tool) {
            return fuse.pass(THE_TOOL, true, &rules.breaker, now);
        }
        tools.entry(tool.clone()).or_insert_with(|| Fuse::new(now)).pass(THE_TOOL, true, &rules.breaker, now)
    }

    /// What a call of this tool is told while nothing passes, if that is so.
    pub(in crate::pipeline) fn refusal(&self, tool: &str) -> Option<Failure> {
        let (kept, now) = (self.lock(), Instant::now());
        kept.own.refusal(THE_SERVER, now).or_else(|| kept.tools.get(tool)?.refusal(THE_TOOL, now))
    }

    /// Whether calls of this tool pass, and none of them is to try the server or the tool out.
    pub(in crate::pipeline) fn are_closed_for(&self, tool: &str) -> bool {
        let is_closed = |fuse: &Fuse| fuse.breaker.state() == State::Closed;
        self.are_closed() && self.lock().tools.get(tool).is_none_or(is_closed)
    }

    /// Takes a pass back. Says what who comes now is told, if that was the end of the server's being well.
    pub(super) fn ended(
        &self,
        pass: Pass,
        end: End,
        failure: Option<&Failure>,
        is_first: bool,
        now: Instant,
    ) -> Option<Failure> {
        let mut kept = self.lock();
        if is_first {
            let retry = kept.rules.retry;
            kept.budget.earn(&retry);
        }
        let Kept { rules, own, .. } = &mut *kept;
        let change = own.ended(pass, end, failure, &self.health, &rules.breaker, now)?;
        let refusal = own.refusal(THE_SERVER, now);
        self.changed(kept, change);
        refusal.filter(|_| matches!(change, Change::Opened(_)))
    }

    pub(super) fn tool_ended(
        &self,
        tool: &Arc<str>,
        pass: Pass,
        end: End,
        failure: Option<&Failure>,
        now: Instant,
    ) -> Option<Failure> {
        let mut kept = self.lock();
        let Kept { rules, tools, .. } = &mut *kept;
        let fuse = tools.get_mut(tool)?;
        let change = fuse.ended(pass, end, failure, &self.health, &rules.breaker, now)?;
        let (reason, refusal) = (fuse.reason.clone(), fuse.refusal(THE_TOOL, now));
        drop(kept);
        match change {
            Change::Opened(_) => {
                tracing::warn!(server = self.health.server(), tool = &**tool, reason, "calls of a tool are held back");
            }
            Change::Closed => {
                tracing::info!(server = self.health.server(), tool = &**tool, "calls of a tool pass again");
            }
        }
        refusal.filter(|_| matches!(change, Change::Opened(_)))
    }

    /// Tells of a change of the server's own breaker.
    fn changed(&self, mut kept: MutexGuard<'_, Kept>, change: Change) {
        self.sign.show(&kept.own.breaker);
        kept.own.since = SystemTime::now();
        let reason = kept.own.reason.clone();
        drop(kept);
        match change {
            Change::Opened(_) => tracing::warn!(server = self.health.server(), reason, "calls are held back"),
            Change::Closed => tracing::info!(server = self.health.server(), "calls pass again"),
        }
        self.bell.notify_one();
        self.health.lapsed();
    }

    pub(super) fn are_closed(&self) -> bool {
        self.sign.is_closed()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
