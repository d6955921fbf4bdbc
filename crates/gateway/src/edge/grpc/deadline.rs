//! How long a client waits for the end of its call: the header `grpc-timeout`.

use std::time::Duration;

use http::HeaderMap;
use tonic::Status;

/// The deadline that a client has set, if it has.
pub(super) fn of(headers: &HeaderMap) -> Result<Option<Duration>, Status> {
    let Some(value) = headers.get("grpc-timeout") else { return Ok(None) };
    let told = value.to_str().ok().and_then(parse);
    told.map(Some).ok_or_else(|| Status::invalid_argument("grpc-timeout is up to eight digits and one of H M S m u n"))
}

/// Up to eight digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    const DIGITS_MAX: usize = 8;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let count = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3_600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<Duration>) {
        assert_eq!(parse(text), expected, "{text}");
    }

    #[test]
    fn deadline_is_up_to_eight_digits_and_a_unit() {
        check("1H", Some(Duration::from_hours(1)));
        check("2M", Some(Duration::from_mins(2)));
        check("3S", Some(Duration::from_secs(3)));
        check("99999999m", Some(Duration::from_millis(99_999_999)));
        check("5u", Some(Duration::from_micros(5)));
        check("6n", Some(Duration::from_nanos(6)));
        for text in ["", "S", "1", "1s", "-1S", "+1S", "1.5S", "999999999S", "1é", "é"] {
            check(text, None);
        }
    }

    #[test]
    fn call_without_deadline_waits_as_long_as_the_limits_allow() {
        assert_eq!(of(&HeaderMap::new()).unwrap(), None);
    }
}
