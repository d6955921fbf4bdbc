//! Any stream, cut anywhere, gives the same events as in one piece and holds no more than its limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp::sse::{Decoder, Event, Limits, SseError};

const LIMITS: Limits = Limits { line_bytes_max: 256, event_bytes_max: 512 };

fuzz_target!(|input: (u8, &[u8])| {
    let (chunk_bytes, stream) = input;
    let whole = decode(stream, stream.len().max(1));
    let cut = decode(stream, usize::from(chunk_bytes).max(1));
    assert_eq!(whole, cut);
    for event in whole.into_iter().flatten() {
        assert!(event.data.len() <= LIMITS.event_bytes_max);
        assert_comes_back(&event);
    }
});

fn decode(stream: &[u8], chunk_bytes: usize) -> Vec<Result<Event, SseError>> {
    let mut decoder = Decoder::new(LIMITS);
    let mut events = Vec::new();
    for chunk in stream.chunks(chunk_bytes) {
        decoder.push(chunk);
        events.extend(std::iter::from_fn(|| decoder.next()));
    }
    events
}

fn assert_comes_back(event: &Event) {
    let mut stream = Vec::new();
    mcp::sse::encode_event(&mut stream, event.name.as_deref(), event.id.as_deref(), &event.data);
    let mut decoder = Decoder::new(Limits::default());
    decoder.push(&stream);
    let expected = Event { retry_ms: None, ..event.clone() };
    assert_eq!(decoder.next(), Some(Ok(expected)));
}
