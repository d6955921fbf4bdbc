//! AVIF. Its encoder is thorough and slow, so how thorough it is depends on how many pixels there are.

use image::DynamicImage;
use ravif::{Encoder, Img, RGBA8};

use super::super::{Format, header};
use crate::error::Error;

/// Writes pixels with 8 bits.
pub(crate) fn encode(pixels: &DynamicImage, quality: u8, exif: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let speed = speed(header::megapixels(pixels.width(), pixels.height()));
    let quality = f32::from(quality.clamp(1, 100));
    let mut encoder = Encoder::new().with_quality(quality).with_alpha_quality(quality).with_speed(speed);
    if let Some(exif) = exif {
        encoder = encoder.with_exif(exif.to_vec());
    }
    // transparency that is not there is left out; `encode_rgb` would be inlined here with the whole encoder
    let rgba: Vec<RGBA8> = pixels.to_rgba8().pixels().map(|pixel| RGBA8::from(pixel.0)).collect();
    encoder
        .encode_rgba(Img::new(&rgba, width, height))
        .map(|written| written.avif_file)
        .map_err(|error| Error::Encoding { format: Format::Avif, reason: error.to_string() })
}

/// From 1 (thorough) to 10 (fast): a picture for a page takes about a second, a large one not minutes.
fn speed(megapixels: u32) -> u8 {
    match megapixels {
        0..=1 => 9,
        _ => 10,
    }
}
