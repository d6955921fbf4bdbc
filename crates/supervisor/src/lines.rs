//! Cuts a child's stdout into lines without copying them, and never holds more than the cap.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use memchr::memchr;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::unix::pipe;

/// How much is asked from the pipe at once: what a pipe holds.
const READ_BYTES: usize = 64 << 10;
/// How much of a line over the cap is quoted, from its start and from its end.
const QUOTE_CHARS: usize = 200;
/// A line that grows to so many times the cap is not waited for any longer: it has no end.
const ENDLESS_CAPS: usize = 4;

/// One line of a child's stdout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The bytes before the line end; never empty, not yet known to be JSON.
    Message(Bytes),
    /// A line over the cap. Its bytes are thrown away as they come; reading goes on behind it.
    Oversized(Oversized),
}

/// What is known of a line over the cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oversized {
    /// How many bytes of it had come when it was reported.
    pub bytes: usize,
    /// Its first 200 characters.
    pub head: String,
    /// The last 200 characters that had come.
    pub tail: String,
    /// Whether its end has come. Without one it had grown to four times the cap.
    pub is_whole: bool,
}

/// The lines of one child, in order. Ends when the child closed its stdout.
#[derive(Debug)]
pub struct Lines<Source = pipe::Receiver> {
    source: Source,
    buffer: BytesMut,
    /// How much of `buffer` is known to hold no line end.
    scanned: usize,
    line_bytes_max: usize,
    /// The line over the cap whose end is still to come.
    excess: Option<Excess>,
    ended: bool,
}

impl Lines {
    /// The pipe, and what was read from it and not handed out.
    pub(crate) fn into_parts(self) -> (pipe::Receiver, Vec<u8>) {
        (self.source, self.buffer.into())
    }

    /// Goes on behind what was read from `source` and not handed out.
    pub(crate) fn going_on(source: pipe::Receiver, line_bytes_max: usize, unread: &[u8]) -> Self {
        Self { buffer: BytesMut::from(unread), ..Self::new(source, line_bytes_max) }
    }
}

impl<Source: AsyncRead + Unpin> Lines<Source> {
    pub(crate) fn new(source: Source, line_bytes_max: usize) -> Self {
        Self { source, buffer: BytesMut::new(), scanned: 0, line_bytes_max, excess: None, ended: false }
    }

    /// The next line, or `None` after the last. May be cancelled and called again without losing a byte.
    ///
    /// A last line without its end is handed out too: whether it is whole only its reader can tell.
    pub async fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(line) = self.next_buffered() {
                return Some(line);
            }
            if self.ended {
                return self.last();
            }
            self.buffer.reserve(READ_BYTES);
            let read = self.source.read_buf(&mut (&mut self.buffer).limit(READ_BYTES)).await;
            self.ended = matches!(read, Ok(0) | Err(_));
        }
    }

    /// The next line that is already here, without waiting for more.
    pub fn next_buffered(&mut self) -> Option<Line> {
        while let Some(end) = memchr(b'\n', &self.buffer[self.scanned..]) {
            let line = self.buffer.split_to(self.scanned + end);
            self.buffer.advance(1);
            self.scanned = 0;
            if let Some(line) = self.judge(line) {
                return Some(line);
            }
        }
        self.scanned = self.buffer.len();
        self.give_up_when_oversized()
    }

    fn give_up_when_oversized(&mut self) -> Option<Line> {
        if self.excess.is_none() && self.buffer.len() <= self.line_bytes_max {
            return None;
        }
        let excess = self.excess.get_or_insert_default();
        excess.take_in(&self.buffer);
        let line = excess.report_when_endless(self.line_bytes_max.saturating_mul(ENDLESS_CAPS));
        self.forget();
        line
    }

    /// Gives the memory back too: after a giant line we do not stay a giant.
    fn forget(&mut self) {
        self.scanned = 0;
        if self.buffer.capacity() > 2 * READ_BYTES {
            self.buffer = BytesMut::new();
        } else {
            self.buffer.clear();
        }
    }

    fn last(&mut self) -> Option<Line> {
        self.scanned = 0;
        let line = self.buffer.split();
        self.judge(line)
    }

    fn judge(&mut self, line: BytesMut) -> Option<Line> {
        let line = without_carriage_return(line.freeze());
        if self.excess.is_none() && line.len() <= self.line_bytes_max {
            return (!line.is_empty()).then_some(Line::Message(line));
        }
        let mut excess = self.excess.take().unwrap_or_default();
        excess.take_in(&line);
        excess.report_at_end()
    }
}

/// A line over the cap while it comes: how much, its start, and its end so far.
#[derive(Debug, Default)]
struct Excess {
    bytes: usize,
    head: Vec<u8>,
    tail: Vec<u8>,
    reported: bool,
}

impl Excess {
    /// A character is at most four bytes.
    const QUOTE_BYTES: usize = 4 * QUOTE_CHARS;

    fn take_in(&mut self, piece: &[u8]) {
        self.bytes += piece.len();
        let wanted = Self::QUOTE_BYTES.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..wanted]);
        self.tail.extend_from_slice(&piece[piece.len().saturating_sub(Self::QUOTE_BYTES)..]);
        self.tail.drain(..self.tail.len().saturating_sub(Self::QUOTE_BYTES));
    }

    fn report_when_endless(&mut self, bytes_max: usize) -> Option<Line> {
        if self.reported || self.bytes <= bytes_max {
            return None;
        }
        self.reported = true;
        Some(self.report(false))
    }

    fn report_at_end(&self) -> Option<Line> {
        (!self.reported).then(|| self.report(true))
    }

    fn report(&self, is_whole: bool) -> Line {
        let head = String::from_utf8_lossy(&self.head).chars().take(QUOTE_CHARS).collect();
        let tail = String::from_utf8_lossy(&self.tail);
        let tail = tail.chars().skip(tail.chars().count().saturating_sub(QUOTE_CHARS)).collect();
        Line::Oversized(Oversized { bytes: self.bytes, head, tail, is_whole })
    }
}

fn without_carriage_return(mut line: Bytes) -> Bytes {
    if line.ends_with(b"\r") {
        line.truncate(line.len() - 1);
    }
    line
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio::io::ReadBuf;

    use super::*;

    /// Hands out its bytes in pieces of one size.
    struct Pieces {
        rest: Bytes,
        size: usize,
    }

    impl AsyncRead for Pieces {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let count = self.size.min(self.rest.len());
            into.put_slice(&self.rest.split_to(count));
            Poll::Ready(Ok(()))
        }
    }

    /// Reads `input` in pieces of every size and expects the same lines each time.
    async fn check(input: &'static [u8], cap: usize, expected: &[&str]) {
        for size in 1..=input.len() {
            let source = Pieces { rest: Bytes::from_static(input), size };
            let mut lines = Lines::new(source, cap);
            let mut seen = Vec::new();
            while let Some(line) = lines.next().await {
                seen.push(match line {
                    Line::Message(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                    Line::Oversized(over) => {
                        format!("over:{}..{}", &over.head[..3], &over.tail[over.tail.len() - 2..])
                    }
                });
            }
            assert_eq!(seen, expected, "in pieces of {size}");
        }
    }

    #[tokio::test]
    async fn lines_are_cut_at_every_line_end_whatever_the_pieces() {
        check(b"one\ntwo\r\n\n\r\nthree\n", 100, &["one", "two", "three"]).await;
    }

    #[tokio::test]
    async fn a_last_line_without_end_is_handed_out() {
        check(b"one\n{\"half", 100, &["one", "{\"half"]).await;
    }

    #[tokio::test]
    async fn reading_goes_on_behind_an_oversized_line() {
        check(b"one\n0123456789012345\ntwo\n", 8, &["one", "over:012..45", "two"]).await;
    }

    #[tokio::test]
    async fn a_line_of_exactly_the_cap_passes() {
        check(b"12345678\n123456789\n", 8, &["12345678", "over:123..89"]).await;
    }

    #[tokio::test]
    async fn an_endless_line_is_given_up_at_four_caps_and_its_memory_returned() {
        let mut lines = Lines::new(tokio::io::repeat(b'x'), 1 << 20);
        let line = lines.next().await;
        assert!(
            matches!(&line, Some(Line::Oversized(Oversized { bytes, head, is_whole: false, .. }))
            if *bytes <= (4 << 20) + READ_BYTES && head.len() == QUOTE_CHARS),
            "{line:?}"
        );
        assert!(lines.buffer.capacity() <= 2 * READ_BYTES);
    }
}
