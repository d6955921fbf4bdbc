//! Whether a file is all there. Some decoders fill the end of a file that was cut with grey and say nothing.

use super::super::Format;
use crate::error::Error;

/// Refuses a file that ends before its picture does.
pub(crate) fn check(bytes: &[u8], format: Format) -> Result<(), Error> {
    let is_whole = match format {
        Format::Jpeg => jpeg(bytes),
        Format::WebP => webp(bytes),
        Format::Png => bytes.windows(8).rev().take(PNG_TAIL_BYTES).any(|chunk| &chunk[..4] == b"IEND"),
        _ => true,
    };
    if is_whole { Ok(()) } else { Err(Error::Damaged { format, reason: "it ends too early".to_owned() }) }
}

/// Bytes behind the end of a PNG that some programs leave there.
const PNG_TAIL_BYTES: usize = 64 * 1024;

/// Whether the end marker follows the data of the picture; a thumbnail in the header has one of its own.
fn jpeg(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xda;
    let mut at = 2;
    while let Some(&[0xff, marker]) = bytes.get(at..at + 2).and_then(|two| two.first_chunk::<2>()) {
        if marker == START_OF_SCAN {
            // inside of the data 0xff is followed by 0 or by a marker that takes no part
            return bytes[at..].windows(2).any(|two| two == [0xff, 0xd9]);
        }
        let is_fill_or_bare = marker == 0xff || marker == 0x01 || (0xd0..=0xd8).contains(&marker);
        let length = match bytes.get(at + 2..at + 4) {
            _ if is_fill_or_bare => 0,
            Some(length) => usize::from(u16::from_be_bytes([length[0], length[1]])),
            None => return false,
        };
        at += if marker == 0xff { 1 } else { 2 + length };
    }
    // not the structure we know: the decoder shall say what is wrong
    at < bytes.len()
}

/// Whether the container is as long as it says.
fn webp(bytes: &[u8]) -> bool {
    let length = bytes.get(4..8).map_or(0, |length| u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
    bytes.len() as u64 >= u64::from(length) + 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jpeg_is_whole_when_its_end_follows_its_data() {
        let check = |bytes: &[u8], expected| assert_eq!(jpeg(bytes), expected, "{bytes:02x?}");
        check(&[0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 2, 0xff, 0xd9], true);
        check(&[0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 2, 0xff, 0], false);
        // the end of a thumbnail inside of a segment does not count
        check(&[0xff, 0xd8, 0xff, 0xe1, 0, 4, 0xff, 0xd9, 0xff, 0xda, 0, 2, 1], false);
        check(&[0xff, 0xd8, 0xff, 0xe1], false);
    }

    #[test]
    fn a_webp_is_whole_when_its_container_is() {
        let check = |bytes: &[u8], expected| assert_eq!(webp(bytes), expected, "{bytes:?}");
        check(b"RIFF\x04\0\0\0WEBP", true);
        check(b"RIFF\x05\0\0\0WEBP", false);
        check(b"RIFF", false);
    }
}
