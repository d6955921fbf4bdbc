//! PNG: as it is, or with a palette where the picture has few colours.

use image::{
    DynamicImage, ImageEncoder as _,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};

use super::{
    super::{Format, palette::Indexed},
    written,
};
use crate::error::Error;

/// Writes pixels. With time, several ways are tried and the shortest is kept.
pub(super) fn encode(pixels: &DynamicImage, thorough: bool, exif: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    if !thorough {
        return rows(pixels, CompressionType::Default, FilterType::Adaptive, exif);
    }
    let mut best = rows(pixels, CompressionType::Best, FilterType::Adaptive, exif)?;
    for other in [rows(pixels, CompressionType::Best, FilterType::NoFilter, exif)].into_iter().flatten() {
        best = shorter(best, other);
    }
    match Indexed::exact(pixels) {
        Some(indexed) if exif.is_none() => Ok(shorter(best, self::indexed(&indexed)?)),
        _ => Ok(best),
    }
}

/// Writes a picture with a palette.
pub(crate) fn indexed(picture: &Indexed) -> Result<Vec<u8>, Error> {
    let refuse = |error: png::EncodingError| Error::Encoding { format: Format::Png, reason: error.to_string() };
    let bits = picture.bits();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width, picture.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(match bits {
        1 => png::BitDepth::One,
        2 => png::BitDepth::Two,
        4 => png::BitDepth::Four,
        _ => png::BitDepth::Eight,
    });
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    encoder
        .set_palette(picture.palette.iter().flat_map(|colour| [colour[0], colour[1], colour[2]]).collect::<Vec<_>>());
    if picture.palette.iter().any(|colour| colour[3] < u8::MAX) {
        encoder.set_trns(picture.palette.iter().map(|colour| colour[3]).collect::<Vec<_>>());
    }
    let mut writer = encoder.write_header().map_err(refuse)?;
    writer.write_image_data(&picture.packed(bits)).map_err(refuse)?;
    writer.finish().map_err(refuse)?;
    Ok(bytes)
}

fn rows(
    pixels: &DynamicImage,
    compression: CompressionType,
    filter: FilterType,
    exif: Option<&[u8]>,
) -> Result<Vec<u8>, Error> {
    written(Format::Png, |out| {
        let mut encoder = PngEncoder::new_with_quality(out, compression, filter);
        if let Some(exif) = exif {
            // the format has a place for it
            let _ = encoder.set_exif_metadata(exif.to_vec());
        }
        pixels.write_with_encoder(encoder)
    })
}

fn shorter(one: Vec<u8>, other: Vec<u8>) -> Vec<u8> {
    if other.len() < one.len() { other } else { one }
}
