//! The blocks of a GIF, walked without decoding: whether there is a second frame must not cost the pixels of the first.

/// Bytes before the first block: signature and screen.
const HEAD: usize = 13;
const EXTENSION: u8 = 0x21;
const FRAME: u8 = 0x2c;

/// Whether there is more than one frame.
pub(super) fn moves(bytes: &[u8]) -> bool {
    walk(bytes).unwrap_or(false)
}

/// The same; nothing if the file ends before the answer.
fn walk(bytes: &[u8]) -> Option<bool> {
    let mut at = HEAD + table(*bytes.get(10)?);
    let mut frames = 0;
    loop {
        at = match *bytes.get(at)? {
            EXTENSION => after_data(bytes, at + 2)?,
            FRAME => {
                frames += 1;
                if frames > 1 {
                    return Some(true);
                }
                // a place, flags, a table of colours, the width of codes
                after_data(bytes, at + 10 + table(*bytes.get(at + 9)?) + 1)?
            }
            _ => return Some(false),
        }
    }
}

/// Bytes of the table of colours that these flags announce.
fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Where a row of pieces with their lengths ends.
fn after_data(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            0 => return Some(at + 1),
            length => at += 1 + usize::from(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0";
    const COMMENT: &[u8] = b"\x21\xfe\x02\x2c\x2c\0";
    const PICTURE: &[u8] = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x4c\x01\0";

    #[test]
    fn frames_are_counted_and_what_looks_like_one_is_not() {
        let check = |parts: &[&[u8]], expected| assert_eq!(moves(&parts.concat()), expected, "{parts:02x?}");
        check(&[SCREEN, PICTURE, b"\x3b"], false);
        check(&[SCREEN, COMMENT, PICTURE, COMMENT, b"\x3b"], false);
        check(&[SCREEN, PICTURE, PICTURE, b"\x3b"], true);
        check(&[SCREEN, PICTURE, COMMENT, PICTURE], true);
        check(&[b"GIF89a\x01\0\x01\0\x80\0\0", &[0x2c; 6], PICTURE, b"\x3b"], false);
    }

    #[test]
    fn a_file_that_ends_early_moves_no_more() {
        let whole = [SCREEN, COMMENT, PICTURE, PICTURE].concat();
        for end in 0..SCREEN.len() + COMMENT.len() + PICTURE.len() {
            assert!(!moves(&whole[..end]), "{end}");
        }
    }
}
