//! A short text hidden in the brightness of a picture. Nobody sees it, and it survives compression; it does not survive
//! another size, a cut or a turn.
//!
//! Each block of 8 × 8 pixels carries one bit: which of two coefficients of its cosine transform is the larger. The bits
//! are repeated over the whole picture and read by majority.

use std::{f32::consts::PI, sync::LazyLock};

use image::{DynamicImage, RgbaImage};

/// Bytes of the text.
pub(crate) const TEXT_BYTES_MAX: usize = 29;
/// Bytes that are hidden: a length, the text, a checksum.
const BYTES: usize = 32;
const BITS: usize = BYTES * 8;
/// Pixels on a side of a block.
const BLOCK: usize = 8;
/// How often each bit must be repeated at least.
const REPEATS_MIN: usize = 3;
/// How far apart the two coefficients are pushed: lossy formats at middle quality move them by less.
const DISTANCE: f32 = 28.0;

/// The two waves that are compared: equally coarse, one leaning each way.
static WAVES: LazyLock<[[f32; BLOCK * BLOCK]; 2]> = LazyLock::new(|| [wave(2, 1), wave(1, 2)]);

fn wave(across: usize, down: usize) -> [f32; BLOCK * BLOCK] {
    let one =
        |place: usize, times: usize| ((2 * place + 1) as f32 * times as f32 * PI / (2 * BLOCK) as f32).cos() / 2.0;
    std::array::from_fn(|at| one(at % BLOCK, across) * one(at / BLOCK, down))
}

/// Whether a picture of this size has room for a text.
pub(crate) fn has_room(width: u32, height: u32) -> bool {
    blocks(width, height) >= BITS * REPEATS_MIN
}

/// Hides a text of at most [`TEXT_BYTES_MAX`] bytes.
pub(crate) fn hide(pixels: &DynamicImage, text: &str) -> DynamicImage {
    let bits = bits_of(text);
    let mut hidden = pixels.to_rgba8();
    for block in 0..blocks(hidden.width(), hidden.height()) {
        let (bit, corner) = (bits[bit_of(block)], corner(block, hidden.width()));
        let sign = if bit { 1.0 } else { -1.0 };
        let missing = DISTANCE - lean(&hidden, corner) * sign;
        if missing > 0.0 {
            push(&mut hidden, corner, sign * missing / 2.0);
        }
    }
    let hidden = DynamicImage::ImageRgba8(hidden);
    if pixels.has_alpha() { hidden } else { DynamicImage::ImageRgb8(hidden.into_rgb8()) }
}

/// The text that is hidden in a picture, if there is one.
pub(crate) fn find(pixels: &DynamicImage) -> Option<String> {
    if !has_room(pixels.width(), pixels.height()) {
        return None;
    }
    let pixels = pixels.to_rgba8();
    let mut votes = [0.0_f32; BITS];
    for block in 0..blocks(pixels.width(), pixels.height()) {
        votes[bit_of(block)] += lean(&pixels, corner(block, pixels.width())).clamp(-DISTANCE, DISTANCE);
    }
    text_of(&votes.map(|vote| vote > 0.0))
}

fn blocks(width: u32, height: u32) -> usize {
    (width as usize / BLOCK) * (height as usize / BLOCK)
}

/// Which bit a block carries: neighbours carry bits that are far apart.
fn bit_of(block: usize) -> usize {
    block * 101 % BITS
}

fn corner(block: usize, width: u32) -> (u32, u32) {
    let across = width as usize / BLOCK;
    ((block % across * BLOCK) as u32, (block / across * BLOCK) as u32)
}

/// By how much the first wave is stronger than the second in a block.
fn lean(pixels: &RgbaImage, (left, top): (u32, u32)) -> f32 {
    let [first, second] = &*WAVES;
    let value = |at: usize| {
        let [red, green, blue, _] = pixels.get_pixel(left + (at % BLOCK) as u32, top + (at / BLOCK) as u32).0;
        0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue)
    };
    (0..BLOCK * BLOCK).map(|at| value(at) * (first[at] - second[at])).sum()
}

/// Makes the first wave stronger and the second weaker by so much.
fn push(pixels: &mut RgbaImage, (left, top): (u32, u32), by: f32) {
    let [first, second] = &*WAVES;
    for at in 0..BLOCK * BLOCK {
        let change = by * (first[at] - second[at]);
        let pixel = pixels.get_pixel_mut(left + (at % BLOCK) as u32, top + (at / BLOCK) as u32);
        for value in &mut pixel.0[..3] {
            *value = (f32::from(*value) + change).round().clamp(0.0, 255.0) as u8;
        }
    }
}

fn bits_of(text: &str) -> [bool; BITS] {
    let mut bytes = [0_u8; BYTES];
    let length = text.floor_char_boundary(TEXT_BYTES_MAX);
    bytes[0] = length as u8;
    bytes[1..=length].copy_from_slice(&text.as_bytes()[..length]);
    let sum = checksum(&bytes[..BYTES - 2]).to_be_bytes();
    bytes[BYTES - 2..].copy_from_slice(&sum);
    std::array::from_fn(|bit| (bytes[bit / 8] ^ veil(bit / 8)) >> (7 - bit % 8) & 1 == 1)
}

fn text_of(bits: &[bool; BITS]) -> Option<String> {
    let byte = |at: usize| (0..8).fold(0, |byte, bit| byte << 1 | u8::from(bits[at * 8 + bit])) ^ veil(at);
    let bytes: [u8; BYTES] = std::array::from_fn(byte);
    let sum = u16::from_be_bytes([bytes[BYTES - 2], bytes[BYTES - 1]]);
    let length = usize::from(bytes[0]);
    if checksum(&bytes[..BYTES - 2]) != sum || length == 0 || length > TEXT_BYTES_MAX {
        return None;
    }
    String::from_utf8(bytes[1..=length].to_vec()).ok()
}

/// Makes the bits look random, so that a short text leaves no pattern.
fn veil(at: usize) -> u8 {
    (at as u8).wrapping_mul(167) ^ 0x5a
}

/// CRC-16/CCITT.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(u16::MAX, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 })
    })
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;
    use crate::picture::{Encoding, Format, Frames, Header, Picture, compare, decode, encode};

    fn photo(width: u32, height: u32) -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
            let wave = ((x as f32 / 17.0).sin() + (y as f32 / 23.0).cos()) * 50.0 + 128.0;
            let grain = (x * 7919 + y * 104_729) % 13;
            image::Rgb([wave as u8, (wave * 0.7) as u8 + grain as u8, 200 - (wave * 0.5) as u8])
        }))
    }

    #[test]
    fn a_hidden_text_is_not_seen_and_found_again() {
        let picture = photo(320, 240);
        let hidden = hide(&picture, "© Ada 2026");
        assert_eq!(find(&hidden).as_deref(), Some("© Ada 2026"));
        assert_eq!(find(&picture), None);
        assert!(compare::ssim(&picture, &hidden) > 0.92, "{}", compare::ssim(&picture, &hidden));
    }

    #[test]
    fn it_survives_compression() {
        let hidden = Picture::still(hide(&photo(256, 256), "order 4711"));
        for (format, quality) in [(Format::Jpeg, 75), (Format::Jpeg, 90), (Format::WebP, 80), (Format::Avif, 80)] {
            let file = encode(&hidden, &Encoding { quality, ..Encoding::new(format) }).unwrap().bytes;
            let header = Header::of(&file, "".as_ref()).unwrap();
            let read = decode(&file, &header, Frames::First).unwrap();
            assert_eq!(find(read.pixels()).as_deref(), Some("order 4711"), "{format:?} {quality}");
        }
    }

    #[test]
    fn white_and_black_hold_it_too() {
        for value in [0, 255] {
            let flat = DynamicImage::ImageRgb8(RgbImage::from_pixel(256, 256, image::Rgb([value, value, value])));
            assert_eq!(find(&hide(&flat, "x")).as_deref(), Some("x"), "{value}");
        }
    }

    #[test]
    fn room_is_needed() {
        assert!(has_room(256, 256));
        assert!(!has_room(128, 128));
        assert_eq!(find(&photo(64, 64)), None);
    }
}
