//! When the next connection is tried: at once the first time, then after ever longer waits.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
/// An operator who repairs something sees it used again before asking why not.
const LONGEST: Duration = Duration::from_secs(5);

/// The wait before the next attempt.
#[derive(Debug)]
pub(crate) struct Pace(Duration);

impl Default for Pace {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Pace {
    /// How long to wait; twice as long the next time.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (wait * 2).min(LONGEST);
        wait
    }

    /// A connection was made.
    pub(crate) fn begin_anew(&mut self) {
        self.0 = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_begin_anew() {
        let mut pace = Pace::default();
        let waits: Vec<u128> = (0..8).map(|_| pace.next().as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        pace.begin_anew();
        assert_eq!(pace.next(), FIRST);
    }
}
