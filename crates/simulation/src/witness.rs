//! The promises of a node, kept by plain counts that know nothing of its machines. The first one that is broken ends the run.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use traffic::{Act, cache::Terms, queue::Record, retry};

use crate::world::{Answer, Ask, Outcome, Tool, age_max};

/// Calls that may be sent once more although none has earned it.
const RESERVE: u64 = 10;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}, after {at:?}: {what}\nhint: cargo xtask simulate --seed {seed}")]
pub struct Broken {
    /// The number of the run.
    pub seed: u64,
    /// When, in the time of the run.
    pub at: Duration,
    /// What happened.
    pub what: String,
}

/// What happened in runs: something that never happens is not tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    calls: u64,
    answered: u64,
    refused: u64,
    unknown: u64,
    given_up: u64,
    executed: u64,
    repeated: u64,
    opened: u64,
    kept: u64,
    shared: u64,
    keyed_twice: u64,
    too_late: u64,
    too_often: u64,
}

impl Counts {
    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        for ((_, mine), (_, its)) in self.fields().into_iter().zip(other.iter()) {
            *mine += its;
        }
    }

    /// Each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let mut copy = *self;
        copy.fields().map(|(name, count)| (name, *count)).into_iter()
    }

    fn fields(&mut self) -> [(&'static str, &mut u64); 13] {
        [
            ("calls", &mut self.calls),
            ("answers", &mut self.answered),
            ("refusals", &mut self.refused),
            ("unknown outcomes", &mut self.unknown),
            ("callers that go", &mut self.given_up),
            ("executions", &mut self.executed),
            ("calls sent once more", &mut self.repeated),
            ("servers left alone", &mut self.opened),
            ("kept answers given", &mut self.kept),
            ("reads shared", &mut self.shared),
            ("keys used twice", &mut self.keyed_twice),
            ("calls too late to start", &mut self.too_late),
            ("calls over a rate", &mut self.too_often),
        ]
    }
}

/// What is known of a call.
#[derive(Debug)]
struct Known {
    ask: Ask,
    came: Instant,
    /// Changes of its server that were acknowledged when it came.
    acknowledged: u64,
    executed: u32,
    /// What its last execution changed.
    changed: u64,
    has_ended: bool,
    is_given: bool,
    /// Whether its server has to be well by then.
    must_be_answered: bool,
}

/// How far a rate is used up, in sixty-thousandths of a call, with its least so far: the rise has a bound.
#[derive(Debug, Default)]
struct Spent {
    balance: i64,
    least: i64,
    at_ms: u64,
}

/// The promises, and what they are judged by.
#[derive(Debug)]
pub(crate) struct Witness {
    seed: u64,
    broken: Option<Broken>,
    counts: Counts,
    room_max: u32,
    terms: Terms,
    retries: retry::Rules,
    known: Vec<Known>,
    /// What runs: by the number of its ticket.
    running: BTreeMap<u64, (Ask, std::sync::Arc<str>)>,
    spent: HashMap<usize, Spent>,
    /// Executions of acts under keys.
    keyed: HashMap<(usize, usize, u8), Vec<usize>>,
    /// First sendings and further ones, by server.
    sent: HashMap<usize, (u64, u64)>,
    /// Changes that their callers know of, by server.
    acknowledged: HashMap<usize, u64>,
}

impl Witness {
    pub(crate) fn new(seed: u64, room_max: u32, terms: Terms, retries: retry::Rules) -> Self {
        Self {
            seed,
            broken: None,
            counts: Counts::default(),
            room_max,
            terms,
            retries,
            known: Vec::new(),
            running: BTreeMap::new(),
            spent: HashMap::new(),
            keyed: HashMap::new(),
            sent: HashMap::new(),
            acknowledged: HashMap::new(),
        }
    }

    /// A promise is broken.
    pub(crate) fn breaks(&mut self, at: Duration, what: String) {
        let seed = self.seed;
        self.broken.get_or_insert(Broken { seed, at, what });
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// How the run ended.
    pub(crate) fn verdict(self) -> Result<Counts, Broken> {
        self.broken.map_or(Ok(self.counts), Err)
    }

    /// A call comes.
    pub(crate) fn called(&mut self, fetch: usize, ask: Ask, now: Instant, must_be_answered: bool) {
        debug_assert_eq!(self.known.len(), fetch, "fetches are numbered as they come");
        self.counts.calls += 1;
        self.notes(ask, now, must_be_answered);
    }

    /// Nobody calls: a new answer is fetched while a kept one was given.
    pub(crate) fn fetched_behind(&mut self, fetch: usize, ask: Ask, now: Instant) {
        debug_assert_eq!(self.known.len(), fetch, "fetches are numbered as they come");
        self.notes(ask, now, false);
        if let Some(known) = self.known.last_mut() {
            known.has_ended = true;
        }
    }

    fn notes(&mut self, ask: Ask, came: Instant, must_be_answered: bool) {
        let acknowledged = self.acknowledged.get(&ask.server).copied().unwrap_or_default();
        self.known.push(Known {
            ask,
            came,
            acknowledged,
            executed: 0,
            changed: 0,
            has_ended: false,
            is_given: false,
            must_be_answered,
        });
    }

    /// A call was counted against a rate: in any window there are no more than the burst and what the rate gives.
    pub(crate) fn rated(&mut self, principal: usize, rate: (u32, u32), now_ms: u64, is_counted: bool) {
        const ONE: i64 = 60_000;
        let (per_minute, burst) = rate;
        let spent = self.spent.entry(principal).or_default();
        let passed = i64::try_from(now_ms.saturating_sub(spent.at_ms)).unwrap_or(i64::MAX);
        spent.at_ms = now_ms;
        spent.balance = spent.balance.saturating_sub(passed.saturating_mul(i64::from(per_minute)));
        spent.least = spent.least.min(spent.balance);
        if !is_counted {
            self.counts.too_often += 1;
            return;
        }
        spent.balance += ONE;
        if spent.balance - spent.least > ONE * i64::from(burst) {
            self.breaks(Duration::from_millis(now_ms), format!("principal {principal} goes over its rate"));
        }
    }

    /// A call is refused because too many wait.
    pub(crate) fn refused(&mut self, at: Duration, retry_after: Duration) {
        if retry_after.is_zero() {
            self.breaks(at, "a refused call is told to come again at once".to_owned());
        }
    }

    /// A call is refused because it would wait or run longer than it may.
    pub(crate) fn comes_too_late(&mut self, at: Duration, left: Duration, takes: Duration) {
        if takes <= left {
            self.breaks(at, format!("a call with {left:?} left is refused because {takes:?} would pass"));
        }
    }

    /// A read waits for the answer to another one.
    pub(crate) fn shares(&mut self) {
        self.counts.shared += 1;
    }

    /// A breaker opened.
    pub(crate) fn opens(&mut self) {
        self.counts.opened += 1;
    }

    /// A call is sent for the first time.
    pub(crate) fn sends_first(&mut self, server: usize) {
        self.sent.entry(server).or_default().0 += 1;
    }

    /// A call is to be sent once more: of all that is sent to a server it is a bounded part.
    pub(crate) fn repeats(&mut self, at: Duration, server: usize) {
        self.counts.repeated += 1;
        let (first, more) = self.sent.entry(server).or_default();
        *more += 1;
        let (first, more) = (*first, *more);
        if more * 100 > RESERVE * 100 + first * u64::from(self.retries.budget_percent) {
            self.breaks(at, format!("{more} of {first} calls are sent once more to server {server}"));
        }
    }

    /// A call starts: in time, and within all bounds.
    pub(crate) fn starts(
        &mut self,
        now: Instant,
        at: Duration,
        (ask, fetch): (Ask, usize),
        record: &Record,
        running_max: u32,
    ) {
        let count =
            |is_of: &dyn Fn(&Ask) -> bool| self.running.values().filter(|(other, _)| is_of(other)).count() as u32;
        let here = |other: &Ask| other.server == ask.server;
        let late = record.entry.deadline <= now
            || ask.timeout.is_some_and(|timeout| now >= self.known[fetch].came + timeout && ask.key.is_none());
        let bounds = [
            ("after its time", late),
            ("over the places of the node", count(&|_| true) >= self.room_max),
            ("over those of its server", count(&here) >= running_max),
            (
                "over those of its principal",
                count(&|other| other.principal == ask.principal) >= record.entry.share.running.max(),
            ),
            (
                "over those of its tool",
                ask.tool.max().is_some_and(|max| count(&|other| here(other) && other.tool == ask.tool) >= max),
            ),
            (
                "beside another on its object",
                ask.tool == Tool::Locked
                    && count(&|other| here(other) && (other.tool, other.object) == (ask.tool, ask.object)) > 0,
            ),
        ];
        if let Some((how, _)) = bounds.into_iter().find(|(_, is_broken)| *is_broken) {
            self.breaks(at, format!("a call starts {how}: {ask:?}"));
        }
        self.running.insert(record.id, (ask, record.entry.share.principal.clone()));
    }

    /// A call gives its place back.
    pub(crate) fn leaves(&mut self, id: u64) {
        self.running.remove(&id);
    }

    /// Nobody waits for nothing: something that it wants is taken.
    pub(crate) fn waits_for_something(&mut self, at: Duration, server: usize, record: &Record, running_max: u32) {
        let entry = &record.entry;
        let here: Vec<&Ask> = self.running.values().map(|(ask, _)| ask).filter(|ask| ask.server == server).collect();
        let of_principal =
            self.running.values().filter(|(_, principal)| *principal == entry.share.principal).count() as u32;
        let tool = |ask: &&&Ask| *ask.tool.name() == *entry.tool;
        let is_held = self.running.len() as u32 >= self.room_max
            || here.len() as u32 >= running_max
            || of_principal >= entry.share.running.max()
            || entry.tool_max.is_some_and(|max| here.iter().filter(tool).count() as u32 >= max)
            || (entry.lock.is_some() && here.iter().filter(tool).count() > 0);
        if !is_held {
            self.breaks(at, format!("a call waits for nothing: {entry:?}"));
        }
    }

    /// A server does what it was asked to do.
    pub(crate) fn executed(&mut self, at: Duration, fetch: usize, ask: Ask, version: u64) {
        self.counts.executed += 1;
        let known = &mut self.known[fetch];
        known.executed += 1;
        known.changed = version;
        if ask.tool.act() == Act::Acts && known.executed > 1 {
            return self.breaks(at, format!("an act was executed twice: {ask:?}"));
        }
        // what may be done twice may be done under a key that was free again, too
        let Some(key) = ask.key.filter(|_| ask.tool.act() == Act::Acts) else { return };
        let fetches = self.keyed.entry((ask.principal, ask.server, key)).or_default();
        if !fetches.contains(&fetch) {
            fetches.push(fetch);
        }
        if fetches.len() > 1 {
            let all: Vec<Ask> = fetches.iter().map(|fetch| self.known[*fetch].ask).collect();
            self.breaks(at, format!("two calls under one key were executed: {all:?}"));
        }
    }

    /// A kept answer is given: no other principal's, not too old, and not from before a change that was acknowledged.
    pub(crate) fn given(&mut self, at: Duration, fetch: usize, answer: &Answer, age: Duration) {
        self.counts.kept += 1;
        let known = &mut self.known[fetch];
        known.is_given = true;
        let Ask { principal, server, tool, object, .. } = known.ask;
        let is_other = (answer.server, answer.tool, answer.object) != (server, tool, object);
        let is_foreign = tool != Tool::Common && answer.principal != principal;
        let wrongs = [
            ("another question", is_other),
            ("another principal", is_foreign),
            ("too long ago", age >= age_max(&self.terms)),
            ("before a change that was acknowledged", answer.version < known.acknowledged),
        ];
        if let Some((of, _)) = wrongs.into_iter().find(|(_, is_wrong)| *is_wrong) {
            self.breaks(
                at,
                format!("a kept answer of {of} is given: {:?} gets {answer:?}, {age:?} old", self.known[fetch].ask),
            );
        }
    }

    /// A call gets its one answer, and the answer is true.
    pub(crate) fn answered(&mut self, now: Instant, at: Duration, fetch: usize, outcome: Outcome) {
        let Known { ask, came, executed, has_ended, is_given, must_be_answered, acknowledged, .. } = self.known[fetch];
        if has_ended {
            return self.breaks(at, format!("a call is answered twice: {ask:?}, {outcome:?}"));
        }
        let is_act = ask.tool.act() == Act::Acts && ask.key.is_none();
        let is_late = ask.timeout.is_some_and(|timeout| now > came + timeout) && ask.key.is_none();
        let lies = match outcome {
            Outcome::Answered(answer) => {
                self.counts.answered += 1;
                self.counts.keyed_twice += u64::from(ask.key.is_some() && executed == 0);
                let is_foreign = answer.principal != ask.principal && ask.tool != Tool::Common;
                let is_old = answer.version < acknowledged && !is_given && ask.tool.act() == Act::Reads;
                [
                    ("is answered without having been executed", is_act && executed != 1),
                    ("gets what another principal asked for", is_foreign),
                    ("reads what was before a change that was acknowledged", is_old),
                ]
            }
            Outcome::Lost | Outcome::Unanswered | Outcome::Broken => {
                self.counts.unknown += 1;
                [("", false); 3]
            }
            _ => {
                self.counts.refused += 1;
                self.counts.too_late += u64::from(outcome == Outcome::Expired);
                [("is refused and was executed", is_act && executed > 0), ("", false), ("", false)]
            }
        };
        if let Some((how, _)) = lies.into_iter().find(|(_, is_lie)| *is_lie) {
            return self.breaks(at, format!("a call {how}: {ask:?}, {outcome:?}"));
        }
        if is_late {
            return self.breaks(at, format!("a call is answered after its time: {ask:?}, {outcome:?}"));
        }
        let is_excused = matches!(outcome, Outcome::Answered(_) | Outcome::TooOften | Outcome::Full | Outcome::Expired);
        if must_be_answered && !is_excused {
            return self.breaks(at, format!("a server that is back is not found: {ask:?}, {outcome:?}"));
        }
        self.known[fetch].has_ended = true;
        if matches!(outcome, Outcome::Answered(_)) && ask.tool.act() != Act::Reads {
            let known = self.acknowledged.entry(ask.server).or_default();
            *known = (*known).max(self.known[fetch].changed);
        }
    }

    /// The caller goes: that is its answer.
    pub(crate) fn gave_up(&mut self, fetch: usize) {
        self.known[fetch].has_ended = true;
        self.counts.given_up += 1;
    }

    /// Nothing happens any more: every call has its answer.
    pub(crate) fn ends(&mut self, at: Duration) {
        if let Some(known) = self.known.iter().find(|known| !known.has_ended) {
            self.breaks(at, format!("a call gets no answer: {:?}", known.ask));
        }
    }
}
