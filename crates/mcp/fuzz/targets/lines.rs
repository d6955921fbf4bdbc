//! Any bytes, cut anywhere, give the same lines as in one piece; no line is over the limit.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp::lines::{Decoder, LineError};

const LINE_BYTES_MAX: usize = 64;

fuzz_target!(|input: (u8, &[u8])| {
    let (chunk_bytes, stream) = input;
    let whole = decode(stream, stream.len().max(1));
    let cut = decode(stream, usize::from(chunk_bytes).max(1));
    assert_eq!(whole.iter().flatten().collect::<Vec<_>>(), cut.iter().flatten().collect::<Vec<_>>());
    assert_eq!(whole.len(), cut.len(), "as many lines are refused");
    for line in whole.iter().flatten() {
        assert!(!line.is_empty() && line.len() <= LINE_BYTES_MAX && !line.contains(&b'\n'));
    }
});

fn decode(stream: &[u8], chunk_bytes: usize) -> Vec<Result<Vec<u8>, LineError>> {
    let mut decoder = Decoder::new(LINE_BYTES_MAX);
    let mut lines = Vec::new();
    for chunk in stream.chunks(chunk_bytes) {
        decoder.push(chunk);
        lines.extend(std::iter::from_fn(|| decoder.next()).map(|line| line.map(Vec::from)));
    }
    lines
}
