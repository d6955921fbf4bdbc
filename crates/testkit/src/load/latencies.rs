//! Every single latency of a run, kept whole so that the far percentiles are true.

use std::time::Duration;

/// A bag of latencies; sort it before asking for a percentile.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    nanos: Vec<u64>,
}

impl Latencies {
    /// Adds one.
    pub fn record(&mut self, latency: Duration) {
        self.nanos.push(latency.as_nanos() as u64);
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: &Self) {
        self.nanos.extend_from_slice(&other.nanos);
    }

    /// Puts them in order.
    pub fn sort(&mut self) {
        self.nanos.sort_unstable();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.nanos.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nanos.is_empty()
    }

    /// The smallest latency that at least `share` of all calls did not exceed; zero when there are none.
    pub fn percentile(&self, share: f64) -> Duration {
        let rank = (self.nanos.len() as f64 * share).ceil().max(1.0);
        #[expect(clippy::cast_sign_loss, reason = "the rank is at least one")]
        let index = rank as usize - 1;
        let last = self.nanos.last().copied().unwrap_or(0);
        Duration::from_nanos(self.nanos.get(index).copied().unwrap_or(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let mut latencies = Latencies::default();
        (1..=1000).rev().for_each(|micros| latencies.record(Duration::from_micros(micros)));
        latencies.sort();
        for (share, micros) in [(0.0, 1), (0.5, 500), (0.99, 990), (0.999, 999), (1.0, 1000)] {
            assert_eq!(latencies.percentile(share), Duration::from_micros(micros), "{share}");
        }
    }

    #[test]
    fn no_calls_have_no_latency() {
        assert_eq!(Latencies::default().percentile(0.99), Duration::ZERO);
    }
}
