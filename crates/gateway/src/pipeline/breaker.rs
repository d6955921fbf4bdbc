//! The step that holds calls back from a server that fails, and from a tool of it where the configuration says so: who comes
//! is told at once why, and when it is tried again. The rules are in `traffic`; here they are applied to one server, whose
//! changes of state stand in the log and are told to whoever listens to the server.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use config::Config;
use tokio::sync::Notify;
pub use traffic::breaker::State as Passes;
use traffic::{
    breaker::{Breaker, Change, End, Pass, Sign},
    retry::{Attempt, Budget},
};

use crate::{
    call::{Answer, Call},
    failure::Failure,
    seals::random,
    upstream::{Upstream, health::Health},
};

/// How soon to come again while a server is being tried out.
const TRIED_OUT_WITHIN: Duration = Duration::from_secs(1);

/// What is left alone, as the start of a sentence.
const THE_SERVER: &str = "the server";
const THE_TOOL: &str = "the tool";

/// When calls are held back and when they are sent once more, as the configuration says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    breaker: traffic::breaker::Rules,
    retry: traffic::retry::Rules,
}

impl Rules {
    /// The rules of a configuration.
    pub fn of(config: &Config) -> Self {
        let (breaker, retry) = (&config.breaker, &config.retry);
        Self {
            breaker: traffic::breaker::Rules {
                failures: breaker.failures,
                window: Duration::from_secs(breaker.window_s),
                window_calls: breaker.window_calls,
                window_percent: breaker.window_percent,
                open: Duration::from_secs(breaker.open_s),
                open_max: Duration::from_secs(breaker.open_s_max),
                successes: breaker.successes,
            },
            retry: traffic::retry::Rules {
                attempts: retry.attempts,
                wait: Duration::from_millis(retry.wait_ms),
                wait_max: Duration::from_millis(retry.wait_ms_max),
                budget_percent: retry.budget_percent,
            },
        }
    }
}

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

/// A breaker, and what is told of it.
#[derive(Debug)]
struct Fuse {
    breaker: Breaker,
    since: SystemTime,
    /// Why it opened, and what the last failure was.
    reason: String,
}

/// What a breaker does at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether calls pass.
    pub state: Passes,
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
        let reason = (state != Passes::Closed).then(|| kept.own.reason.clone());
        Report { state, since: kept.own.since, reason }
    }

    /// The tools that are held back by breakers of their own, with when they are tried again.
    pub fn tools_held_back(&self) -> Vec<(Arc<str>, Report)> {
        let kept = self.lock();
        let held = kept.tools.iter().filter(|(_, fuse)| fuse.breaker.state() != Passes::Closed);
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
            Passes::Closed => None,
            Passes::Open { until } => Some(until),
            Passes::HalfOpen => Some(Instant::now() + TRIED_OUT_WITHIN),
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
    fn pass(&self, may_probe: bool, now: Instant) -> Result<Pass, Failure> {
        if let Some(pass) = self.sign.pass(now) {
            return Ok(pass);
        }
        let mut kept = self.lock();
        let rules = kept.rules.breaker;
        let passed = kept.own.pass(THE_SERVER, may_probe, &rules, now);
        self.sign.show(&kept.own.breaker);
        passed
    }

    fn pass_tool(&self, tool: &Arc<str>, now: Instant) -> Result<Pass, Failure> {
        let mut kept = self.lock();
        let Kept { rules, tools, .. } = &mut *kept;
        if let Some(fuse) = tools.get_mut(tool) {
            return fuse.pass(THE_TOOL, true, &rules.breaker, now);
        }
        tools.entry(tool.clone()).or_insert_with(|| Fuse::new(now)).pass(THE_TOOL, true, &rules.breaker, now)
    }

    /// What a call of this tool is told while nothing passes, if that is so.
    pub(super) fn refusal(&self, tool: &str) -> Option<Failure> {
        let (kept, now) = (self.lock(), Instant::now());
        kept.own.refusal(THE_SERVER, now).or_else(|| kept.tools.get(tool)?.refusal(THE_TOOL, now))
    }

    /// Takes a pass back. Says what who comes now is told, if that was the end of the server's being well.
    fn ended(&self, pass: Pass, end: End, failure: Option<&Failure>, is_first: bool, now: Instant) -> Option<Failure> {
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

    fn tool_ended(
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

    fn are_closed(&self) -> bool {
        self.sign.is_closed()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fuse {
    fn new(now: Instant) -> Self {
        Self { breaker: Breaker::new(now), since: SystemTime::now(), reason: String::new() }
    }

    fn pass(
        &mut self,
        what: &'static str,
        may_probe: bool,
        rules: &traffic::breaker::Rules,
        now: Instant,
    ) -> Result<Pass, Failure> {
        self.breaker.pass(may_probe, rules, now).map_err(|until| self.left_alone(what, until, now))
    }

    /// What who comes is told while nothing passes.
    fn refusal(&self, what: &'static str, now: Instant) -> Option<Failure> {
        match self.breaker.state() {
            Passes::Open { until } => Some(self.left_alone(what, until, now)),
            Passes::Closed | Passes::HalfOpen => None,
        }
    }

    fn left_alone(&self, what: &'static str, until: Instant, now: Instant) -> Failure {
        let left = until.saturating_duration_since(now).max(TRIED_OUT_WITHIN);
        Failure::LeftAlone { what, reason: self.reason.clone(), left }
    }

    fn ended(
        &mut self,
        pass: Pass,
        end: End,
        failure: Option<&Failure>,
        health: &Health,
        rules: &traffic::breaker::Rules,
        now: Instant,
    ) -> Option<Change> {
        let change = self.breaker.ended(pass, end, rules, now)?;
        if let (Change::Opened(why), Some(failure)) = (change, failure) {
            self.reason = health.journal.clean(&format!("{why}, the last because {}", failure.reason()));
        }
        self.since = SystemTime::now();
        Some(change)
    }
}

/// The permission to send one call once. It is given back with the end of that; dropped without one, the call was given up.
#[derive(Debug)]
pub struct Permit {
    upstream: Arc<Upstream>,
    /// Nothing once it is given back.
    pass: Option<Pass>,
    tool: Option<(Arc<str>, Pass)>,
    acts: bool,
    is_first: bool,
    silence: Silence,
}

/// What it says of the server when a call is silent for longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    /// That it fails: no call of it should take so long.
    Fails,
    /// Nothing: the caller said how long it may take.
    IsHurried,
    /// Nothing yet: only the kind of the call says how long it may take, and the server itself has to be asked.
    IsDoubtful,
}

/// Lets a call pass, or says why it is held back. What may do harm is not used to try a server out.
pub(super) fn admit(upstream: &Arc<Upstream>, call: &Call, is_first: bool, now: Instant) -> Result<Permit, Failure> {
    let act = call.manner.act;
    let has_own = call.manner.settings.as_ref().is_some_and(|settings| settings.breaker == Some(true));
    let pass = upstream.breakers.pass(act == traffic::Act::Reads, now)?;
    let mut permit = Permit {
        upstream: upstream.clone(),
        pass: Some(pass),
        tool: None,
        acts: act != traffic::Act::Reads,
        is_first,
        silence: if call.until.is_some() { Silence::IsHurried } else { Silence::Fails },
    };
    if has_own {
        // refused by its tool, the call gives the pass of its server back by dropping the permit
        permit.tool = Some((call.own_name.clone(), upstream.breakers.pass_tool(&call.own_name, now)?));
    }
    Ok(permit)
}

/// The permission to try a server out, if it is time for that.
pub(crate) fn try_out(upstream: &Arc<Upstream>) -> Option<Permit> {
    if upstream.breakers.are_closed() {
        return None;
    }
    let pass = upstream.breakers.pass(true, Instant::now()).ok()?;
    Some(Permit {
        upstream: upstream.clone(),
        pass: Some(pass),
        tool: None,
        acts: false,
        is_first: false,
        silence: Silence::Fails,
    })
}

impl Permit {
    /// The call has ended like this.
    pub fn ended(self, end: &Result<Answer, Failure>) {
        self.tell(end.as_ref().err());
    }

    /// The server was tried out, with this result.
    pub(crate) fn tried(self, end: Result<(), Failure>) {
        self.tell(end.err().as_ref());
    }

    /// How long the call may be silent is known only by its kind.
    pub(super) fn bounded_by_kind(&mut self) {
        if self.silence == Silence::Fails {
            self.silence = Silence::IsDoubtful;
        }
    }

    fn tell(mut self, failure: Option<&Failure>) {
        match failure {
            None => self.give_back(End::Well, None),
            Some(Failure::Timeout | Failure::Unanswered) if self.silence == Silence::IsDoubtful => self.ask(),
            Some(failure) => self.give_back(told_by(failure, self.silence), Some(failure)),
        }
    }

    /// Asks the server for a sign of life: what comes of that is the end of the call, as far as it tells of the server. The
    /// breaker of a tool alone needs no other sign.
    fn ask(mut self) {
        if let Some((tool, pass)) = self.tool.take()
            && let Some(refusal) =
                self.upstream.breakers.tool_ended(&tool, pass, End::Failed, Some(&Failure::Timeout), Instant::now())
        {
            self.turn_away(Some(&tool), &refusal);
        }
        let question = Self {
            upstream: self.upstream.clone(),
            pass: self.pass.take(),
            tool: None,
            acts: false,
            is_first: self.is_first,
            silence: Silence::Fails,
        };
        tokio::spawn(async move {
            let end = question.upstream.gives_a_sign().await;
            question.tried(end);
        });
    }

    fn give_back(&mut self, end: End, failure: Option<&Failure>) {
        let Some(pass) = self.pass.take() else { return };
        let now = Instant::now();
        let of_server = match &self.tool {
            // a tool with a breaker of its own fails alone, as long as its server can be reached
            Some(_) if !failure.is_none_or(keeps_from_the_server) => End::Untold,
            // and so does an instance, as long as another one is well
            _ if matches!(end, End::Failed | End::Lost) && self.upstream.has_instance_that_is_well() => End::Untold,
            _ => end,
        };
        if let Some((tool, pass)) = self.tool.take()
            && let Some(refusal) = self.upstream.breakers.tool_ended(&tool, pass, end, failure, now)
        {
            self.turn_away(Some(&tool), &refusal);
        }
        if let Some(refusal) = self.upstream.breakers.ended(pass, of_server, failure, self.is_first, now) {
            self.turn_away(None, &refusal);
        }
    }

    /// Who waits for what has just been found to fail need not wait any longer.
    fn turn_away(&self, tool: Option<&str>, refusal: &Failure) {
        if let Some(line) = self.upstream.line.get() {
            line.drop_waiting(tool, refusal);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.acts {
            self.upstream.reads.are_stale();
        }
        self.give_back(End::Untold, None);
    }
}

/// Whether a call that failed like this never reached its server.
fn keeps_from_the_server(failure: &Failure) -> bool {
    matches!(failure, Failure::Unavailable(_) | Failure::OnPurpose { is_lost: false, .. })
}

/// What a failure tells of the server. That it refuses somebody or something is no fault of it, nor is what never came to it.
fn told_by(failure: &Failure, silence: Silence) -> End {
    match failure {
        Failure::Lost | Failure::OnPurpose { is_lost: true, .. } => End::Lost,
        Failure::Timeout | Failure::Unanswered if silence == Silence::IsHurried => End::Untold,
        Failure::Unavailable(_)
        | Failure::OnPurpose { is_lost: false, .. }
        | Failure::Timeout
        | Failure::Unanswered
        | Failure::Garbage(_)
        | Failure::TurnedAway { status: 500.., .. } => End::Failed,
        Failure::Unauthorized(_)
        | Failure::Rejected(_)
        | Failure::TooLarge(_)
        | Failure::MissingCapability(_)
        | Failure::NotFound(_) => End::Well,
        Failure::LeftAlone { .. }
        | Failure::TurnedAway { .. }
        | Failure::NoRoom(_)
        | Failure::NotKept
        | Failure::SessionGone
        | Failure::OutcomeUnknown(_)
        | Failure::Overloaded
        | Failure::Full { .. }
        | Failure::Expired
        | Failure::TooLate { .. }
        | Failure::TooShort { .. }
        | Failure::Withdrawn { .. }
        | Failure::StillUnderWay
        | Failure::TooOften { .. }
        | Failure::UnknownName(_)
        | Failure::Refused(..) => End::Untold,
    }
}
