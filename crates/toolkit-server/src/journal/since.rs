//! From when on the journal is read: a duration back from now, or a moment. What people write is put into the one form that
//! all versions of `journalctl` know.

use toolkit::Failure;

use crate::shown;

/// The longest way back, in seconds: ten years.
const SECONDS_MAX: u64 = 10 * 366 * 86_400;
/// What a moment looks like, digit for digit.
const MOMENT: &str = "0000-00-00T00:00:00Z";

/// From when on, as `journalctl` reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Since(String);

impl Since {
    /// `15m`, `2h`, `7d`, or `2026-07-28T12:34:56Z`.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let read = back(text).map(|seconds| format!("-{seconds}s")).or_else(|| moment(text));
        read.map(Self).ok_or_else(|| {
            let failure = Failure::invalid("since", format!("`{}` is no moment", shown::short(text)));
            failure.hint("write a duration such as `15m`, `2h` or `7d`, or a moment such as `2026-07-28T12:34:56Z`")
        })
    }

    /// As an argument.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Seconds of a duration.
fn back(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = number.parse::<u64>().ok()?.checked_mul(seconds)?;
    (is_number && seconds <= SECONDS_MAX).then_some(seconds)
}

fn moment(text: &str) -> Option<String> {
    let fits = |(one, form): (u8, u8)| if form == b'0' { one.is_ascii_digit() } else { one == form };
    let is_moment = text.len() == MOMENT.len() && text.bytes().zip(MOMENT.bytes()).all(fits);
    is_moment.then(|| text.replace('T', " ").replace('Z', " UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_moments_become_what_journalctl_reads() {
        let check = |text: &str, expected: &str| assert_eq!(Since::parse(text).unwrap().as_str(), expected);
        check("90s", "-90s");
        check("15m", "-900s");
        check("2h", "-7200s");
        check("7d", "-604800s");
        check("2026-07-28T12:34:56Z", "2026-07-28 12:34:56 UTC");
    }

    #[test]
    fn anything_else_is_refused() {
        let long = "9".repeat(100_000) + "d";
        for text in [
            "",
            "m",
            "-1h",
            "+1h",
            "1",
            "1y",
            "yesterday",
            "1h ago",
            "99999w",
            "2026-07-28",
            "2026-07-28T12:34:56+02:00",
            "--help",
            "1h\n",
            "é",
            "٣h",
            &long,
        ] {
            assert_eq!(Since::parse(text).unwrap_err().field.as_deref(), Some("since"), "{text:.40}");
        }
    }
}
