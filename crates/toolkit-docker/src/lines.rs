//! Lines out of the pieces in which they arrive, whole and bounded.

use bytes::Bytes;

/// Bytes of one line; the rest of a longer one is left out.
const LINE_BYTES_MAX: usize = 16 << 10;

/// What has arrived of a line that has not ended.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// The lines that end in this piece.
    pub(crate) fn push(&mut self, piece: &Bytes) -> Vec<String> {
        let mut parts = piece.split(|byte| *byte == b'\n');
        // what stands behind the last line end is the beginning of a line
        let rest = parts.next_back().unwrap_or_default();
        let mut lines = Vec::new();
        for part in parts {
            self.add(part);
            lines.push(self.take());
        }
        self.add(rest);
        lines
    }

    /// The line that never ended.
    pub(crate) fn finish(mut self) -> Option<String> {
        (!self.begun.is_empty()).then(|| self.take())
    }

    fn add(&mut self, part: &[u8]) {
        let room = LINE_BYTES_MAX.saturating_sub(self.begun.len());
        self.begun.extend_from_slice(&part[..part.len().min(room)]);
    }

    fn take(&mut self) -> String {
        let line = std::mem::take(&mut self.begun);
        String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let text = "first\r\nsécond\n\nlast";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let pieces = text.as_bytes().chunks(size);
            let mut read: Vec<String> = pieces.flat_map(|piece| lines.push(&Bytes::copy_from_slice(piece))).collect();
            read.extend(lines.finish());
            assert_eq!(read, ["first", "sécond", "", "last"], "{size}");
        }
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_room_than_allowed() {
        let mut lines = Lines::default();
        for _ in 0..100 {
            assert!(lines.push(&Bytes::from(vec![b'x'; 10_000])).is_empty());
        }
        assert_eq!(lines.finish().unwrap().len(), LINE_BYTES_MAX);
    }
}
