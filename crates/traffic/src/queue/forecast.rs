//! When a place will be free for one call after the other, by how long calls of their tools take.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

/// When each place of a queue is free.
#[derive(Debug)]
pub(super) struct Forecast(BinaryHeap<Reverse<Duration>>);

impl Forecast {
    /// `places` of them; those that are taken are free after the times that are `left`. More may run than there are places:
    /// the first to end make room for nobody.
    pub(super) fn new(places: u32, left: impl Iterator<Item = Duration>) -> Self {
        let places = places.max(1) as usize;
        let mut free: BinaryHeap<_> = left.map(Reverse).collect();
        while free.len() > places {
            free.pop();
        }
        let vacant = places - free.len();
        free.extend(std::iter::repeat_n(Reverse(Duration::ZERO), vacant));
        Self(free)
    }

    /// After how long the next call starts.
    pub(super) fn next(&self) -> Duration {
        self.0.peek().map_or(Duration::ZERO, |Reverse(free)| *free)
    }

    /// The next call starts, and takes so long.
    pub(super) fn start(&mut self, takes: Duration) {
        if let Some(mut place) = self.0.peek_mut() {
            place.0 = place.0.saturating_add(takes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many seconds each of these calls starts.
    fn starts(places: u32, left: &[u64], takes: &[u64]) -> Vec<u64> {
        let mut forecast = Forecast::new(places, left.iter().copied().map(Duration::from_secs));
        let start = |takes: &u64| {
            let starts = forecast.next().as_secs();
            forecast.start(Duration::from_secs(*takes));
            starts
        };
        takes.iter().map(start).collect()
    }

    #[test]
    fn a_call_starts_when_the_first_place_is_free() {
        assert_eq!(starts(2, &[3, 7], &[1, 10, 1]), [3, 4, 7]);
        assert_eq!(starts(3, &[5], &[2, 2, 2]), [0, 0, 2]);
    }

    #[test]
    fn those_that_run_over_the_bound_make_room_for_nobody() {
        assert_eq!(starts(1, &[2, 9, 4], &[1]), [9]);
    }
}
