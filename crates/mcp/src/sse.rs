//! Server-sent events, read and written exactly as the WHATWG text says.
//! Owns the framing only: lines, fields, events, and the limits that keep a hostile stream from
//! growing our memory. Knows nothing of JSON, of connections or of reconnecting.

use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr2;
use thiserror::Error;

/// A comment that keeps an idle stream alive and that every reader ignores.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What one stream may make us hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest line, its end not counted, in bytes.
    pub line_bytes_max: usize,
    /// The largest event, all its data, name and id together, in bytes.
    pub event_bytes_max: usize,
}

impl Default for Limits {
    /// 64 MiB for either: the largest result the gateway carries by default.
    fn default() -> Self {
        let largest_result = 64 * 1024 * 1024;
        Self { line_bytes_max: largest_result, event_bytes_max: largest_result }
    }
}

/// One dispatched event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The event type, when one other than the default `message` was given.
    pub name: Option<String>,
    /// The data lines joined by line feeds; not checked to be UTF-8.
    pub data: Bytes,
    /// The `id` given in this event; see [`Decoder::last_event_id`] for the inherited one.
    pub id: Option<String>,
    /// The reconnection time given in this event.
    pub retry_ms: Option<u64>,
}

/// Why a stream cannot be read on. Final: the stream has to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SseError {
    /// A line longer than [`Limits::line_bytes_max`].
    #[error("event stream line is longer than {limit} bytes")]
    LineTooLong {
        /// The limit that was passed.
        limit: usize,
    },
    /// An event larger than [`Limits::event_bytes_max`].
    #[error("event is larger than {limit} bytes")]
    EventTooLarge {
        /// The limit that was passed.
        limit: usize,
    },
}

/// Turns chunks of any size into events.
///
/// After each [`push`](Self::push), call [`next`](Self::next) until it yields nothing: then at most
/// one unfinished line and one unfinished event are held. An event that the stream's end cuts off is
/// never delivered, as the standard demands.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    buffer: BytesMut,
    /// Bytes at the front of `buffer` known to hold no line end.
    scanned_bytes: usize,
    at_stream_start: bool,
    /// The last line ended in CR: a LF that follows belongs to it.
    after_carriage_return: bool,
    failed: bool,
    draft: Draft,
    last_event_id: String,
    retry_ms: Option<u64>,
}

/// The event being collected, until a blank line dispatches it.
#[derive(Debug, Default)]
struct Draft {
    name: String,
    data: Data,
    id: Option<String>,
    retry_ms: Option<u64>,
}

/// Data of an event: a single line stays the slice it arrived in, more are joined once.
#[derive(Debug, Default)]
enum Data {
    #[default]
    Absent,
    One(Bytes),
    Joined(BytesMut),
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            buffer: BytesMut::new(),
            scanned_bytes: 0,
            at_stream_start: true,
            after_carriage_return: false,
            failed: false,
            draft: Draft::default(),
            last_event_id: String::new(),
            retry_ms: None,
        }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, chunk: &[u8]) {
        if !self.failed {
            self.buffer.extend_from_slice(chunk);
        }
    }

    /// The next complete event, or nothing until more bytes are pushed. After an error: nothing, ever.
    #[expect(clippy::should_implement_trait, reason = "not an iterator: it goes on after a `None`")]
    pub fn next(&mut self) -> Option<Result<Event, SseError>> {
        loop {
            let line_end = match self.line_end()? {
                Ok(line_end) => line_end,
                Err(error) => return Some(Err(self.fail(error))),
            };
            if line_end == 0 {
                self.end_line();
                if let Some(event) = self.dispatch() {
                    return Some(Ok(event));
                }
            } else {
                self.read_line(line_end);
                if self.draft.bytes() > self.limits.event_bytes_max {
                    let limit = self.limits.event_bytes_max;
                    return Some(Err(self.fail(SseError::EventTooLarge { limit })));
                }
            }
        }
    }

    /// The id to send as `Last-Event-ID` when reconnecting, if one is in force.
    pub fn last_event_id(&self) -> Option<&str> {
        (!self.last_event_id.is_empty()).then_some(self.last_event_id.as_str())
    }

    /// The reconnection time in force, if the stream has set one.
    pub fn retry_ms(&self) -> Option<u64> {
        self.retry_ms
    }

    /// Where the first line ends, once it is complete.
    fn line_end(&mut self) -> Option<Result<usize, SseError>> {
        if self.after_carriage_return && !self.buffer.is_empty() {
            self.after_carriage_return = false;
            if self.buffer[0] == b'\n' {
                self.buffer.advance(1);
            }
        }
        let found = memchr2(b'\r', b'\n', &self.buffer[self.scanned_bytes..]);
        let line_bytes = found.map_or(self.buffer.len(), |at| self.scanned_bytes + at);
        if line_bytes > self.limits.line_bytes_max {
            return Some(Err(SseError::LineTooLong { limit: self.limits.line_bytes_max }));
        }
        if found.is_none() {
            self.scanned_bytes = line_bytes;
            return None;
        }
        self.scanned_bytes = 0;
        Some(Ok(self.skip_byte_order_mark(line_bytes)))
    }

    fn skip_byte_order_mark(&mut self, line_end: usize) -> usize {
        let first_line = std::mem::take(&mut self.at_stream_start);
        if first_line && self.buffer[..line_end].starts_with(BYTE_ORDER_MARK) {
            self.buffer.advance(BYTE_ORDER_MARK.len());
            return line_end - BYTE_ORDER_MARK.len();
        }
        line_end
    }

    /// Consumes the line's end, at the front of the buffer.
    fn end_line(&mut self) {
        self.after_carriage_return = self.buffer[0] == b'\r';
        self.buffer.advance(1);
    }

    fn read_line(&mut self, line_end: usize) {
        let (field, value) = split_field(&self.buffer[..line_end]);
        if field == b"data" {
            let line = self.buffer.split_to(line_end).freeze();
            self.draft.data.push_line(line.slice(value));
        } else {
            self.draft.set(field, &self.buffer[value]);
            self.buffer.advance(line_end);
        }
        self.end_line();
    }

    /// The blank line: ids and retry times come into force even where no event comes out.
    fn dispatch(&mut self) -> Option<Event> {
        let draft = std::mem::take(&mut self.draft);
        if let Some(id) = &draft.id {
            self.last_event_id.clone_from(id);
        }
        self.retry_ms = draft.retry_ms.or(self.retry_ms);
        Some(Event {
            data: draft.data.finish()?,
            name: (!draft.name.is_empty()).then_some(draft.name),
            id: draft.id,
            retry_ms: draft.retry_ms,
        })
    }

    fn fail(&mut self, error: SseError) -> SseError {
        self.failed = true;
        self.buffer = BytesMut::new();
        self.scanned_bytes = 0;
        self.draft = Draft::default();
        error
    }
}

impl Draft {
    fn bytes(&self) -> usize {
        self.name.len() + self.data.len() + self.id.as_ref().map_or(0, String::len)
    }

    /// Applies a field other than `data`; unknown ones and comments change nothing.
    fn set(&mut self, field: &[u8], value: &[u8]) {
        match field {
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            b"id" if !value.contains(&0) => {
                self.id = Some(String::from_utf8_lossy(value).into_owned());
            }
            b"retry" => self.retry_ms = parse_digits(value).or(self.retry_ms),
            _ => {}
        }
    }
}

impl Data {
    fn len(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::One(line) => line.len(),
            Self::Joined(lines) => lines.len(),
        }
    }

    fn push_line(&mut self, line: Bytes) {
        *self = match std::mem::take(self) {
            Self::Absent => Self::One(line),
            Self::One(first) => Self::Joined(join_lines(BytesMut::from(first), &line)),
            Self::Joined(lines) => Self::Joined(join_lines(lines, &line)),
        };
    }

    fn finish(self) -> Option<Bytes> {
        match self {
            Self::Absent => None,
            Self::One(line) => Some(line),
            Self::Joined(lines) => Some(lines.freeze()),
        }
    }
}

fn join_lines(mut lines: BytesMut, line: &[u8]) -> BytesMut {
    lines.extend_from_slice(b"\n");
    lines.extend_from_slice(line);
    lines
}

/// A line's field name and where its value stands; the name of a comment is empty.
fn split_field(line: &[u8]) -> (&[u8], Range<usize>) {
    let Some(colon) = memchr::memchr(b':', line) else {
        return (line, line.len()..line.len());
    };
    let space = usize::from(line.get(colon + 1) == Some(&b' '));
    (&line[..colon], colon + 1 + space..line.len())
}

fn parse_digits(value: &[u8]) -> Option<u64> {
    if !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Appends one event. Line breaks in `data` become further data lines; in a name or an id, where
/// nothing can carry them, they are left out.
pub fn encode_event(out: &mut Vec<u8>, name: Option<&str>, id: Option<&str>, data: &[u8]) {
    out.reserve(data.len() + 32);
    if let Some(name) = name {
        encode_field(out, "event: ", name);
    }
    if let Some(id) = id {
        encode_field(out, "id: ", id);
    }
    encode_data(out, data);
    out.push(b'\n');
}

/// Appends the event without content that opens a resumable stream: it gives the client an id to
/// come back with, and the time to wait before it does.
pub fn encode_priming(out: &mut Vec<u8>, id: &str, retry_ms: Option<u64>) {
    encode_field(out, "id: ", id);
    if let Some(retry_ms) = retry_ms {
        encode_field(out, "retry: ", &retry_ms.to_string());
    }
    out.extend_from_slice(b"data: \n\n");
}

fn encode_field(out: &mut Vec<u8>, label: &str, value: &str) {
    out.extend_from_slice(label.as_bytes());
    out.extend(value.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')));
    out.push(b'\n');
}

fn encode_data(out: &mut Vec<u8>, data: &[u8]) {
    let mut rest = data;
    loop {
        let end = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&rest[..end]);
        out.push(b'\n');
        if end == rest.len() {
            return;
        }
        let line_break = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[end + line_break..];
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const SMALL: Limits = Limits { line_bytes_max: 64, event_bytes_max: 100 };

    fn drain(decoder: &mut Decoder) -> Vec<Result<Event, SseError>> {
        std::iter::from_fn(|| decoder.next()).collect()
    }

    fn decode(stream: &[u8]) -> Vec<Event> {
        let mut decoder = Decoder::new(Limits::default());
        decoder.push(stream);
        drain(&mut decoder).into_iter().map(|event| event.expect("within the limits")).collect()
    }

    fn message(data: &str) -> Event {
        Event { name: None, data: Bytes::from(data.to_owned()), id: None, retry_ms: None }
    }

    #[track_caller]
    fn check(stream: &str, expected: &[Event]) {
        assert_eq!(decode(stream.as_bytes()), expected, "whole: {stream:?}");
        let mut decoder = Decoder::new(Limits::default());
        let mut events = Vec::new();
        for byte in stream.as_bytes() {
            decoder.push(&[*byte]);
            events.extend(drain(&mut decoder).into_iter().map(|event| event.expect("within the limits")));
        }
        assert_eq!(events, expected, "byte by byte: {stream:?}");
    }

    #[test]
    fn every_line_end_ends_a_line() {
        for stream in
            ["data: a\n\n", "data: a\r\r", "data: a\r\n\r\n", "data: a\n\r\n", "data: a\r\n\n", "data: a\r\n\r"]
        {
            check(stream, &[message("a")]);
        }
        check("data: a\r\rdata: b\n\n", &[message("a"), message("b")]);
    }

    #[test]
    fn data_lines_are_joined_by_line_feeds() {
        check("data: a\ndata: b\r\ndata:\rdata:c\n\n", &[message("a\nb\n\nc")]);
        check("data\n\n", &[message("")]);
        check("data\ndata\n\n", &[message("\n")]);
    }

    #[test]
    fn one_leading_space_of_a_value_is_dropped() {
        check("data:  a \n\n", &[message(" a ")]);
        check("data:a\n\n", &[message("a")]);
        check("data: :\n\n", &[message(":")]);
    }

    #[test]
    fn comments_and_unknown_fields_change_nothing() {
        check(": hello\n:\nevents: x\nData: y\n data: z\ndata: a\nfoo\n\n", &[message("a")]);
        check(": keep-alive\n\n\n\n", &[]);
    }

    #[test]
    fn a_byte_order_mark_is_dropped_at_the_start_only() {
        check("\u{feff}data: a\n\n\u{feff}data: b\n\ndata: c\n\n", &[message("a"), message("c")]);
        check("\u{feff}\n\ndata: a\n\n", &[message("a")]);
    }

    #[test]
    fn a_block_without_data_dispatches_nothing_but_its_id_counts() {
        let mut decoder = Decoder::new(Limits::default());
        decoder.push(b"event: x\nid: 7\nretry: 30\n\n");
        assert_eq!(decoder.next(), None);
        assert_eq!((decoder.last_event_id(), decoder.retry_ms()), (Some("7"), Some(30)));
        decoder.push(b"data: a\n\nid\n\n");
        assert_eq!(decoder.next(), Some(Ok(message("a"))));
        assert_eq!(decoder.last_event_id(), Some("7"));
        assert_eq!(decoder.next(), None);
        assert_eq!(decoder.last_event_id(), None);
    }

    #[test]
    fn an_id_counts_from_the_blank_line_on() {
        let mut decoder = Decoder::new(Limits::default());
        decoder.push(b"id: 7\ndata: a\n");
        assert_eq!(decoder.next(), None);
        assert_eq!(decoder.last_event_id(), None);
    }

    #[test]
    fn name_id_and_retry_are_read() {
        let full = Event { name: Some("n".into()), id: Some("i".into()), retry_ms: Some(5), ..message("a") };
        check("event: m\nevent: n\nid: i\nretry: 5\ndata: a\n\n", &[full]);
        check("event: n\nevent:\ndata: a\n\n", &[message("a")]);
    }

    #[test]
    fn an_id_with_nul_and_a_retry_of_other_than_digits_are_ignored() {
        let with_id = Event { id: Some("1".into()), ..message("a") };
        check("id: 1\nid: 2\u{0}3\ndata: a\n\n", &[with_id]);
        let with_retry = Event { retry_ms: Some(9), ..message("a") };
        check(
            "retry: 9\nretry: -1\nretry: 1.5\nretry: +1\nretry:\nretry: 99999999999999999999999\ndata: a\n\n",
            &[with_retry],
        );
    }

    #[test]
    fn an_event_cut_off_by_the_end_is_not_delivered() {
        check("data: a\n\ndata: b\n", &[message("a")]);
        check("data: a", &[]);
    }

    #[test]
    fn a_character_split_over_chunks_arrives_whole() {
        check("data: 世界 🦀\n\n", &[message("世界 🦀")]);
    }

    #[test]
    fn a_line_over_the_limit_is_refused_with_or_without_its_end() {
        for stream in [vec![b'x'; 65], [&[b'x'; 65][..], b"\n"].concat()] {
            let mut decoder = Decoder::new(SMALL);
            decoder.push(&stream);
            assert_eq!(decoder.next(), Some(Err(SseError::LineTooLong { limit: 64 })));
            decoder.push(b"data: a\n\n");
            assert_eq!(decoder.next(), None);
            assert_eq!(decoder.buffer.capacity(), 0);
        }
        let mut decoder = Decoder::new(SMALL);
        decoder.push(&[&[b'x'; 64][..], b"\n"].concat());
        assert_eq!(decoder.next(), None);
    }

    #[test]
    fn an_event_over_the_limit_is_refused_before_its_end() {
        let mut decoder = Decoder::new(SMALL);
        decoder.push(b"data: 0123456789012345678901234567890123456789012345678\n".repeat(2).as_slice());
        assert_eq!(decoder.next(), None);
        decoder.push(b"data:\n");
        assert_eq!(decoder.next(), None);
        decoder.push(b"data:\n");
        assert_eq!(decoder.next(), Some(Err(SseError::EventTooLarge { limit: 100 })));
    }

    #[test]
    fn comments_without_end_hold_no_memory() {
        let mut decoder = Decoder::new(SMALL);
        for _ in 0..10_000 {
            decoder.push(b": still here\n");
            assert_eq!(decoder.next(), None);
        }
        assert!(decoder.buffer.capacity() < 4096, "{} bytes held", decoder.buffer.capacity());
    }

    #[test]
    fn line_breaks_cannot_leave_a_name_or_an_id() {
        let mut out = Vec::new();
        encode_event(&mut out, Some("a\ndata: evil"), Some("1\r\n\r\n"), b"x");
        assert_eq!(out, b"event: adata: evil\nid: 1\ndata: x\n\n");
    }

    #[test]
    fn a_priming_event_carries_an_id_and_no_content() {
        let mut out = Vec::new();
        encode_priming(&mut out, "s1-0", Some(500));
        let priming = Event { id: Some("s1-0".into()), retry_ms: Some(500), ..message("") };
        assert_eq!(decode(&out), [priming]);
    }

    fn normalized(data: &str) -> String {
        data.replace("\r\n", "\n").replace('\r', "\n")
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_the_same(
            events in vec(("[a-z]{0,4}", "[!-~]{0,6}", "[a\r\n\u{e9} :]{0,12}"), 0..5)
        ) {
            let mut stream = Vec::new();
            let mut expected = Vec::new();
            for (name, id, data) in &events {
                encode_event(&mut stream, Some(name), Some(id), data.as_bytes());
                stream.extend_from_slice(KEEP_ALIVE);
                expected.push(Event {
                    name: (!name.is_empty()).then(|| name.clone()),
                    id: Some(id.clone()),
                    ..message(&normalized(data))
                });
            }
            prop_assert_eq!(decode(&stream), expected);
        }

        #[test]
        fn the_cut_into_chunks_makes_no_difference(
            stream in "(data|id|event|retry|:|\u{feff}|x|: |:|[\r\n]|[\r\n]|[\r\n]|1|\u{0}){0,60}",
            chunk_bytes in 1_usize..9,
        ) {
            let mut decoder = Decoder::new(Limits::default());
            let mut events = Vec::new();
            for chunk in stream.as_bytes().chunks(chunk_bytes) {
                decoder.push(chunk);
                events.extend(drain(&mut decoder).into_iter().flatten());
            }
            prop_assert_eq!(events, decode(stream.as_bytes()));
        }

        #[test]
        fn no_bytes_make_it_hold_more_than_its_limits(chunks in vec(vec(any::<u8>(), 0..40), 0..60)) {
            let mut decoder = Decoder::new(SMALL);
            for chunk in &chunks {
                decoder.push(chunk);
                while let Some(event) = decoder.next() {
                    prop_assert!(event.is_err() || event.is_ok_and(|event| event.data.len() <= SMALL.event_bytes_max));
                }
                prop_assert!(decoder.buffer.len() <= SMALL.line_bytes_max);
                prop_assert!(decoder.draft.bytes() <= SMALL.event_bytes_max);
            }
        }
    }
}
