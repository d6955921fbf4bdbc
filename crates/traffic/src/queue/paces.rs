//! How long calls of each tool take: on a moving average, by which their principals pay for them, and that average at its
//! least, by which it is seen that a server has too much to do.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// Tools that are told apart; those that come later take as long as the others.
const TOOLS_MAX: usize = 1_024;

/// What a new time weighs in the moving average: one part in so many. The average counts after as many.
const WEIGHT: u32 = 16;

/// The least average is forgotten by and by: it doubles over this time, so that a server that has become slower for good is
/// not held to what it was.
const LEAST_DOUBLES_OVER: Duration = Duration::from_mins(10);

/// Differences of less than this are noise.
const LEAST_MEANT: Duration = Duration::from_millis(5);

/// How long calls take, by tool.
#[derive(Debug, Default)]
pub(super) struct Paces(HashMap<Arc<str>, Pace>);

/// How long calls of one tool take.
#[derive(Debug)]
struct Pace {
    average: Duration,
    least: Duration,
    calls: u32,
    last: Instant,
}

impl Paces {
    /// A call ran so long: how many percent of the time at the best of times.
    pub(super) fn note(&mut self, tool: &Arc<str>, ran: Duration, now: Instant) -> u64 {
        if let Some(pace) = self.0.get_mut(tool) {
            return pace.note(ran, now);
        }
        if self.0.len() < TOOLS_MAX {
            self.0.insert(tool.clone(), Pace { average: ran, least: ran, calls: 1, last: now });
        }
        100
    }

    /// How long a call of this tool takes.
    pub(super) fn average(&self, tool: &str) -> Option<Duration> {
        Some(self.0.get(tool)?.average)
    }
}

impl Pace {
    fn note(&mut self, ran: Duration, now: Instant) -> u64 {
        self.calls = self.calls.saturating_add(1);
        self.average = (self.average * (WEIGHT - 1) + ran) / WEIGHT;
        let forgotten = now.saturating_duration_since(self.last).div_duration_f64(LEAST_DOUBLES_OVER).min(1.0);
        self.last = now;
        self.least =
            if self.calls <= WEIGHT { self.average } else { self.least.mul_f64(1.0 + forgotten).min(self.average) };
        let percent = ran.as_nanos() * 100 / self.least.max(LEAST_MEANT).as_nanos();
        u64::try_from(percent).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: &str = "t";

    fn play(paces: &mut Paces, calls: u32, ran: Duration, now: &mut Instant) -> u64 {
        let mut percent = 0;
        for _ in 0..calls {
            *now += ran;
            percent = paces.note(&TOOL.into(), ran, *now);
        }
        percent
    }

    #[test]
    fn a_call_is_held_to_the_best_of_times_which_is_forgotten_in_the_end() {
        let (mut paces, mut now) = (Paces::default(), Instant::now());
        let (quick, slow) = (Duration::from_millis(100), Duration::from_millis(400));
        assert_eq!(play(&mut paces, 50, quick, &mut now), 100);
        assert!((360..=400).contains(&play(&mut paces, 50, slow, &mut now)));
        assert_eq!(paces.average(TOOL).unwrap().as_millis() / 10, 38);
        assert!(play(&mut paces, 20_000, slow, &mut now) < 110, "after two hours");
    }

    #[test]
    fn less_than_some_milliseconds_is_noise() {
        let (mut paces, mut now) = (Paces::default(), Instant::now());
        play(&mut paces, 50, Duration::from_micros(100), &mut now);
        assert!(play(&mut paces, 1, Duration::from_millis(4), &mut now) < 100);
    }

    #[test]
    fn no_more_tools_are_told_apart_than_there_is_room_for() {
        let (mut paces, now) = (Paces::default(), Instant::now());
        for number in 0..2 * TOOLS_MAX {
            paces.note(&number.to_string().into(), Duration::from_secs(1), now);
        }
        assert_eq!(paces.0.len(), TOOLS_MAX);
    }
}
