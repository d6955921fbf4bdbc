//! A moment in UTC, as `2027-01-31T12:00:00Z`. It has no clock: whether it has come is for others to say.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

const DAY_S: u64 = 86_400;

/// A moment in UTC, to the second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    text: String,
    unix_s: u64,
}

/// A text that is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no moment in UTC")]
pub struct MomentError(String);

impl Moment {
    /// What a moment looks like, for hints.
    pub const HINT: &str = "write `2027-01-31T12:00:00Z`, in quotes";

    /// Seconds since 1970.
    pub fn unix_s(&self) -> u64 {
        self.unix_s
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let unix_s = parse(text).ok_or_else(|| MomentError(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), unix_s })
    }
}

/// Seconds since 1970 of `YYYY-MM-DDThh:mm:ssZ`.
fn parse(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let is_real = year >= 1970 && (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    if !is_real || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days_of_years: u64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let days_of_months: u64 = (1..month).map(|month| days_of(year, month)).sum();
    Some((days_of_years + days_of_months + day - 1) * DAY_S + hour * 3_600 + minute * 60 + second)
}

/// Three numbers of exactly so many digits.
fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[u64; 3]> {
    let mut parts = text.split(between);
    let mut numbers = [0; 3];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = is_number.then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl TryFrom<String> for Moment {
    type Error = MomentError;

    fn try_from(text: String) -> Result<Self, MomentError> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.text
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "moment",
            "description": "A moment in UTC, `2027-01-31T12:00:00Z`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(text.parse::<Moment>().ok().map(|moment| moment.unix_s()), expected, "{text}");
    }

    #[test]
    fn moment_is_counted_in_seconds_since_1970() {
        check("1970-01-01T00:00:00Z", Some(0));
        check("1972-03-01T00:00:01Z", Some(68_256_001));
        check("2000-02-29T23:59:59Z", Some(951_868_799));
        check("2026-11-22T12:34:56Z", Some(1_795_350_896));
    }

    #[test]
    fn moment_that_never_is_or_is_not_in_utc_is_refused() {
        let never = ["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01T24:00:00Z"];
        let otherwise = ["2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+01:00", "26-1-1T0:0:0Z", ""];
        for text in never.into_iter().chain(otherwise) {
            check(text, None);
        }
    }
}
