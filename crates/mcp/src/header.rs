//! The headers of the HTTP binding: their names, and the base64 form for values that no header can
//! carry plainly.
//! Owns the words and the two conversions; which header belongs to which request is not decided
//! here, and comparing parameters with a body is `mirrors`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

/// The protocol version a message is written in.
pub const PROTOCOL_VERSION: &str = "mcp-protocol-version";
/// The method of the message in the body.
pub const METHOD: &str = "mcp-method";
/// The tool, prompt, resource or task that the message in the body is about.
pub const NAME: &str = "mcp-name";
/// What the name of every mirrored tool argument begins with.
pub const PARAM_PREFIX: &str = "mcp-param-";
/// The session of a legacy client.
pub const SESSION_ID: &str = "mcp-session-id";
/// Where a legacy client wants a broken event stream resumed.
pub const LAST_EVENT_ID: &str = "last-event-id";

const SENTINEL_START: &str = "=?base64?";
const SENTINEL_END: &str = "?=";

/// Why a header value means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// A character other than visible ASCII, space and tab.
    #[error("header value holds a character that headers cannot carry")]
    IllegalCharacter,
    /// Between the markers stands something other than canonical base64.
    #[error("header value is marked as base64 and is not")]
    InvalidBase64,
    /// The base64 decodes to something other than text.
    #[error("base64 of a header value does not hold utf-8")]
    InvalidText,
}

/// What a received header value says: base64 between the exact markers is decoded, everything else
/// stands for itself.
///
/// The result may hold any character, line breaks included, since the base64 form exists to carry
/// them: compare it with the body, never write it to a header or a log as it is.
pub fn decode(value: &str) -> Result<Cow<'_, str>, HeaderError> {
    let value = value.trim_matches([' ', '\t']);
    if !value.bytes().all(is_header_byte) {
        return Err(HeaderError::IllegalCharacter);
    }
    let Some(encoded) = between_markers(value) else {
        return Ok(Cow::Borrowed(value));
    };
    let bytes = STANDARD.decode(encoded).map_err(|_| HeaderError::InvalidBase64)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| HeaderError::InvalidText)
}

/// The header value that says `value`: itself where a header can carry it, else its base64 form.
pub fn encode(value: &str) -> Cow<'_, str> {
    if is_plain(value) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("{SENTINEL_START}{}{SENTINEL_END}", STANDARD.encode(value)))
}

/// Whether two decimal numbers are the same integer however they are written: `42.0` is `42`.
///
/// Exact at any size; `false` where either is not an integer.
pub fn integer_equal(left: &str, right: &str) -> bool {
    match (Integer::parse(left), Integer::parse(right)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

fn is_header_byte(byte: u8) -> bool {
    byte == b'\t' || byte == b' ' || byte.is_ascii_graphic()
}

fn is_plain(value: &str) -> bool {
    value.bytes().all(is_header_byte)
        && !value.starts_with([' ', '\t'])
        && !value.ends_with([' ', '\t'])
        && between_markers(value).is_none()
}

fn between_markers(value: &str) -> Option<&str> {
    value.strip_prefix(SENTINEL_START)?.strip_suffix(SENTINEL_END)
}

/// An integer in one of its many JSON spellings, brought to the only one without trailing zeros:
/// `digits` × 10^`zeros`, zero being no digits at all.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Integer<'text> {
    negative: bool,
    digits: Cow<'text, str>,
    zeros: u32,
}

impl<'text> Integer<'text> {
    /// Reads a JSON number; nothing comes of other text and of numbers with a fraction.
    pub(crate) fn parse(text: &'text str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        if !is_whole_part(whole) || fraction.is_some_and(|fraction| !is_digits(fraction)) {
            return None;
        }
        Self::normalize(negative, whole, fraction.unwrap_or_default(), exponent)
    }

    /// The integer, if it lies within ±(2^53 − 1), where every JSON reader agrees on it.
    pub(crate) fn to_safe(&self) -> Option<i64> {
        const SAFE_MAX: i64 = (1 << 53) - 1;
        if self.digits.is_empty() {
            return Some(0);
        }
        let digits: i64 = self.digits.parse().ok()?;
        let magnitude = digits.checked_mul(10_i64.checked_pow(self.zeros)?)?;
        (magnitude <= SAFE_MAX).then_some(if self.negative { -magnitude } else { magnitude })
    }

    fn normalize(negative: bool, whole: &'text str, fraction: &'text str, exponent: i64) -> Option<Self> {
        let fraction = fraction.trim_end_matches('0');
        let digits = if fraction.is_empty() { Cow::Borrowed(whole) } else { Cow::Owned(format!("{whole}{fraction}")) };
        let digits = trim_zeros(digits, |digits| digits.trim_start_matches('0'));
        if digits.is_empty() {
            return Some(Self { negative: false, digits, zeros: 0 });
        }
        let length = digits.len();
        let digits = trim_zeros(digits, |digits| digits.trim_end_matches('0'));
        let trimmed = i64::try_from(length - digits.len()).ok()?;
        let scale = exponent + trimmed - i64::try_from(fraction.len()).ok()?;
        Some(Self { negative, digits, zeros: u32::try_from(scale).ok()? })
    }
}

fn trim_zeros(digits: Cow<'_, str>, trim: fn(&str) -> &str) -> Cow<'_, str> {
    match digits {
        Cow::Borrowed(digits) => Cow::Borrowed(trim(digits)),
        Cow::Owned(digits) => Cow::Owned(trim(&digits).to_owned()),
    }
}

/// Exponents beyond 32 bits are nonsense in a number and refused.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !is_digits(digits) {
        return None;
    }
    text.parse::<i32>().ok().map(i64::from)
}

fn is_whole_part(text: &str) -> bool {
    is_digits(text) && (text == "0" || !text.starts_with('0'))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Result<&str, HeaderError>) {
        assert_eq!(decode(value).as_deref().map_err(|error| *error), expected, "{value:?}");
    }

    #[test]
    fn plain_values_stand_for_themselves() {
        check("get_weather", Ok("get_weather"));
        check("two words\there", Ok("two words\there"));
        check("", Ok(""));
        check(" \tpadded \t", Ok("padded"));
    }

    #[test]
    fn only_the_exact_markers_announce_base64() {
        check("=?base64?SGVsbG8=?=", Ok("Hello"));
        check("=?base64??=", Ok(""));
        for literal in [
            "=?base64?=",
            "=?base64?SGVsbG8=",
            "SGVsbG8=?=",
            "=?BASE64?SGVsbG8=?=",
            "=?utf-8?SGVsbG8=?=",
            "x=?base64?SGVsbG8=?=",
        ] {
            check(literal, Ok(literal));
        }
    }

    #[test]
    fn base64_must_be_canonical() {
        for encoded in
            ["SGVsbG8", "SGVsbG8==", "SGVsbG9=", "SGVs!!!bG8=", "SGVs bG8=", "SGVsbG8_", "=", "SGVsbG8=SGVsbG8="]
        {
            check(&format!("=?base64?{encoded}?="), Err(HeaderError::InvalidBase64));
        }
    }

    #[test]
    fn base64_must_hold_text() {
        check("=?base64?/w==?=", Err(HeaderError::InvalidText));
        check("=?base64?wK8=?=", Err(HeaderError::InvalidText));
        check("=?base64?7aCA?=", Err(HeaderError::InvalidText));
    }

    #[test]
    fn base64_may_hold_what_a_header_cannot() {
        check("=?base64?bGluZTEKbGluZTI=?=", Ok("line1\nline2"));
        check("=?base64?SGVsbG8sIOS4lueVjA==?=", Ok("Hello, 世界"));
        check("=?base64?IHBhZGRlZCA=?=", Ok(" padded "));
    }

    #[test]
    fn control_and_foreign_characters_are_refused() {
        for value in ["a\nb", "a\rb", "a\0b", "a\u{7f}b", "caf\u{e9}", "\u{1b}[31m", "\u{a0}a"] {
            check(value, Err(HeaderError::IllegalCharacter));
        }
    }

    #[test]
    fn values_are_encoded_only_when_they_must_be() {
        for (value, expected) in [
            ("us-west1", "us-west1"),
            ("two words", "two words"),
            ("", ""),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            ("\tx", "=?base64?CXg=?="),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("=?base64?SGVsbG8=?=", "=?base64?PT9iYXNlNjQ/U0dWc2JHOD0/PQ==?="),
            ("=?base64?SGVsbG8=", "=?base64?SGVsbG8="),
        ] {
            assert_eq!(encode(value), expected, "{value:?}");
        }
    }

    #[test]
    fn integers_are_equal_however_they_are_written() {
        for (left, right) in [
            ("42", "42"),
            ("42.0", "42"),
            ("42", "42.000"),
            ("4.2e1", "42"),
            ("420E-1", "42"),
            ("1e3", "1000"),
            ("-0", "0"),
            ("0.000e9", "0"),
            ("-7", "-7.0"),
            ("18446744073709551616", "18446744073709551616.0"),
        ] {
            assert!(integer_equal(left, right), "{left} = {right}");
            assert!(integer_equal(right, left), "{right} = {left}");
        }
    }

    #[test]
    fn other_numbers_and_other_text_are_no_equal_integers() {
        for (left, right) in [
            ("42", "43"),
            ("42", "-42"),
            ("42", "420"),
            ("42.5", "42.5"),
            ("9007199254740993", "9007199254740992"),
            ("042", "42"),
            ("+42", "42"),
            ("42.", "42"),
            (".0", "0"),
            ("0x2a", "42"),
            (" 42", "42"),
            ("1e", "1"),
            ("1e++1", "10"),
            ("1e99999999999", "1e99999999999"),
            ("", ""),
            ("-", "-"),
            ("NaN", "NaN"),
            ("４２", "42"),
        ] {
            assert!(!integer_equal(left, right), "{left} ≠ {right}");
        }
    }

    #[test]
    fn safe_integers_are_those_every_reader_agrees_on() {
        for (text, expected) in [
            ("9007199254740991", Some(9_007_199_254_740_991)),
            ("-9007199254740991.0", Some(-9_007_199_254_740_991)),
            ("9007199254740992", None),
            ("1e15", Some(1_000_000_000_000_000)),
            ("1e400", None),
            ("-0.0", Some(0)),
        ] {
            assert_eq!(Integer::parse(text).and_then(|integer| integer.to_safe()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_the_same(value in ".{0,40}|[ \t=?base64\r\nA-Z]{0,30}") {
            let encoded = encode(&value);
            prop_assert!(encoded.bytes().all(is_header_byte));
            prop_assert_eq!(decode(&encoded), Ok(Cow::Borrowed(value.as_str())));
        }

        #[test]
        fn an_integer_equals_itself_scaled(value in any::<i64>(), zeros in 0_usize..5) {
            let digits = "0".repeat(zeros);
            let plain = value.to_string();
            for same in [format!("{value}.0{digits}"), format!("{value}{digits}e-{zeros}")] {
                prop_assert!(integer_equal(&plain, &same), "{} = {}", plain, same);
            }
        }
    }
}
