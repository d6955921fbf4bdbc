//! How long the latest calls of one tool took: from which on a call that has less time left would only be begun in vain.

use std::time::Duration;

/// Times that are remembered: so few that a server which has changed is believed soon.
const TIMES: usize = 16;

/// Times from which on something is known.
const TIMES_MIN: usize = 8;

/// How many of all that are remembered are longer than what is usual.
const SLOWER: usize = 2;

/// What is usual and this part of it is enough for nearly every call.
const MARGIN: u32 = 8;

/// A call that was cut off would have taken longer; it is taken for so many times what it had. So the times of a server that
/// has become slower are found out in a few steps, although nobody waits for them.
const CUT_OFF: u32 = 2;

/// The times of the latest calls, in microseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    times: [u32; TIMES],
    noted: usize,
}

impl Recent {
    /// A call was answered after this time.
    pub(super) fn answered(&mut self, ran: Duration) {
        self.times[self.noted % TIMES] = u32::try_from(ran.as_micros()).unwrap_or(u32::MAX);
        self.noted += 1;
    }

    /// A call was cut off after this time. It is no news that calls take longer than that, if the quickest did.
    pub(super) fn cut_off(&mut self, ran: Duration) {
        if self.quickest().is_none_or(|quickest| ran >= quickest) {
            self.answered(ran.saturating_mul(CUT_OFF));
        }
    }

    /// What the quickest of them took.
    pub(super) fn quickest(&self) -> Option<Duration> {
        Some(micros(*self.known()?.iter().min()?))
    }

    /// What nearly all of them took at most, and a little more.
    pub(super) fn sufficient(&self) -> Option<Duration> {
        let mut times = [0; TIMES];
        let known = self.known()?;
        let times = &mut times[..known.len()];
        times.copy_from_slice(known);
        times.sort_unstable();
        let usual = micros(times[times.len() - 1 - SLOWER]);
        Some(usual + usual / MARGIN)
    }

    fn known(&self) -> Option<&[u32]> {
        (self.noted >= TIMES_MIN).then(|| &self.times[..self.noted.min(TIMES)])
    }
}

fn micros(time: u32) -> Duration {
    Duration::from_micros(time.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: impl IntoIterator<Item = u64>) -> Recent {
        let mut recent = Recent::default();
        times.into_iter().for_each(|ms| recent.answered(Duration::from_millis(ms)));
        recent
    }

    #[test]
    fn nothing_is_known_of_few_calls() {
        assert_eq!(of(1..TIMES_MIN as u64).quickest(), None);
        assert_eq!(of(1..TIMES_MIN as u64).sufficient(), None);
        assert_eq!(of(1..=TIMES_MIN as u64).quickest(), Some(Duration::from_millis(1)));
    }

    #[test]
    fn one_that_takes_far_longer_moves_neither_bound() {
        let recent = of([80; 15].into_iter().chain([60_000]));
        assert_eq!(recent.quickest(), Some(Duration::from_millis(80)));
        assert_eq!(recent.sufficient(), Some(Duration::from_millis(90)));
    }

    #[test]
    fn a_server_that_has_become_slower_is_found_out_though_all_its_calls_are_cut_off() {
        let mut recent = of([100; 16]);
        let mut cut_off = 0;
        while recent.quickest() < Some(Duration::from_millis(900)) {
            let given = recent.sufficient().unwrap();
            recent.cut_off(given);
            cut_off += 1;
        }
        assert!(cut_off <= 32, "{cut_off}");
        let known = recent.quickest();
        recent.cut_off(Duration::from_millis(100));
        assert_eq!(recent.quickest(), known, "a call with hardly any time says nothing");
        recent.answered(Duration::from_millis(100));
        assert_eq!(recent.quickest(), Some(Duration::from_millis(100)), "one answer shows that it is quick again");
    }

    #[test]
    fn what_takes_longer_than_can_be_told_is_told_as_long_as_can_be() {
        let mut recent = Recent::default();
        (0..TIMES).for_each(|_| recent.answered(Duration::from_hours(20)));
        assert_eq!(recent.quickest(), Some(micros(u32::MAX)));
    }
}
