//! How long each request is, read from its head before hyper reads it. The length has to be told once and in one way:
//! where two ways are possible, a proxy in front may see another request than we do. Such a head is spoiled in place,
//! so that hyper refuses it with 400 and closes. Bodies are skipped, answers are not looked at. A connection that is to go
//! to another process is left open where it would be closed.

use std::{
    io,
    os::fd::AsFd,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use memchr::memchr;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::passage::Passage;

/// What is kept of a line that arrives in pieces: more than any length needs.
const LINE_BYTES_KEPT: usize = 256;

/// A connection on which each request has one length.
#[derive(Debug)]
pub struct Framed<S> {
    stream: S,
    framing: Framing,
    switched: Switched,
    passage: Passage,
}

/// Says that the connection speaks something else than HTTP from now on.
#[derive(Clone, Debug, Default)]
pub struct Switched(Arc<AtomicBool>);

/// Where in the stream of requests we are.
#[derive(Debug, Default)]
struct Framing {
    place: Place,
    /// The start of a line whose end has not arrived yet, and the last byte that has.
    line: Vec<u8>,
    last: u8,
    length: Length,
    /// Heads that have ended.
    requests: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    RequestLine,
    Header,
    Body(u64),
    ChunkSize,
    Chunk(u64),
    Trailer,
    /// Not HTTP any more, or about to be closed.
    Beyond,
}

/// What a head has said of its body so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Length {
    #[default]
    Untold,
    Bytes(u64),
    Chunked,
}

/// A line that leaves more than one reading.
#[derive(Debug, PartialEq, Eq)]
struct Ambiguous;

impl<S> Framed<S> {
    /// Watches over a fresh connection.
    pub(super) fn new(stream: S, switched: Switched, passage: Passage) -> Self {
        Self { stream, framing: Framing::default(), switched, passage }
    }
}

impl Switched {
    /// The next bytes are not HTTP.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Framing {
    /// Takes what arrived, and spoils the end of a line that is ambiguous.
    fn take(&mut self, arrived: &mut [u8]) {
        let mut at = 0;
        while at < arrived.len() {
            at += match self.place {
                Place::Beyond => return,
                Place::Body(left) => self.skip(left, arrived.len() - at, Place::Body, Place::RequestLine),
                Place::Chunk(left) => self.skip(left, arrived.len() - at, Place::Chunk, Place::ChunkSize),
                _ => self.take_line(&mut arrived[at..]),
            };
        }
    }

    fn skip(&mut self, left: u64, arrived: usize, place: fn(u64) -> Place, after: Place) -> usize {
        let count = usize::try_from(left).map_or(arrived, |left| left.min(arrived));
        let left = left - count as u64;
        self.place = if left == 0 { after } else { place(left) };
        count
    }

    /// Takes the bytes up to the end of the line and gives their number.
    fn take_line(&mut self, arrived: &mut [u8]) -> usize {
        let Some(end) = memchr(b'\n', arrived) else {
            self.keep(arrived);
            return arrived.len();
        };
        let read = if self.line.is_empty() {
            self.read_line(&arrived[..end])
        } else {
            self.keep(&arrived[..end]);
            let kept = std::mem::take(&mut self.line);
            if self.last == b'\r' { self.read_text(kept.trim_ascii_end()) } else { Err(Ambiguous) }
        };
        if read.is_err() {
            arrived[end] = 0;
            self.place = Place::Beyond;
        }
        end + 1
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = LINE_BYTES_KEPT - self.line.len();
        self.line.extend_from_slice(&piece[..piece.len().min(room)]);
        self.last = piece.last().copied().unwrap_or(self.last);
    }

    fn read_line(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        self.read_text(line.strip_suffix(b"\r").ok_or(Ambiguous)?)
    }

    fn read_text(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        self.place = match self.place {
            Place::RequestLine | Place::Trailer if line.is_empty() => Place::RequestLine,
            Place::RequestLine => Place::Header,
            Place::Header if line.is_empty() => self.end_of_head(),
            Place::Header => self.read_header(line)?,
            Place::ChunkSize => chunk(line)?,
            place => place,
        };
        Ok(())
    }

    /// Whether a part of a request has come whose rest has not.
    fn is_inside(&self) -> bool {
        self.place != Place::RequestLine || !self.line.is_empty()
    }

    fn end_of_head(&mut self) -> Place {
        self.requests += 1;
        match std::mem::take(&mut self.length) {
            Length::Chunked => Place::ChunkSize,
            Length::Untold | Length::Bytes(0) => Place::RequestLine,
            Length::Bytes(bytes) => Place::Body(bytes),
        }
    }

    fn read_header(&mut self, line: &[u8]) -> Result<Place, Ambiguous> {
        // These two letters begin the headers that tell a length, and a line begun with space goes on with the one before.
        // What is no header at all is refused by hyper.
        if !matches!(line.first(), Some(b'c' | b'C' | b't' | b'T' | b' ' | b'\t')) {
            return Ok(Place::Header);
        }
        let colon = memchr(b':', line).ok_or(Ambiguous)?;
        let name = &line[..colon];
        let value = || line[colon + 1..].trim_ascii();
        let told = if name.eq_ignore_ascii_case(b"content-length") {
            Length::Bytes(digits(value(), 10).ok_or(Ambiguous)?)
        } else if !name.eq_ignore_ascii_case(b"transfer-encoding") {
            return Ok(Place::Header);
        } else if value().eq_ignore_ascii_case(b"chunked") {
            Length::Chunked
        } else {
            return Err(Ambiguous);
        };
        if self.length != Length::Untold {
            return Err(Ambiguous);
        }
        self.length = told;
        Ok(Place::Header)
    }
}

/// The line before a chunk: its size, and extensions that nobody reads.
fn chunk(line: &[u8]) -> Result<Place, Ambiguous> {
    const LINE_END: u64 = 2;
    let size = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    match digits(size, 16).ok_or(Ambiguous)? {
        0 => Ok(Place::Trailer),
        size => size.checked_add(LINE_END).map(Place::Chunk).ok_or(Ambiguous),
    }
}

/// A number of digits and nothing else.
fn digits(text: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    text.chars().all(|digit| digit.is_digit(radix)).then(|| u64::from_str_radix(text, radix).ok())?
}

impl<S: AsyncRead + Unpin> AsyncRead for Framed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if self.framing.place != Place::Beyond {
            if self.switched.is_set() {
                self.framing.place = Place::Beyond;
            }
            self.framing.take(&mut buffer.filled_mut()[before..]);
            self.passage.note(self.framing.requests, self.framing.is_inside());
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + AsFd + Unpin> AsyncWrite for Framed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// All that is said has been written by now.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.passage.is_going() && !self.framing.is_inside() {
            self.passage.leave(self.stream.as_fd().try_clone_to_owned()?);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `stream` is left as it is, whole and cut at every place.
    #[track_caller]
    fn check(stream: &str, passes: bool) {
        for cut in 0..stream.len() {
            let mut bytes = stream.as_bytes().to_vec();
            let (first, second) = bytes.split_at_mut(cut);
            let mut framing = Framing::default();
            framing.take(first);
            framing.take(second);
            assert_eq!(bytes == stream.as_bytes(), passes, "cut at {cut}: {stream:?}");
        }
    }

    #[test]
    fn a_length_told_once_passes() {
        for head in ["", "Content-Length: 0\r\n", "Transfer-Encoding: Chunked\r\n", "X: Content-Length: 1\r\n"] {
            check(&format!("POST / HTTP/1.1\r\nHost: a\r\n{head}\r\n"), true);
        }
    }

    #[test]
    fn a_length_told_twice_or_unclearly_is_spoiled() {
        for head in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: \u{b}chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length:\r\n",
            "Host: a\n",
            "Host: a\r\n folded\r\n",
        ] {
            check(&format!("POST / HTTP/1.1\r\n{head}\r\n"), false);
        }
    }

    #[test]
    fn requests_that_follow_are_watched_too_and_bodies_are_not() {
        let bad = "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let counted = |body: &str| format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(&counted(bad), true);
        check(&format!("{}{}", counted("{}"), counted("\n\n")), true);
        check(&format!("{}{bad}", counted("{}")), false);
        check(&format!("{chunked}{:x};a=b\r\n{bad}\r\n0\r\nX: y\r\n\r\n{}", bad.len(), counted("{}")), true);
        check(&format!("{chunked}2\r\n{{}}\r\n0\r\n\r\n{bad}"), false);
        check(&format!("GET / HTTP/1.1\r\n\r\n\r\n{bad}"), false);
    }

    #[test]
    fn a_chunk_without_a_proper_size_is_spoiled() {
        for size in ["FFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF0", "-1", "0x5", ""] {
            check(&format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\n"), false);
        }
    }

    #[test]
    fn a_long_line_in_pieces_is_only_a_long_line() {
        let long = "a".repeat(4 * LINE_BYTES_KEPT);
        check(&format!("GET /{long} HTTP/1.1\r\nX: {long}\r\n\r\n"), true);
    }

    #[test]
    fn what_comes_after_the_switch_is_not_http() {
        let mut framing = Framing { place: Place::Beyond, ..Framing::default() };
        let mut frame = b"\x81\x05a\nb\nc\n".to_vec();
        framing.take(&mut frame);
        assert_eq!(frame, b"\x81\x05a\nb\nc\n");
    }
}
