//! WebP, still and moving, through libwebp: the one encoder here that is not Rust, because there is no other with its
//! quality. It sees only pixels that we have decoded; files of strangers are read by a decoder in Rust.

use image::DynamicImage;
use webp::{AnimEncoder, AnimFrame, Encoder, WebPConfig};

use super::{
    super::{Format, Picture},
    Encoding,
};
use crate::error::Error;

/// Pixels on one side: what the format has bits for.
const SIDE_MAX: u32 = 16_383;
/// Effort from 0 to 6: what the encoder takes itself.
const EFFORT: i32 = 4;
/// The most effort.
const EFFORT_MAX: i32 = 6;

/// Writes one frame.
pub(super) fn still(pixels: &DynamicImage, how: &Encoding) -> Result<Vec<u8>, Error> {
    check(pixels)?;
    let config = config(how)?;
    let (width, height) = (pixels.width(), pixels.height());
    let encoded = if pixels.has_alpha() {
        Encoder::from_rgba(&pixels.to_rgba8(), width, height).encode_advanced(&config)
    } else {
        Encoder::from_rgb(&pixels.to_rgb8(), width, height).encode_advanced(&config)
    };
    encoded.map(|bytes| bytes.to_vec()).map_err(|error| refuse(format!("{error:?}")))
}

/// Writes all frames.
pub(super) fn animation(picture: &Picture, how: &Encoding) -> Result<Vec<u8>, Error> {
    check(picture.pixels())?;
    let config = config(how)?;
    let frames: Vec<_> = picture.frames.iter().map(|frame| (frame.pixels.to_rgba8(), frame.delay_ms)).collect();
    let mut encoder = AnimEncoder::new(picture.width(), picture.height(), &config);
    encoder.set_loop_count(picture.loops.into());
    let mut time_ms: i32 = 0;
    for (pixels, delay_ms) in &frames {
        encoder.add_frame(AnimFrame::from_rgba(pixels, picture.width(), picture.height(), time_ms));
        time_ms = time_ms.saturating_add((*delay_ms).clamp(1, DELAY_MS_MAX) as i32);
    }
    let written = encoder.try_encode().map_err(|error| refuse(format!("{error:?}")))?;
    let mut bytes = written.to_vec();
    if let Some((_, delay_ms)) = frames.last() {
        set_last_delay(&mut bytes, *delay_ms);
    }
    Ok(bytes)
}

/// The longest that the format shows one frame.
const DELAY_MS_MAX: u32 = 0x00ff_ffff;

/// The encoder guesses how long the last frame is shown; we know it.
fn set_last_delay(bytes: &mut [u8], delay_ms: u32) {
    const HEAD: usize = 8;
    const DELAY: usize = HEAD + 12;
    let (mut at, mut last) = (12, None);
    while let Some(head) = bytes.get(at..at + HEAD) {
        if &head[..4] == b"ANMF" {
            last = Some(at);
        }
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        at += HEAD + length + length % 2;
    }
    if let Some(field) = last.and_then(|at| bytes.get_mut(at + DELAY..at + DELAY + 3)) {
        field.copy_from_slice(&delay_ms.min(DELAY_MS_MAX).to_le_bytes()[..3]);
    }
}

fn config(how: &Encoding) -> Result<WebPConfig, Error> {
    let mut config = WebPConfig::new().map_err(|()| refuse("it cannot be set up"))?;
    config.lossless = how.lossless.into();
    // without loss this is the effort, not the quality
    config.quality = if how.lossless { 75.0 } else { f32::from(how.quality) };
    config.method = if how.thorough { EFFORT_MAX } else { EFFORT };
    config.exact = how.lossless.into();
    config.thread_level = 1;
    Ok(config)
}

fn check(pixels: &DynamicImage) -> Result<(), Error> {
    if pixels.width().max(pixels.height()) > SIDE_MAX {
        return Err(Error::Unsupported(format!("WebP has at most {SIDE_MAX} pixels on a side")));
    }
    Ok(())
}

fn refuse(reason: impl Into<String>) -> Error {
    Error::Encoding { format: Format::WebP, reason: reason.into() }
}
