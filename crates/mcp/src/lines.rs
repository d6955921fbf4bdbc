//! Newline-delimited messages, as sockets and child processes speak them.
//! Owns the framing and its limit: a line too long is quoted, dropped, and reading goes on behind it.
//! Does not look into a line; whether it is a message is for the reader to say.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;
use thiserror::Error;

/// How much of a refused line is quoted in its error.
pub const QUOTED_BYTES_MAX: usize = 200;

/// Why a line was dropped. The next line can be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineError {
    /// A line longer than the decoder's limit.
    #[error("line is longer than {limit} bytes and begins with {quoted:?}")]
    Oversized {
        /// The limit that was passed.
        limit: usize,
        /// The beginning of the line, at most [`QUOTED_BYTES_MAX`] bytes of it.
        quoted: String,
    },
}

/// Turns chunks of any size into lines.
///
/// After each [`push`](Self::push), call [`next`](Self::next) until it yields nothing: then at most
/// one unfinished line is held.
#[derive(Debug)]
pub struct Decoder {
    line_bytes_max: usize,
    buffer: BytesMut,
    /// Bytes at the front of `buffer` known to hold no newline.
    scanned_bytes: usize,
    /// The rest of a refused line is still to come.
    discarding: bool,
}

impl Decoder {
    /// A decoder that refuses lines longer than `line_bytes_max`, their end not counted.
    pub fn new(line_bytes_max: usize) -> Self {
        Self { line_bytes_max, buffer: BytesMut::new(), scanned_bytes: 0, discarding: false }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, chunk: &[u8]) {
        let chunk = if self.discarding { self.discard(chunk) } else { chunk };
        self.buffer.extend_from_slice(chunk);
    }

    /// The next line without its end (LF or CRLF), or nothing until more bytes are pushed. Blank
    /// lines are skipped.
    #[expect(clippy::should_implement_trait, reason = "not an iterator: it goes on after a `None`")]
    pub fn next(&mut self) -> Option<Result<Bytes, LineError>> {
        loop {
            let found = memchr(b'\n', &self.buffer[self.scanned_bytes..]);
            let Some(line_bytes) = found.map(|at| self.scanned_bytes + at) else {
                return self.refuse_endless_line();
            };
            self.scanned_bytes = 0;
            if line_bytes > self.line_bytes_max {
                let error = self.oversized(line_bytes);
                self.buffer.advance(line_bytes + 1);
                return Some(Err(error));
            }
            if let Some(line) = self.take_line(line_bytes) {
                return Some(Ok(line));
            }
        }
    }

    /// What stands behind the last newline, once the stream has ended.
    pub fn finish(mut self) -> Option<Bytes> {
        without_carriage_return(self.buffer.split().freeze())
    }

    fn take_line(&mut self, line_bytes: usize) -> Option<Bytes> {
        if line_bytes == 0 {
            self.buffer.advance(1);
            return None;
        }
        let line = self.buffer.split_to(line_bytes).freeze();
        self.buffer.advance(1);
        without_carriage_return(line)
    }

    fn refuse_endless_line(&mut self) -> Option<Result<Bytes, LineError>> {
        self.scanned_bytes = self.buffer.len();
        if self.scanned_bytes <= self.line_bytes_max {
            return None;
        }
        let error = self.oversized(self.scanned_bytes);
        self.discarding = true;
        self.buffer = BytesMut::new();
        self.scanned_bytes = 0;
        Some(Err(error))
    }

    fn oversized(&self, line_bytes: usize) -> LineError {
        let quoted = &self.buffer[..line_bytes.min(QUOTED_BYTES_MAX)];
        LineError::Oversized { limit: self.line_bytes_max, quoted: String::from_utf8_lossy(quoted).into_owned() }
    }

    /// What of `chunk` stands behind the refused line.
    fn discard<'chunk>(&mut self, chunk: &'chunk [u8]) -> &'chunk [u8] {
        let Some(newline) = memchr(b'\n', chunk) else {
            return &[];
        };
        self.discarding = false;
        &chunk[newline + 1..]
    }
}

fn without_carriage_return(line: Bytes) -> Option<Bytes> {
    let line = match line.strip_suffix(b"\r") {
        Some(stripped) => line.slice(..stripped.len()),
        None => line,
    };
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn drain(decoder: &mut Decoder) -> Vec<Result<Bytes, LineError>> {
        std::iter::from_fn(|| decoder.next()).collect()
    }

    /// Lines as text, a refused one as `!` and its quotation.
    fn read(decoder: &mut Decoder, chunk: &[u8]) -> Vec<String> {
        decoder.push(chunk);
        let show = |line: Result<Bytes, LineError>| match line {
            Ok(line) => String::from_utf8_lossy(&line).into_owned(),
            Err(LineError::Oversized { quoted, .. }) => format!("!{quoted}"),
        };
        drain(decoder).into_iter().map(show).collect()
    }

    #[track_caller]
    fn check(stream: &str, expected: &[&str]) {
        let mut decoder = Decoder::new(8);
        assert_eq!(read(&mut decoder, stream.as_bytes()), expected, "whole: {stream:?}");
    }

    #[test]
    fn lines_end_in_lf_or_crlf_and_blank_ones_are_skipped() {
        check("a\nb\r\n\n\r\nc d\n", &["a", "b", "c d"]);
        check("a\rb\n", &["a\rb"]);
        check("half", &[]);
    }

    #[test]
    fn a_line_at_the_limit_passes_and_one_over_it_is_quoted() {
        check("12345678\n", &["12345678"]);
        check("123456789\nok\n", &["!123456789", "ok"]);
    }

    #[test]
    fn an_endless_line_is_refused_once_and_reading_goes_on_behind_it() {
        let mut decoder = Decoder::new(8);
        assert_eq!(read(&mut decoder, b"0123456789"), ["!0123456789"]);
        assert!(read(&mut decoder, &[b'x'; 5000]).is_empty());
        assert_eq!(decoder.buffer.capacity(), 0);
        assert_eq!(read(&mut decoder, b"end\nnext\n"), ["next"]);
    }

    #[test]
    fn a_quotation_is_bounded() {
        let mut decoder = Decoder::new(300);
        decoder.push(&[b'x'; 1000]);
        let Some(Err(LineError::Oversized { quoted, limit })) = decoder.next() else {
            panic!("the line was not refused");
        };
        assert_eq!((quoted.len(), limit), (QUOTED_BYTES_MAX, 300));
    }

    #[test]
    fn the_rest_behind_the_last_newline_is_kept_for_the_end() {
        let mut decoder = Decoder::new(8);
        assert_eq!(read(&mut decoder, b"a\nrest\r"), ["a"]);
        assert_eq!(decoder.finish().as_deref(), Some(&b"rest"[..]));
        assert_eq!(Decoder::new(8).finish(), None);
    }

    proptest! {
        #[test]
        fn the_cut_into_chunks_makes_no_difference(
            lines in vec("[a-z\u{e9}]{1,8}", 0..8),
            chunk_bytes in 1_usize..9,
        ) {
            let stream = lines.iter().fold(String::new(), |stream, line| stream + line + "\n");
            let mut decoder = Decoder::new(16);
            let mut read_lines = Vec::new();
            for chunk in stream.as_bytes().chunks(chunk_bytes) {
                read_lines.extend(read(&mut decoder, chunk));
            }
            prop_assert_eq!(read_lines, lines);
        }

        #[test]
        fn no_bytes_make_it_hold_more_than_its_limit(chunks in vec(vec(any::<u8>(), 0..40), 0..60)) {
            let mut decoder = Decoder::new(32);
            for chunk in &chunks {
                decoder.push(chunk);
                for line in drain(&mut decoder).into_iter().flatten() {
                    prop_assert!(line.len() <= 32 && !line.contains(&b'\n'));
                }
                prop_assert!(decoder.buffer.len() <= 32);
            }
        }
    }
}
