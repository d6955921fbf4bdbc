//! How long calls have to wait, by what those before them took so far: what callers are told, and who is refused for it.

use std::{
    cmp::Reverse,
    collections::HashMap,
    time::{Duration, Instant},
};

use super::{Entry, Late, Queue, Record, State, Ticket, forecast::Forecast, turns};
use crate::adaptive::Adaptive;

/// What a refused caller is told to wait while nobody knows yet how long calls take, and the bounds of what it is told.
const RETRY_AFTER: Duration = Duration::from_secs(1);
const RETRY_AFTER_MIN: Duration = Duration::from_millis(100);
const RETRY_AFTER_MAX: Duration = Duration::from_mins(1);

/// Where a waiting call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Calls that start before it if nothing else comes.
    pub ahead: u32,
    /// How long that will take, by what calls took so far.
    pub wait: Option<Duration>,
}

impl Queue {
    /// Where a waiting call stands.
    pub fn place(&self, ticket: Ticket, now: Instant) -> Option<Place> {
        let own = self.records.get(ticket).filter(|record| record.state == State::Waiting)?;
        let ahead = self.records.iter().map(|(_, other)| other).filter(|other| other.is_ahead_of(own));
        Some(self.place_behind(ahead, now))
    }

    /// Where all that wait stand, by their numbers.
    pub fn places(&self, now: Instant) -> HashMap<u64, Place> {
        let mut waiting: Vec<&Record> = self.waiting_calls().collect();
        waiting.sort_unstable_by_key(|record| (Reverse(record.entry.class), record.id));
        let mut forecast = self.forecast(now);
        let place = |(ahead, record): (usize, &Record)| {
            let wait = forecast.as_ref().map(Forecast::next);
            forecast = forecast.take().and_then(|forecast| self.followed_by(forecast, record));
            (record.id, Place { ahead: ahead as u32, wait })
        };
        waiting.into_iter().enumerate().map(place).collect()
    }

    /// Where one more call would stand.
    pub fn next_place(&self, now: Instant) -> Place {
        self.place_behind(self.waiting_calls(), now)
    }

    fn waiting_calls(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().map(|(_, record)| record).filter(|record| record.state == State::Waiting)
    }

    /// The place behind these.
    fn place_behind<'q>(&'q self, others: impl Iterator<Item = &'q Record>, now: Instant) -> Place {
        let (mut ahead, mut forecast) = (0, self.forecast(now));
        for record in others {
            ahead += 1;
            forecast = forecast.and_then(|forecast| self.followed_by(forecast, record));
        }
        Place { ahead, wait: forecast.map(|forecast| forecast.next()) }
    }

    /// When places are free, by those that run now. Who has run for longer than was to be expected is taken to need as much
    /// again as it is over that. Nothing while all places are taken and no call has been answered yet.
    fn forecast(&self, now: Instant) -> Option<Forecast> {
        if self.running >= self.limits.running_max && self.past.service().is_none() {
            return None;
        }
        let left = self.records.iter().filter_map(|(_, record)| match record.state {
            State::Running { since, resting: 0 } => {
                let expected = self.expected(&record.entry.tool).unwrap_or_default();
                Some(expected.abs_diff(now.saturating_duration_since(since)))
            }
            _ => None,
        });
        Some(Forecast::new(self.limits.running_max, left))
    }

    /// The same when this call has started too; nothing if nobody knows how long it will take.
    fn followed_by(&self, mut forecast: Forecast, record: &Record) -> Option<Forecast> {
        forecast.start(self.expected(&record.entry.tool)?);
        Some(forecast)
    }

    /// How long a call of this tool takes; of a tool that is not known yet, as long as the others.
    fn expected(&self, tool: &str) -> Option<Duration> {
        self.paces.average(tool).or_else(|| self.past.service())
    }

    /// Whether a call that waits could not start or end in time any more. Who need not wait for other calls of its own may
    /// always try its luck: what is known of its tool may be wrong.
    pub(super) fn late(&self, entry: &Entry, now: Instant) -> Option<Late> {
        let wait = self.least_wait(entry).filter(|wait| !wait.is_zero())?;
        let takes = self.paces.quickest(&entry.tool).filter(|_| entry.until.is_some()).unwrap_or_default();
        let ends_too_late = entry.until.is_some_and(|until| now + wait + takes > until);
        (ends_too_late || now + wait > entry.deadline).then_some(Late { wait, takes })
    }

    /// How long it takes at least until a call that comes now would start. Counted are those of its own principal that go
    /// before it and will not have expired by then, by what calls took lately; nothing is known of a queue in which few were
    /// answered so far. As many may run as ever may.
    fn least_wait(&self, entry: &Entry) -> Option<Duration> {
        let goes_first = |ticket| {
            let other = self.records.get(ticket).map(|record| &record.entry);
            other.is_some_and(|other| other.is_free() && other.deadline >= entry.deadline)
        };
        let before = self.rounds[turns::at(entry.class)].of(&entry.share).filter(|ticket| goes_first(*ticket)).count();
        let places = self.adaptive.as_ref().map_or(self.limits.running_max, Adaptive::limit_max);
        Some(self.past.typical()? * before as u32 / places.max(1))
    }

    /// When so many calls will have started, as far as who is refused is told.
    pub(super) fn retry_after(&self, waiting: u32) -> Duration {
        let started = self.past.service().map(|service| service * waiting / self.limits.running_max.max(1));
        started.unwrap_or(RETRY_AFTER).clamp(RETRY_AFTER_MIN, RETRY_AFTER_MAX)
    }
}
