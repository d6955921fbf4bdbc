//! Moments as callers write them: so long ago, or a time in UTC. Engines count in seconds since 1970.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use toolkit::{Failure, moment};

use crate::shown;

/// The seconds since 1970 of `15m`, `2h`, `7d`, `2026-07-28T12:34:56Z`, or of a number of seconds.
pub(crate) fn parse(field: &str, text: &str, now: SystemTime) -> Result<i32, Failure> {
    let seconds = ago(text, now).or_else(|| utc(text)).and_then(|seconds| i32::try_from(seconds).ok());
    seconds.ok_or_else(|| {
        let failure = Failure::invalid(field, format!("`{}` is no moment", shown::short(text)));
        failure.hint("write how long ago, such as `15m`, `2h` or `7d`, or a moment such as `2026-07-28T12:34:56Z`")
    })
}

/// Seconds since 1970 as RFC 3339.
pub(crate) fn shown(seconds: i64) -> String {
    moment::rfc3339(UNIX_EPOCH + Duration::from_secs(seconds.max(0).unsigned_abs()))
}

fn ago(text: &str, now: SystemTime) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let back = number.parse::<i64>().ok().filter(|_| is_number)?.checked_mul(seconds)?;
    let now = i64::try_from(now.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
    Some(now.saturating_sub(back).max(0))
}

/// The seconds of a moment: found by halving, with the one function that writes moments.
fn utc(text: &str) -> Option<i64> {
    const LAST: u64 = i32::MAX as u64;
    let written = |seconds| moment::rfc3339(UNIX_EPOCH + Duration::from_secs(seconds));
    let (mut low, mut high) = (0, LAST);
    while low < high {
        let middle = low + (high - low) / 2;
        // moments of one form are in the order of their texts
        if written(middle).as_str() < text { low = middle + 1 } else { high = middle }
    }
    (written(low) == text).then(|| low.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_counted_from_1970() {
        let now = UNIX_EPOCH + Duration::from_secs(1_785_242_096);
        let check = |text: &str, expected| assert_eq!(parse("since", text, now).ok(), expected, "{text}");
        check("2026-07-28T12:34:56Z", Some(1_785_242_096));
        check("1970-01-01T00:00:00Z", Some(0));
        check("1m", Some(1_785_242_036));
        check("2h", Some(1_785_242_096 - 7_200));
        check("99999w", Some(0));
        for wrong in [
            "",
            "m",
            "-1m",
            "yesterday",
            "2026-13-28T12:34:56Z",
            "2026-07-28",
            "1.5h",
            "10; id",
            "9999999999999999999d",
        ] {
            check(wrong, None);
        }
    }
}
