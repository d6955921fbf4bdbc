//! Shares of a whole, from 0 to 100 with one decimal, as all tools give them.

/// The share that `part` has in `whole`; nothing has no share in nothing.
pub(crate) fn of(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { rounded(part as f64 * 100.0 / whole as f64) }
}

/// With one decimal.
pub(crate) fn rounded(percent: f64) -> f64 {
    (percent * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "one decimal is exactly what is promised")]
    fn shares_have_one_decimal() {
        let check = |part, whole, expected: f64| assert_eq!(of(part, whole), expected, "{part}/{whole}");
        check(1, 3, 33.3);
        check(2, 3, 66.7);
        check(7, 7, 100.0);
        check(5, 0, 0.0);
        check(u64::MAX, u64::MAX, 100.0);
    }
}
