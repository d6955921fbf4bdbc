//! The calls of one queue that have ended, the newest thousand, and how long such calls take.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::Class;

/// Ended calls that are kept of each queue.
pub const PAST_MAX: usize = 1_000;

/// What a new time weighs in the moving average: one part in so many.
const SERVICE_WEIGHT: u32 = 8;

/// Answered calls from which it is told how long one takes at least, and among how many ended ones they are looked for.
const TYPICAL_OF: usize = 15;
const TYPICAL_AMONG: usize = 64;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With an answer.
    Completed,
    /// Without one.
    Failed,
    /// Its deadline passed.
    Timeout,
    /// Somebody gave it up.
    Cancelled,
}

/// A call that has ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its number.
    pub id: u64,
    /// Who made it.
    pub principal: Arc<str>,
    /// What was called, in the server's own word.
    pub tool: Arc<str>,
    /// How urgent it was.
    pub class: Class,
    /// When it came.
    pub offered: Instant,
    /// How long it waited.
    pub waited: Duration,
    /// How long it ran.
    pub ran: Duration,
    /// How it ended.
    pub end: End,
    /// Whether it has waited for somebody's answer, so that its time says little of others.
    pub was_asked: bool,
}

impl Finished {
    /// Whether it says how long such calls take.
    fn is_sample(&self) -> bool {
        self.end == End::Completed && !self.was_asked
    }
}

/// The newest ended calls, oldest first.
#[derive(Debug, Default)]
pub(super) struct Past {
    calls: VecDeque<Finished>,
    service: Option<Duration>,
}

impl Past {
    /// Keeps a call; the oldest goes where there are too many.
    pub(super) fn push(&mut self, call: Finished) {
        if call.is_sample() {
            self.service = Some(self.service.map_or(call.ran, |average| moved(average, call.ran)));
        }
        if self.calls.capacity() == 0 {
            // all at once: room that doubles leaves holes behind, and a queue that is seldom used would do so for hours
            self.calls.reserve_exact(PAST_MAX);
        }
        if self.calls.len() == PAST_MAX {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    /// How long a call runs, on a moving average of those that were answered.
    pub(super) fn service(&self) -> Option<Duration> {
        self.service
    }

    /// How long a call runs, in the middle of those that were answered last; none before enough of them were.
    pub(super) fn typical(&self) -> Option<Duration> {
        let newest = self.calls.iter().rev().take(TYPICAL_AMONG).filter(|call| call.is_sample());
        let mut ran: Vec<Duration> = newest.map(|call| call.ran).take(TYPICAL_OF).collect();
        ran.sort_unstable();
        (ran.len() == TYPICAL_OF).then(|| ran[TYPICAL_OF / 2])
    }

    /// All that are kept.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Finished> {
        self.calls.iter()
    }
}

fn moved(average: Duration, sample: Duration) -> Duration {
    (average * (SERVICE_WEIGHT - 1) + sample) / SERVICE_WEIGHT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(id: u64, ran: Duration, end: End) -> Finished {
        let (offered, class) = (Instant::now(), Class::Medium);
        Finished {
            id,
            principal: "p".into(),
            tool: "t".into(),
            class,
            offered,
            waited: Duration::ZERO,
            ran,
            end,
            was_asked: false,
        }
    }

    #[test]
    fn the_newest_thousand_are_kept() {
        let mut past = Past::default();
        for id in 0..1_500 {
            past.push(finished(id, Duration::ZERO, End::Failed));
        }
        assert_eq!(past.iter().map(|call| call.id).collect::<Vec<_>>(), (500..1_500).collect::<Vec<_>>());
    }

    #[test]
    fn the_room_for_them_is_made_once() {
        let mut past = Past::default();
        assert_eq!(past.calls.capacity(), 0);
        past.push(finished(0, Duration::ZERO, End::Completed));
        let room = past.calls.capacity();
        for id in 1..1_500 {
            past.push(finished(id, Duration::ZERO, End::Completed));
        }
        assert_eq!(past.calls.capacity(), room);
    }

    #[test]
    fn what_is_typical_is_known_of_enough_answers_and_no_outlier_moves_it() {
        let mut past = Past::default();
        for id in 0..14 {
            past.push(finished(id, Duration::from_secs(1), End::Completed));
            past.push(finished(id, Duration::from_secs(1), End::Failed));
        }
        assert_eq!(past.typical(), None);
        past.push(finished(14, Duration::from_mins(10), End::Completed));
        assert_eq!(past.typical(), Some(Duration::from_secs(1)));
    }

    #[test]
    fn only_answered_calls_say_how_long_one_takes() {
        let mut past = Past::default();
        past.push(finished(1, Duration::from_secs(9), End::Timeout));
        assert_eq!(past.service(), None);
        past.push(finished(2, Duration::from_secs(8), End::Completed));
        past.push(finished(3, Duration::from_secs(16), End::Completed));
        assert_eq!(past.service(), Some(Duration::from_secs(9)));
    }
}
