//! A window of the day, on which an answer depends: `window:HH:MM-HH:MM`, in UTC, so that it means the same at every node and
//! on every day of the year.

use std::str::FromStr;
use std::time::Duration;

/// What stands before a window where contexts are named.
const PREFIX: &str = "window:";
const DAY_MIN: u64 = 24 * 60;
const MINUTE_NS: u64 = 60_000_000_000;

/// A window of the day in UTC. It begins and ends at whole minutes, and may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    from_min: u64,
    to_min: u64,
}

/// A text that is no window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no window of the day")]
pub struct NoWindow;

impl Window {
    /// What a window looks like, for hints.
    pub const HINT: &str = "write two different times in UTC: `window:08:00-18:00`";

    /// Whether this names a window and no other context, well or badly.
    pub fn is_meant(context: &str) -> bool {
        context.starts_with(PREFIX)
    }

    /// How long ago it began or ended last, at this time since 1970.
    pub fn unchanged_for(self, since_1970: Duration) -> Duration {
        let day_ns = DAY_MIN * MINUTE_NS;
        let of_day_ns = (since_1970.as_nanos() % u128::from(day_ns)) as u64;
        let since = |minute: u64| Duration::from_nanos((of_day_ns + day_ns - minute * MINUTE_NS) % day_ns);
        since(self.from_min).min(since(self.to_min))
    }
}

impl FromStr for Window {
    type Err = NoWindow;

    fn from_str(text: &str) -> Result<Self, NoWindow> {
        let (from, to) = text.strip_prefix(PREFIX).and_then(|times| times.split_once('-')).ok_or(NoWindow)?;
        let window = Self { from_min: minute(from).ok_or(NoWindow)?, to_min: minute(to).ok_or(NoWindow)? };
        if window.from_min == window.to_min { Err(NoWindow) } else { Ok(window) }
    }
}

/// The minute of the day of `HH:MM`.
fn minute(text: &str) -> Option<u64> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str, end: u64| {
        let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u64>().ok())?.filter(|number| *number < end)
    };
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_two_different_times_of_the_day() {
        assert_eq!("window:08:00-18:30".parse(), Ok(Window { from_min: 480, to_min: 1_110 }));
        for text in
            ["window:", "window:8:00-18:00", "window:08:00", "window:24:00-01:00", "window:08:00-08:00", "08:00-18:00"]
        {
            assert_eq!(text.parse::<Window>(), Err(NoWindow), "{text}");
        }
    }

    #[test]
    fn what_is_older_than_the_last_edge_is_of_another_window() {
        let check = |window: &str, hour: u64, expected_h: u64| {
            let at = Duration::from_hours(24 * 20_000 + hour);
            let unchanged = window.parse::<Window>().unwrap().unchanged_for(at);
            assert_eq!(unchanged, Duration::from_hours(expected_h), "{window} at {hour}");
        };
        for (hour, expected_h) in [(8, 0), (9, 1), (17, 9), (18, 0), (23, 5), (0, 6), (7, 13)] {
            check("window:08:00-18:00", hour, expected_h);
        }
        for (hour, expected_h) in [(22, 0), (23, 1), (5, 7), (6, 0), (21, 15)] {
            check("window:22:00-06:00", hour, expected_h);
        }
    }
}
