//! How many calls a server can do at one time, found out by how quickly it answers: more as long as that makes no call take
//! longer than at the best of times, fewer when it does. How long calls took comes in as percent of the best of times.

use std::time::{Duration, Instant};

/// Percent of the time at the best of times that calls may take before fewer of them run.
const PERCENT_MAX: u64 = 150;

/// Of the calls that run at most one part in so many is given up at once: the next look may show that it was chance.
const SHRINK_MAX: u32 = 2;

/// Calls on which a look is based, and after how long fewer will do.
const LOOK_CALLS: u32 = 16;
const LOOK_AFTER_MAX: Duration = Duration::from_secs(10);

/// How many calls may run at the least and at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// At the least; 0 counts as 1.
    pub min: u32,
    /// At the most.
    pub max: u32,
}

/// A change of how many calls may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// So many could.
    pub from: u32,
    /// So many can.
    pub to: u32,
    /// Why.
    pub why: Why,
}

/// Why another number of calls may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// All places were taken, and the answers came as quickly as ever.
    Quick,
    /// The answers took longer than at the best of times.
    Slow,
}

impl std::fmt::Display for Why {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Quick => "all places were taken, and answers came as quickly as ever",
            Self::Slow => "answers took longer than at the best of times",
        })
    }
}

/// How many calls may run, and what was seen since that was last decided.
#[derive(Clone, Debug)]
pub struct Adaptive {
    bounds: Bounds,
    limit: u32,
    decided: Instant,
    calls: u32,
    /// How long they took, in percent of the best of times, added up.
    percent: u64,
    /// The most that ran beside one of them.
    running_max: u32,
}

impl Adaptive {
    /// Begins with the fewest: what is found out then is the best of times.
    pub fn new(bounds: Bounds, now: Instant) -> Self {
        let bounds = bounds.sane();
        Self { bounds, limit: bounds.min, decided: now, calls: 0, percent: 0, running_max: 0 }
    }

    /// The same between other bounds.
    pub fn within(self, bounds: Bounds) -> Self {
        let bounds = bounds.sane();
        Self { bounds, limit: self.limit.clamp(bounds.min, bounds.max), ..self }
    }

    /// How many calls may run.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// How many may run at the most, if that proves to be good.
    pub fn limit_max(&self) -> u32 {
        self.bounds.max
    }

    /// A call has ended that began then and took so many percent of the time at the best of times; so many ran with it. One
    /// that began before the last decision tells of times that are over.
    pub fn ended(&mut self, percent: u64, running: u32, began: Instant, now: Instant) -> Option<Change> {
        if began < self.decided {
            return None;
        }
        self.calls += 1;
        self.percent = self.percent.saturating_add(percent);
        self.running_max = self.running_max.max(running);
        let is_due = self.calls >= LOOK_CALLS || now.saturating_duration_since(self.decided) >= LOOK_AFTER_MAX;
        if is_due { self.decide(now) } else { None }
    }

    fn decide(&mut self, now: Instant) -> Option<Change> {
        let (from, mean) = (self.limit, self.percent / u64::from(self.calls));
        let (to, why) = if mean > PERCENT_MAX {
            let kept = u32::try_from(u64::from(from) * PERCENT_MAX / mean).unwrap_or(from);
            (kept.max(from / SHRINK_MAX), Why::Slow)
        } else if self.running_max >= from {
            (from.saturating_add(from.isqrt() + 1), Why::Quick)
        } else {
            (from, Why::Quick)
        };
        *self = Self { limit: to.clamp(self.bounds.min, self.bounds.max), ..Self::new(self.bounds, now) };
        (self.limit != from).then_some(Change { from, to: self.limit, why })
    }
}

impl Bounds {
    fn sane(self) -> Self {
        let min = self.min.max(1);
        Self { min, max: self.max.max(min) }
    }
}
