//! Counts the lines of a server's stdout that are no messages: a banner is forgiven, steady noise is a fault.
//!
//! A window of one minute; time comes in as an argument.

use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_mins(1);
const TOLERATED: u32 = 20;

/// The noise of one server.
#[derive(Debug, Clone, Default)]
pub struct Garbage {
    window_start: Option<Instant>,
    in_window: u32,
    in_window_before: u32,
    total: u64,
}

impl Garbage {
    /// Counts one line that was not a message. Whether the server is degraded by now.
    pub fn count(&mut self, now: Instant) -> bool {
        self.turn(now);
        self.in_window = self.in_window.saturating_add(1);
        self.total += 1;
        self.in_window > TOLERATED
    }

    /// Whether there was too much noise in this minute or the one before: it stays degraded until a quiet minute.
    pub fn is_degraded(&mut self, now: Instant) -> bool {
        self.turn(now);
        self.in_window > TOLERATED || self.in_window_before > TOLERATED
    }

    /// All the noise since the start.
    pub fn total(&self) -> u64 {
        self.total
    }

    fn turn(&mut self, now: Instant) {
        let age = self.window_start.map(|start| now.saturating_duration_since(start));
        match age {
            Some(age) if age < WINDOW => return,
            Some(age) if age < 2 * WINDOW => self.in_window_before = self.in_window,
            Some(_) | None => self.in_window_before = 0,
        }
        self.in_window = 0;
        self.window_start = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts one line at each second given, and tells whether the last one was too much.
    fn check(seconds: impl IntoIterator<Item = u64>, expected: bool) {
        let start = Instant::now();
        let mut garbage = Garbage::default();
        let verdicts = seconds.into_iter().map(|second| garbage.count(start + Duration::from_secs(second)));
        assert_eq!(verdicts.last(), Some(expected));
    }

    #[test]
    fn twenty_lines_in_a_minute_are_forgiven_and_one_more_is_not() {
        check(0..20, false);
        check(0..21, true);
        check((0..30).map(|line| line * 10), false);
    }

    #[test]
    fn a_noisy_server_is_degraded_until_a_quiet_minute_has_passed() {
        let start = Instant::now();
        let mut garbage = Garbage::default();
        for _ in 0..21 {
            garbage.count(start);
        }
        let degraded_at = [0, 59, 60, 119, 120].map(|second| garbage.is_degraded(start + Duration::from_secs(second)));
        assert_eq!(degraded_at, [true, true, true, true, false]);
        assert_eq!(garbage.total(), 21);
    }
}
