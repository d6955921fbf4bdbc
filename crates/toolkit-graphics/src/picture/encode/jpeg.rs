//! JPEG: progressive, with Huffman tables made for the picture; colours in half resolution up to high quality.

use image::DynamicImage;
use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};

use super::super::Format;
use crate::error::Error;

/// From this quality on colours keep their full resolution.
const FULL_COLOUR_QUALITY: u8 = 90;

/// Writes pixels without transparency.
pub(super) fn encode(pixels: &DynamicImage, quality: u8, exif: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let refuse = |error: EncodingError| Error::Encoding { format: Format::Jpeg, reason: error.to_string() };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_progressive(true);
    encoder.set_optimized_huffman_tables(true);
    encoder.set_sampling_factor(if quality >= FULL_COLOUR_QUALITY {
        SamplingFactor::R_4_4_4
    } else {
        SamplingFactor::R_4_2_0
    });
    if let Some(exif) = exif {
        encoder.add_exif_metadata(exif).map_err(refuse)?;
    }
    // sides are at most 16384 here
    let (width, height) = (pixels.width() as u16, pixels.height() as u16);
    match pixels {
        DynamicImage::ImageLuma8(gray) => encoder.encode(gray, width, height, ColorType::Luma),
        DynamicImage::ImageRgb8(rgb) => encoder.encode(rgb, width, height, ColorType::Rgb),
        pixels => encoder.encode(&pixels.to_rgb8(), width, height, ColorType::Rgb),
    }
    .map_err(refuse)?;
    Ok(bytes)
}
