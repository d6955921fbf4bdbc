//! A file without its notes: what a camera or a program wrote beside the picture is taken out of JPEG, PNG and WebP,
//! and no pixel changes. What the picture needs to look right, its colour profile among it, stays.

use super::Format;

/// The file without notes; nothing where we do not know how to take them out.
pub(crate) fn without_notes(bytes: &[u8], format: Format) -> Option<Vec<u8>> {
    match format {
        Format::Jpeg => jpeg(bytes),
        Format::Png => png(bytes),
        Format::WebP => webp(bytes),
        // they have no place for a camera's notes
        Format::Gif | Format::Bmp => Some(bytes.to_vec()),
        _ => None,
    }
}

/// Keeps the segments that belong to the picture: JFIF, colour profiles, Adobe's note of the kind of colours, and all that
/// are no notes.
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    const COMMENT: u8 = 0xfe;
    const START_OF_SCAN: u8 = 0xda;
    let mut bare = bytes.get(..2)?.to_vec();
    let mut at = 2;
    loop {
        let &[0xff, marker] = bytes.get(at..at + 2)? else { return None };
        if marker == START_OF_SCAN {
            // what follows the end of the picture is none of it
            let end = bytes.len() - bytes.windows(2).rev().position(|two| two == [0xff, 0xd9])?;
            bare.extend_from_slice(bytes.get(at..end)?);
            return Some(bare);
        }
        let length = usize::from(u16::from_be_bytes(*bytes.get(at + 2..at + 4)?.first_chunk()?));
        let segment = bytes.get(at..at + 2 + length)?;
        let is_note = marker == COMMENT || matches!(marker, 0xe1 | 0xe3..=0xed | 0xef);
        let is_profile = marker != 0xe2 || segment[4..].starts_with(b"ICC_PROFILE\0");
        if !is_note && is_profile {
            bare.extend_from_slice(segment);
        }
        at += 2 + length;
    }
}

/// Keeps the chunks that belong to the picture.
fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    const HEAD: usize = 8;
    const AROUND_DATA: usize = 12;
    let mut bare = bytes.get(..HEAD)?.to_vec();
    let mut at = HEAD;
    loop {
        let length = u32::from_be_bytes(*bytes.get(at..at + 4)?.first_chunk()?) as usize;
        let chunk = bytes.get(at..at.checked_add(length)?.checked_add(AROUND_DATA)?)?;
        let kind = &chunk[4..8];
        if !matches!(kind, b"tEXt" | b"zTXt" | b"iTXt" | b"eXIf" | b"tIME") {
            bare.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Some(bare);
        }
        at += chunk.len();
    }
}

/// Keeps the chunks that belong to the picture, and says no more that there are others.
fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    const HEAD: usize = 12;
    const NOTES: u8 = 0x0c;
    let whole = 8 + little(bytes.get(4..8)?)?;
    let mut bare = bytes.get(..HEAD)?.to_vec();
    let mut at = HEAD;
    while at < whole {
        let length = little(bytes.get(at + 4..at + 8)?)?;
        let end = at.checked_add(8)?.checked_add(length)?;
        let chunk = bytes.get(at..(end + end % 2).min(bytes.len()).max(end))?;
        let start = bare.len();
        if !matches!(&chunk[..4], b"EXIF" | b"XMP ") {
            bare.extend_from_slice(chunk);
        }
        if &chunk[..4] == b"VP8X" {
            *bare.get_mut(start + 8)? &= !NOTES;
        }
        at += chunk.len();
    }
    let length = u32::try_from(bare.len() - 8).ok()?;
    bare[4..8].copy_from_slice(&length.to_le_bytes());
    Some(bare)
}

fn little(bytes: &[u8]) -> Option<usize> {
    Some(u32::from_le_bytes(*bytes.first_chunk()?) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_leave_a_jpeg_and_the_picture_stays() {
        let jfif = [0xff, 0xe0, 0, 4, 1, 2];
        let camera = [0xff, 0xe1, 0, 4, 3, 4];
        let profile = [&[0xff, 0xe2, 0, 14][..], b"ICC_PROFILE\0"].concat();
        let maker = [0xff, 0xe2, 0, 4, 5, 6];
        let comment = [0xff, 0xfe, 0, 3, b'a'];
        let scan = [0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9];
        let file = [&[0xff, 0xd8][..], &jfif, &camera, &profile, &maker, &comment, &scan, b"behind"].concat();
        let bare = [&[0xff, 0xd8][..], &jfif, &profile, &scan].concat();
        assert_eq!(jpeg(&file), Some(bare));
        assert_eq!(jpeg(&file[..file.len() - 8]), None);
    }

    #[test]
    fn notes_leave_a_png_and_the_picture_stays() {
        let chunk = |kind: &[u8], data: &[u8]| [&(data.len() as u32).to_be_bytes()[..], kind, data, &[0; 4]].concat();
        let head = b"\x89PNG\r\n\x1a\n".to_vec();
        let (start, data, end) = (chunk(b"IHDR", b"1"), chunk(b"IDAT", b"23"), chunk(b"IEND", b""));
        let notes = [chunk(b"tEXt", b"who"), chunk(b"eXIf", b"where"), chunk(b"iTXt", b"when")].concat();
        let file = [&head[..], &start, &notes, &data, &notes, &end, b"behind"].concat();
        assert_eq!(png(&file), Some([&head[..], &start, &data, &end].concat()));
        assert_eq!(png(&file[..file.len() - 12]), None);
        assert_eq!(without_notes(&file, Format::Tiff), None);
    }

    #[test]
    fn notes_leave_a_webp_and_it_says_so() {
        let chunk = |kind: &[u8], data: &[u8]| {
            [kind, &(data.len() as u32).to_le_bytes(), data, &vec![0; data.len() % 2]].concat()
        };
        let file = |chunks: &[Vec<u8>]| {
            let chunks = chunks.concat();
            [&b"RIFF"[..], &(chunks.len() as u32 + 4).to_le_bytes(), b"WEBP", &chunks].concat()
        };
        let head = |flags: u8| chunk(b"VP8X", &[flags, 0, 0, 0, 1, 0, 0, 1, 0, 0]);
        let (picture, profile) = (chunk(b"VP8 ", b"123"), chunk(b"ICCP", b"12"));
        let noted =
            file(&[head(0x2c), profile.clone(), picture.clone(), chunk(b"EXIF", b"where"), chunk(b"XMP ", b"who")]);
        assert_eq!(webp(&noted), Some(file(&[head(0x20), profile, picture])));
        assert_eq!(webp(&noted[..noted.len() - 4]), None);
    }
}
