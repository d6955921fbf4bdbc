//! Bytes to pixels: upright, in sRGB, with 8 or 16 bits, within the limits.

pub(crate) mod avif;
pub(crate) mod colours;
pub(crate) mod svg;
pub(crate) mod whole;

use std::io::Cursor;

use image::{
    AnimationDecoder, DynamicImage, ImageDecoder as _,
    codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder},
    metadata::{LoopCount, Orientation},
};

use super::{Format, Frame, Header, Picture, header};
use crate::{
    error::Error,
    limits::{FRAMES_MAX, PIXELS_MAX},
};

/// Which frames of an animation are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frames {
    /// Only the first.
    First,
    /// All of them.
    All,
}

/// Decodes the picture that the header was read from.
pub(crate) fn decode(bytes: &[u8], header: &Header, frames: Frames) -> Result<Picture, Error> {
    match header.format {
        Format::Svg => svg::render(bytes, header.width, header.height).map(Picture::still),
        Format::Avif => avif::decode(bytes),
        _ if header.animated && frames == Frames::All => animation(bytes, header),
        format => still(bytes, format),
    }
}

fn still(bytes: &[u8], format: Format) -> Result<Picture, Error> {
    let mut decoder = header::decoder(bytes, format)?;
    let profile = decoder.icc_profile().ok().flatten();
    let mut exif = decoder.exif_metadata().ok().flatten();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let pixels = DynamicImage::from_decoder(decoder).map_err(|error| header::refuse(&error, format))?;
    let mut pixels = colours::to_srgb(whole_numbers(pixels), profile.as_deref());
    pixels.apply_orientation(orientation);
    if let Some(exif) = &mut exif {
        // a value that is there has been used up; one that is not needs no removing
        let _ = Orientation::remove_from_exif_chunk(exif);
    }
    Ok(Picture { exif, ..Picture::still(pixels) })
}

fn animation(bytes: &[u8], header: &Header) -> Result<Picture, Error> {
    let format = header.format;
    let damaged = |error| header::refuse(&error, format);
    let bytes = Cursor::new(bytes);
    match format {
        Format::Gif => frames(GifDecoder::new(bytes).map_err(damaged)?, format),
        Format::WebP => frames(WebPDecoder::new(bytes).map_err(damaged)?, format),
        _ => {
            let decoder = PngDecoder::with_limits(bytes, header::limits()).map_err(damaged)?;
            frames(decoder.apng().map_err(damaged)?, format)
        }
    }
}

fn frames<'a>(decoder: impl AnimationDecoder<'a>, format: Format) -> Result<Picture, Error> {
    let loops = match decoder.loop_count() {
        LoopCount::Infinite => 0,
        LoopCount::Finite(count) => u16::try_from(count.get()).unwrap_or(u16::MAX),
    };
    let mut frames = Vec::new();
    for frame in decoder.into_frames() {
        let frame = frame.map_err(|error| header::refuse(&error, format))?;
        let pixels_each = u64::from(frame.buffer().width()) * u64::from(frame.buffer().height());
        if frames.len() == FRAMES_MAX || pixels_each * (frames.len() as u64 + 1) > PIXELS_MAX {
            return Err(Error::TooManyFrames);
        }
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        let pixels = DynamicImage::ImageRgba8(frame.into_buffer());
        frames.push(Frame { pixels, delay_ms: numerator / denominator.max(1) });
    }
    if frames.is_empty() {
        return Err(Error::Damaged { format, reason: "it has no frames".to_owned() });
    }
    Ok(Picture { frames, loops, exif: None })
}

/// Channels of numbers with a point become channels of 16 bits.
fn whole_numbers(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageRgb32F(_) => DynamicImage::ImageRgb16(pixels.into_rgb16()),
        DynamicImage::ImageRgba32F(_) => DynamicImage::ImageRgba16(pixels.into_rgba16()),
        pixels => pixels,
    }
}
