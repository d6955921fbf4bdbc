//! The strict JSON scanner: one pass over the bytes that checks all of the grammar and tells where the members
//! of an object stand. It builds no values. It refuses what two parsers could read in two ways: bad UTF-8, lone
//! surrogates, control characters, numbers out of grammar, nesting beyond a limit.

use std::str::Utf8Error;

use crate::span::Span;

/// A number this long is within the range of a double, unless it has an exponent.
const PLAIN_NUMBER_BYTES_MAX: usize = 300;

/// Longer numbers have no use, and some readers refuse them.
const NUMBER_BYTES_MAX: usize = 1024;

/// Bounds of one scan.
#[derive(Clone, Copy, Debug)]
pub struct ScanLimits {
    /// Deepest nesting of arrays and objects, at most 128.
    pub depth_max: u32,
}

impl Default for ScanLimits {
    fn default() -> Self {
        Self { depth_max: 64 }
    }
}

/// Why bytes are not JSON that we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// The bytes are not UTF-8.
    #[error("invalid UTF-8 at byte {0}")]
    Utf8(usize),
    /// The JSON grammar is broken.
    #[error("invalid JSON at byte {at}: expected {expected}")]
    Syntax {
        /// Offset of the first byte that does not fit.
        at: usize,
        /// What the grammar asks for there.
        expected: &'static str,
    },
    /// Arrays and objects are nested deeper than the limit.
    #[error("nested deeper than {0} levels")]
    TooDeep(u32),
    /// The message is larger than spans can address.
    #[error("message larger than 4 GiB")]
    TooLong,
}

/// A key as it stands in the text, between its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    /// Offset of the opening quote.
    pub(crate) start: usize,
    /// The bytes between the quotes, escapes not decoded.
    pub(crate) raw: &'a [u8],
}

/// A cursor over the bytes of one message.
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    depth_max: u32,
}

type Scan<T = ()> = Result<T, ScanError>;

impl<'a> Scanner<'a> {
    /// A scanner at the start of `bytes`. They are checked to be UTF-8 string by string, since between strings the
    /// grammar allows nothing but ASCII.
    pub(crate) fn new(bytes: &'a [u8], limits: ScanLimits) -> Scan<Self> {
        if bytes.len() >= u32::MAX as usize {
            return Err(ScanError::TooLong);
        }
        Ok(Self { bytes, at: 0, depth: 0, depth_max: limits.depth_max.min(128) })
    }

    /// The next byte that is not white space, not consumed.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.bytes.get(self.at).copied()
    }

    /// Fails unless only white space is left.
    pub(crate) fn end(&mut self) -> Scan {
        if self.peek().is_none() { Ok(()) } else { Err(self.syntax("the end of the message")) }
    }

    /// Walks over one object; `member` must consume exactly the value of each member.
    pub(crate) fn object(&mut self, mut member: impl FnMut(&mut Self, Key<'a>) -> Scan) -> Scan<Span> {
        self.skip_space();
        let start = self.at;
        self.expect(b'{', "an object")?;
        self.descend()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                let key = self.key()?;
                member(self, key)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break self.at += 1,
                    _ => return Err(self.syntax("`,` or `}`")),
                }
            }
        }
        self.depth -= 1;
        Ok(Span::new(start, self.at))
    }

    /// Walks over one array; `item` must consume exactly one value.
    pub(crate) fn array(&mut self, mut item: impl FnMut(&mut Self) -> Scan) -> Scan<Span> {
        self.skip_space();
        let start = self.at;
        self.expect(b'[', "an array")?;
        self.descend()?;
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                item(self)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break self.at += 1,
                    _ => return Err(self.syntax("`,` or `]`")),
                }
            }
        }
        self.depth -= 1;
        Ok(Span::new(start, self.at))
    }

    /// Walks over any one value without looking inside. The nesting is bounded, so the recursion is.
    pub(crate) fn value(&mut self) -> Scan<Span> {
        match self.peek() {
            Some(b'{') => self.object(|scanner, _| scanner.value().map(drop)),
            Some(b'[') => self.array(|scanner| scanner.value().map(drop)),
            Some(b'"') => self.string(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.syntax("a value")),
        }
    }

    fn key(&mut self) -> Scan<Key<'a>> {
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.syntax("a key"));
        }
        let span = self.string()?;
        self.skip_space();
        self.expect(b':', "`:`")?;
        let raw = &self.bytes[span.start as usize + 1..span.end as usize - 1];
        Ok(Key { start: span.start as usize, raw })
    }

    fn string(&mut self) -> Scan<Span> {
        let start = self.at;
        let Some(length) = short_text(&self.bytes[start + 1..]) else { return self.any_string() };
        self.at = start + length + 2;
        Ok(Span::new(start, self.at))
    }

    fn any_string(&mut self) -> Scan<Span> {
        let start = self.at;
        let mut is_ascii = true;
        self.at += 1;
        loop {
            let rest = &self.bytes[self.at..];
            let run = &rest[..plain_run(rest)];
            self.at += run.len();
            is_ascii &= run.is_ascii();
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    let token = Span::new(start, self.at);
                    if !is_ascii {
                        self.check_text(token)?;
                    }
                    return Ok(token);
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.syntax("no control character in a string")),
                None => return Err(self.syntax("the end of a string")),
            }
        }
    }

    fn check_text(&self, token: Span) -> Scan {
        let bad = |error: Utf8Error| ScanError::Utf8(token.range().start + error.valid_up_to());
        std::str::from_utf8(&self.bytes[token.range()]).map(drop).map_err(bad)
    }

    fn escape(&mut self) -> Scan {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => match self.unit()? {
                0xD800..=0xDBFF => match self.bytes.get(self.at..self.at + 2) {
                    Some(b"\\u") if (0xDC00..=0xDFFF).contains(&self.unit()?) => Ok(()),
                    _ => Err(self.syntax("the second half of a surrogate pair")),
                },
                0xDC00..=0xDFFF => Err(self.syntax("no lone surrogate")),
                _ => Ok(()),
            },
            _ => Err(self.syntax("an escape")),
        }
    }

    /// Consumes `\uXXXX` and gives its value.
    fn unit(&mut self) -> Scan<u32> {
        let digits = self.bytes.get(self.at + 2..self.at + 6).unwrap_or_default();
        if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(self.syntax("four hex digits"));
        }
        self.at += 6;
        Ok(digits.iter().fold(0, |unit, digit| unit * 16 + char::from(*digit).to_digit(16).unwrap_or(0)))
    }

    fn number(&mut self) -> Scan<Span> {
        let start = self.at;
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.syntax("a digit")),
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        let has_exponent = matches!(self.bytes.get(self.at), Some(b'e' | b'E'));
        if has_exponent {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        let number = Span::new(start, self.at);
        if has_exponent || number.range().len() > PLAIN_NUMBER_BYTES_MAX {
            self.check_range(number)?;
        }
        Ok(number)
    }

    /// Refuses numbers that some readers take for infinite and others not at all.
    fn check_range(&self, number: Span) -> Scan {
        let text = &self.bytes[number.range()];
        let is_finite = |text: &str| text.parse().is_ok_and(f64::is_finite);
        if text.len() <= NUMBER_BYTES_MAX && std::str::from_utf8(text).is_ok_and(is_finite) {
            return Ok(());
        }
        Err(ScanError::Syntax { at: number.range().start, expected: "a number within the range of a double" })
    }

    fn digits(&mut self) -> Scan {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.syntax("a digit"));
        }
        self.at += count;
        Ok(())
    }

    fn word(&mut self, word: &'static [u8]) -> Scan<Span> {
        let start = self.at;
        if !self.bytes[start..].starts_with(word) {
            return Err(self.syntax("a value"));
        }
        self.at += word.len();
        Ok(Span::new(start, self.at))
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Scan {
        if self.bytes.get(self.at) != Some(&byte) {
            return Err(self.syntax(what));
        }
        self.at += 1;
        Ok(())
    }

    fn descend(&mut self) -> Scan {
        self.depth += 1;
        if self.depth > self.depth_max { Err(ScanError::TooDeep(self.depth_max)) } else { Ok(()) }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn syntax(&self, expected: &'static str) -> ScanError {
        ScanError::Syntax { at: self.at, expected }
    }
}

/// The length of the text at the front of `bytes` up to its quote, if it is short, ASCII and without escapes, as most
/// strings are: they are worth a path of their own.
#[inline]
fn short_text(bytes: &[u8]) -> Option<usize> {
    const SHORT_WORDS: usize = 8;
    let (words, _) = bytes.as_chunks::<8>();
    let mut seen = 0;
    for (index, word) in words.iter().take(SHORT_WORDS).enumerate() {
        let word = u64::from_le_bytes(*word);
        let ends = ends_in_word(word);
        if ends != 0 {
            let bits = ends.trailing_zeros() & !7;
            let is_ascii = (seen | word & !(u64::MAX << bits)) & HIGH_BITS == 0;
            let is_text = is_ascii && (word >> bits) as u8 == b'"';
            return is_text.then_some(index * 8 + bits as usize / 8);
        }
        seen |= word;
    }
    None
}

/// How many bytes at the front are neither a quote, a backslash nor a control character. A long run goes in blocks, for
/// which the compiler has wide registers.
fn plain_run(bytes: &[u8]) -> usize {
    let length = plain_blocks(bytes);
    length + plain_words(&bytes[length..])
}

/// How many bytes at the front stand before an end, a word at a time.
fn plain_words(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let ends = ends_in_word(u64::from_le_bytes(*word));
        if ends != 0 {
            return index * 8 + ends.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + rest.iter().take_while(|byte| !ends_run(**byte)).count()
}

/// How many bytes at the front stand in whole blocks without an end, each tested without a branch.
fn plain_blocks(bytes: &[u8]) -> usize {
    const BLOCK: usize = 64;
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let ends = |byte: u8| u8::from(byte == b'"') | u8::from(byte == b'\\') | u8::from(byte < 0x20);
    let is_plain = |block: &&[u8; BLOCK]| block.iter().fold(0, |any, byte| any | ends(*byte)) == 0;
    blocks.iter().take_while(is_plain).count() * BLOCK
}

fn ends_run(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..0x20)
}

/// The lowest bit of every byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The highest bit of every byte of a word, which no ASCII byte has.
const HIGH_BITS: u64 = ONES << 7;

/// The high bits of the bytes that end a run. The lowest set bit is true; borrows may set others above it.
fn ends_in_word(word: u64) -> u64 {
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | equal(b'"') | equal(b'\\')) & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], accepted: bool) {
        let result = Scanner::new(text, ScanLimits::default()).and_then(|mut scanner| {
            scanner.value()?;
            scanner.end()
        });
        assert_eq!(result.is_ok(), accepted, "{} gave {result:?}", String::from_utf8_lossy(text));
    }

    #[test]
    fn accepts_what_the_grammar_allows() {
        for text in [
            "null",
            " true ",
            "[]",
            "{}",
            "[1,-0,0.5,1e9,1E-2,18446744073709551616]",
            r#""\ud83d\ude00 \u0000""#,
            r#"{"a":{"b":[{}]},"a":1}"#,
            "\"\u{7f}\u{2028}\"",
            "\t\r\n1",
        ] {
            check(text.as_bytes(), true);
        }
    }

    #[test]
    fn refuses_what_could_be_read_in_two_ways() {
        for text in [
            &b""[..],
            b" ",
            b"\xef\xbb\xbf{}",
            b"\xff",
            b"\xc0\xaf",
            b"01",
            b"+1",
            b"1.",
            b".5",
            b"1e",
            b"NaN",
            b"Infinity",
            b"-",
            b"[1,]",
            b"{\"a\":1,}",
            b"{a:1}",
            b"{'a':1}",
            b"\"\n\"",
            b"\"\\x\"",
            b"\"\\u12\"",
            br#""\ud800""#,
            br#""\ud800\u0041""#,
            br#""\udc00""#,
            b"\"abc",
            b"{} {}",
            b"tru",
            b"[1 2]",
            b"/**/1",
            b"{\"a\" 1}",
            b"\x0c1",
            b"\"\xff\"",
            b"\"abcdefg\xc0\xaf\"",
            b"{\"\xe9\":1}",
            b"[1\xc2\xa0]",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn numbers_stay_within_the_range_of_a_double() {
        for number in
            ["1e308", "-1.7976931348623157e308", "1e-999", &"9".repeat(300), &format!("0.{}", "3".repeat(1000))]
        {
            check(number.as_bytes(), true);
        }
        for number in
            ["1e309", "-1e999", "1e99999999999999999999", &"9".repeat(310), &format!("0.{}", "3".repeat(1100))]
        {
            check(number.as_bytes(), false);
        }
    }

    #[test]
    fn nesting_is_bounded_at_the_limit() {
        check(format!("{}{}", "[".repeat(64), "]".repeat(64)).as_bytes(), true);
        check(format!("{}{}", "[".repeat(65), "]".repeat(65)).as_bytes(), false);
        check("[".repeat(1_000_000).as_bytes(), false);
    }

    #[test]
    fn long_strings_are_scanned_to_their_exact_end() {
        for length in 0..300 {
            let text = "x".repeat(length);
            check(format!("\"{text}\"").as_bytes(), true);
            check(format!("\"{text}é\\n{text}\"").as_bytes(), true);
            for end in ["\n", "\0", "\u{1f}", "\"x"] {
                check(format!("\"{text}{end}{text}\"").as_bytes(), false);
            }
            check(&[b"\"", text.as_bytes(), b"\xff", text.as_bytes(), b"\""].concat(), false);
        }
    }

    #[test]
    fn every_byte_ends_a_run_of_any_length_or_none() {
        for byte in 0..=u8::MAX {
            for length in 0..150 {
                let mut bytes = vec![b'~'; 200];
                bytes[length] = byte;
                let expected = if ends_run(byte) { length } else { 200 };
                assert_eq!(plain_run(&bytes), expected, "{byte:#x} at {length}");
            }
        }
    }

    #[test]
    fn only_a_short_plain_text_is_found_on_the_short_path() {
        for byte in 0..=u8::MAX {
            for length in 0..80 {
                let mut bytes = vec![b'~'; 200];
                bytes[length] = byte;
                bytes[length + 1] = b'"';
                let expected = match byte {
                    b'"' => Some(length),
                    byte if ends_run(byte) || !byte.is_ascii() => None,
                    _ => Some(length + 1),
                };
                assert_eq!(short_text(&bytes), expected.filter(|end| *end < 64), "{byte:#x} at {length}");
            }
        }
    }
}
