//! Whether something grows: the slope through readings that a few wild ones do not move (Theil and Sen: the median of the
//! slopes of all pairs), and between which slopes it lies with 95 % confidence.

/// The normal distribution's bound for 95 %.
const Z: f64 = 1.96;

/// How fast something grows, for each unit of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slope {
    /// The most likely slope.
    pub(super) likely: f64,
    /// Between these it lies with 95 % confidence, if readings do not depend on those before.
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Slope {
    /// The slope through these readings, by time; none through fewer than three.
    pub(super) fn through(readings: &[(f64, f64)]) -> Option<Self> {
        let count = readings.len();
        if count < 3 {
            return None;
        }
        let pairs =
            readings.iter().enumerate().flat_map(|(at, one)| readings[at + 1..].iter().map(move |other| (one, other)));
        let mut slopes: Vec<f64> = pairs
            .filter(|(one, other)| other.0 > one.0)
            .map(|(one, other)| (other.1 - one.1) / (other.0 - one.0))
            .collect();
        slopes.sort_by(f64::total_cmp);
        let readings = count as f64;
        let spread = Z * (readings * (readings - 1.0) * (2.0 * readings + 5.0) / 18.0).sqrt();
        let last = slopes.len() as f64 - 1.0;
        #[expect(clippy::cast_sign_loss, reason = "the place is clamped to those there are")]
        let at = |place: f64| slopes.get(place.round().clamp(0.0, last) as usize).copied();
        Some(Self { likely: at(last / 2.0)?, low: at((last - spread) / 2.0)?, high: at(f64::midpoint(last, spread))? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(slope: f64, noise: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
        (0..40).map(|at| (at as f64, slope * at as f64 + noise(at))).collect()
    }

    #[test]
    fn a_line_has_its_slope_and_wild_readings_do_not_move_it() {
        let check = |readings: &[(f64, f64)], expected: f64| {
            let found = Slope::through(readings).unwrap();
            assert!((found.likely - expected).abs() < 0.05, "{found:?}");
            assert!(found.low <= expected + 0.05 && found.high >= expected - 0.05, "{found:?}");
        };
        check(&line(2.0, |_| 0.0), 2.0);
        check(&line(2.0, |at| if at % 9 == 4 { 1_000.0 } else { 0.0 }), 2.0);
        check(&line(0.0, |at| if at % 2 == 0 { 0.5 } else { -0.5 }), 0.0);
    }

    #[test]
    fn what_jumps_about_is_not_sure_to_grow() {
        let found = Slope::through(&line(0.1, |at| ((at * 7919) % 101) as f64)).unwrap();
        assert!(found.low < 0.0 && found.high > 0.1, "{found:?}");
    }

    #[test]
    fn two_readings_say_nothing() {
        assert_eq!(Slope::through(&[(0.0, 1.0), (1.0, 2.0)]), None);
    }
}
