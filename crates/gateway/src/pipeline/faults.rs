//! The step that makes faults on purpose, as an administrator has asked for it for a while: a call comes late to its server, finds
//! it out of reach, or is lost. It is the last one before the server, so that all others meet what it does as if the server had
//! done it. Who hears of such a fault hears that it was made.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use config::Glob;
use mcp::{Envelope, ScanLimits, Splice, array};

use crate::{
    answered_by::insert_meta,
    call::{Answer, Call, Exchange},
    failure::Failure,
    seals::random,
    upstream::Upstream,
};

/// Rules at one time; a test needs a few.
pub const RULES_MAX: usize = 32;

/// How long a rule lasts at most: one that is forgotten does no harm tomorrow.
pub const LASTS_MAX: Duration = Duration::from_hours(1);

/// How late a call may be made at most: longer than any call may be silent if nothing else is said.
pub const DELAY_MAX: Duration = Duration::from_mins(10);

/// What an answer that was late on purpose says in its `_meta`.
const KEY: &str = "dev.switchboard/fault";

/// The rules of a node. They are gone with its process.
#[derive(Debug, Default)]
pub struct Faults {
    /// How many there are: mostly none, which costs nothing to find out.
    count: AtomicUsize,
    rules: Mutex<Vec<Arc<Rule>>>,
    newest: AtomicU64,
}

/// Which calls are to meet what.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Their servers.
    pub server: Glob,
    /// Their tools, by their own names; what is no call of a tool has the empty name.
    pub tool: Glob,
    /// Who makes them; nobody named is everybody.
    pub principal: Option<String>,
    /// How many of a hundred.
    pub percent: u32,
    /// What they meet.
    pub effect: Effect,
    /// For how long.
    pub lasts: Duration,
    /// Who wants it so.
    pub by: String,
}

/// What a call meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is sent so much later.
    Delay(Duration),
    /// Its server cannot be reached; it is not sent.
    Error,
    /// It ends as if the connection had broken; it is not sent.
    Drop,
}

/// A wish that is in force.
#[derive(Debug)]
pub struct Rule {
    /// Its number.
    pub id: u64,
    /// What it says.
    pub wish: Wish,
    /// When it was made.
    pub since: SystemTime,
    until: Instant,
    met: AtomicU64,
}

/// There are as many rules as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are {RULES_MAX} fault rules already: remove one")]
pub struct TooMany;

impl Effect {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delay(_) => "delay",
            Self::Error => "error",
            Self::Drop => "drop",
        }
    }
}

impl Rule {
    /// How long it is in force yet.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// How many calls have met it.
    pub fn met(&self) -> u64 {
        self.met.load(Ordering::Relaxed)
    }

    fn is_about(&self, upstream: &Upstream, call: &Call) -> bool {
        let wish = &self.wish;
        let is_of = |name: &String| **name == *call.caller.principal.name;
        wish.server.matches(&upstream.name)
            && wish.tool.matches(&call.own_name)
            && wish.principal.as_ref().is_none_or(is_of)
    }

    fn is_drawn(&self) -> bool {
        u32::from_ne_bytes(random()) % 100 < self.wish.percent
    }
}

impl Faults {
    /// Puts a rule in force.
    pub fn add(&self, wish: Wish) -> Result<Arc<Rule>, TooMany> {
        self.sweep();
        let mut rules = self.lock();
        if rules.len() >= RULES_MAX {
            return Err(TooMany);
        }
        let id = self.newest.fetch_add(1, Ordering::Relaxed) + 1;
        let until = Instant::now() + wish.lasts.min(LASTS_MAX);
        let rule = Arc::new(Rule { id, wish, since: SystemTime::now(), until, met: AtomicU64::new(0) });
        rules.push(rule.clone());
        self.count.store(rules.len(), Ordering::Release);
        drop(rules);
        tell(&rule, "faults are made on purpose from now on");
        Ok(rule)
    }

    /// Ends a rule, as somebody wants it; nothing if there is none of this number.
    pub fn remove(&self, id: u64, by: &str) -> Option<Arc<Rule>> {
        let removed = self.take(|rule| rule.id == id).pop()?;
        tell(&removed, &format!("faults on purpose are ended by {by}"));
        Some(removed)
    }

    /// The rules in force, by number.
    pub fn all(&self) -> Vec<Arc<Rule>> {
        self.sweep();
        self.lock().clone()
    }

    /// Forgets the rules whose time is over.
    pub fn sweep(&self) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        for rule in self.take(|rule| rule.left().is_zero()) {
            tell(&rule, "the time of faults on purpose is over");
        }
    }

    fn take(&self, is_meant: impl Fn(&Rule) -> bool) -> Vec<Arc<Rule>> {
        let mut rules = self.lock();
        let taken = rules.extract_if(.., |rule| is_meant(rule)).collect();
        self.count.store(rules.len(), Ordering::Release);
        taken
    }

    /// The first rule that a call meets.
    fn met_by(&self, upstream: &Upstream, call: &Call) -> Option<Arc<Rule>> {
        let rules = self.lock();
        let met =
            rules.iter().find(|rule| rule.is_about(upstream, call) && !rule.left().is_zero() && rule.is_drawn())?;
        met.met.fetch_add(1, Ordering::Relaxed);
        Some(met.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Rule>>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells of a change of the rules, which concerns everybody who looks for the reason of a fault.
fn tell(rule: &Rule, what: &str) {
    let Wish { server, tool, principal, percent, effect, by, .. } = &rule.wish;
    let (principal, left_s) = (principal.as_deref().unwrap_or("everybody"), rule.left().as_secs());
    let (server, tool, effect) = (server.as_str(), tool.as_str(), effect.name());
    tracing::warn!(rule = rule.id, by, effect, server, tool, principal, percent, left_s, met = rule.met(), "{what}");
}

/// Sends a call to its server, unless it meets a fault.
pub(super) async fn send(upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    match met(upstream, call) {
        None => upstream.call(call).await,
        Some(rule) => Box::pin(befall(upstream, call, &rule)).await,
    }
}

fn met(upstream: &Upstream, call: &Call) -> Option<Arc<Rule>> {
    let faults = &upstream.faults;
    if faults.count.load(Ordering::Relaxed) == 0 { None } else { faults.met_by(upstream, call) }
}

async fn befall(upstream: &Arc<Upstream>, call: &Call, rule: &Rule) -> Exchange {
    let id = rule.id;
    let delay = match rule.wish.effect {
        Effect::Error => return Exchange::Done(Err(Failure::OnPurpose { rule: id, is_lost: false })),
        Effect::Drop => return Exchange::Done(Err(Failure::OnPurpose { rule: id, is_lost: true })),
        Effect::Delay(delay) => delay,
    };
    tokio::time::sleep(delay).await;
    match upstream.call(call).await {
        Exchange::Done(end) => Exchange::Done(end.map(|answer| late(answer, id, delay))),
        Exchange::Running(mut events) => {
            events.at_end(move |end, _| end.map(|answer| late(answer, id, delay)));
            Exchange::Running(events)
        }
    }
}

/// An answer that says that it is late on purpose. One that has no result is left as it is.
fn late(answer: Answer, rule: u64, delay: Duration) -> Answer {
    let envelope = &answer.envelope;
    if !envelope.result_members().span.is_some() {
        return answer;
    }
    let said = format!(r#""{KEY}":{{"rule":{rule},"effect":"delay","ms":{}}}"#, delay.as_millis());
    let mut splice = Splice::new(envelope.bytes());
    insert_meta(&mut splice, envelope, &said);
    match Envelope::parse(&splice.apply(), ScanLimits { depth_max: 128 }) {
        Ok(envelope) => Answer { envelope, era: answer.era },
        Err(_) => answer,
    }
}

/// Whether an answer says that it was late on purpose: it does so to nobody else.
pub(super) fn is_late(answer: &Envelope) -> bool {
    let meta = answer.meta_members().span.of(answer.bytes());
    meta.is_some_and(|meta| array::member(meta, KEY).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(lasts: Duration) -> Wish {
        let any = || "*".parse().unwrap();
        let by = "a test".to_owned();
        Wish { server: any(), tool: any(), principal: None, percent: 100, effect: Effect::Error, lasts, by }
    }

    #[test]
    fn no_rule_lasts_longer_than_it_may_and_there_are_no_more_than_may_be() {
        let faults = Faults::default();
        let first = faults.add(wish(Duration::from_hours(24))).unwrap();
        assert!(first.left() <= LASTS_MAX);
        for _ in 1..RULES_MAX {
            faults.add(wish(LASTS_MAX)).unwrap();
        }
        assert_eq!(faults.add(wish(LASTS_MAX)).err(), Some(TooMany));
        assert_eq!(faults.remove(first.id, "a test").map(|rule| rule.id), Some(first.id));
        assert!(faults.remove(first.id, "a test").is_none());
        assert_eq!(faults.all().len(), RULES_MAX - 1);
    }

    #[test]
    fn a_rule_whose_time_is_over_is_gone_and_leaves_room() {
        let faults = Faults::default();
        for _ in 0..2 * RULES_MAX {
            faults.add(wish(Duration::ZERO)).unwrap();
        }
        assert!(faults.all().is_empty());
        assert_eq!(faults.count.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_late_answer_says_so_once_in_its_meta() {
        for text in
            [r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, r#"{"jsonrpc":"2.0","id":1,"result":{"_meta":{"a":1}}}"#]
        {
            let envelope = Envelope::parse(&text.to_owned().into(), ScanLimits::default()).unwrap();
            assert!(!is_late(&envelope));
            let answer = late(Answer { envelope, era: mcp::Era::Modern }, 3, Duration::from_millis(20));
            let said: serde_json::Value = serde_json::from_slice(answer.envelope.bytes()).unwrap();
            let expected = serde_json::json!({ "rule": 3, "effect": "delay", "ms": 20 });
            assert_eq!(said["result"]["_meta"][KEY], expected);
            assert!(is_late(&answer.envelope));
        }
    }
}
