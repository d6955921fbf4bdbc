//! Pixels to bytes. One file per format knows its encoder; here is decided what the format can hold, and said what it
//! cannot.

pub(crate) mod avif;
mod gif;
mod jpeg;
pub(crate) mod png;
mod webp;

use std::io::Cursor;

use image::{DynamicImage, codecs::bmp::BmpEncoder, codecs::tiff::TiffEncoder};

use super::{Colour, Format, Frame, Picture, draw, is_deep, is_transparent};
use crate::{error::Error, limits::OUTPUT_BYTES_MAX};

/// How a picture is written.
#[derive(Clone, Debug)]
pub(crate) struct Encoding {
    /// As what.
    pub(crate) format: Format,
    /// From 1 (small) to 100 (faithful), where the format has such a thing.
    pub(crate) quality: u8,
    /// Keep every pixel as it is.
    pub(crate) lossless: bool,
    /// What shines through where the format has no transparency.
    pub(crate) background: Colour,
    /// Take more time for fewer bytes.
    pub(crate) thorough: bool,
    /// Keep what the camera wrote.
    pub(crate) keep_exif: bool,
}

impl Encoding {
    /// The quality if nobody says otherwise.
    pub(crate) const QUALITY: u8 = 80;

    /// The usual way to write this format.
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            quality: Self::QUALITY,
            lossless: false,
            background: Colour::WHITE,
            thorough: false,
            keep_exif: false,
        }
    }
}

/// A picture as a file.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// What could not be kept, in sentences.
    pub(crate) notes: Vec<String>,
}

/// Writes a picture.
pub(crate) fn encode(picture: &Picture, how: &Encoding) -> Result<Encoded, Error> {
    let name = how.format.name();
    if how.lossless && !how.format.can_be_lossless() {
        return Err(Error::Unsupported(format!("{name} cannot keep every pixel as it is")));
    }
    let mut notes = Vec::new();
    if picture.is_animated() && how.format.moves() {
        let bytes = animation(picture, how)?;
        return Ok(Encoded { bytes: bounded(bytes)?, notes });
    }
    if picture.is_animated() {
        notes.push(format!("{name} cannot move, so it shows the first frame"));
    }
    let pixels = fitted(picture.pixels(), how, &mut notes);
    let exif = picture.exif.as_deref().filter(|_| how.keep_exif);
    let bytes = match how.format {
        Format::Png => png::encode(&pixels, how.thorough, exif),
        Format::Jpeg => jpeg::encode(&pixels, how.quality, exif),
        Format::WebP => webp::still(&pixels, how),
        Format::Gif => gif::encode(&[Frame { pixels, delay_ms: 0 }], 0),
        Format::Bmp => written(how.format, |out| pixels.write_with_encoder(BmpEncoder::new(out))),
        Format::Tiff => written(how.format, |out| pixels.write_with_encoder(TiffEncoder::new(out))),
        Format::Avif => avif::encode(&pixels, how.quality, exif),
        Format::Svg => Err(Error::Unsupported("SVG can be read, not written".to_owned())),
    }?;
    if how.keep_exif && exif.is_some() && !matches!(how.format, Format::Png | Format::Jpeg | Format::Avif) {
        notes.push(format!("what the camera wrote is not kept in {name}"));
    }
    Ok(Encoded { bytes: bounded(bytes)?, notes })
}

fn animation(picture: &Picture, how: &Encoding) -> Result<Vec<u8>, Error> {
    if how.format == Format::Gif { gif::encode(&picture.frames, picture.loops) } else { webp::animation(picture, how) }
}

/// The pixels as the format can hold them.
fn fitted(pixels: &DynamicImage, how: &Encoding, notes: &mut Vec<String>) -> DynamicImage {
    let name = how.format.name();
    let mut pixels = pixels.clone();
    if is_deep(&pixels) && !how.format.is_deep() {
        notes.push(format!("16 bits per channel became 8, which is what {name} holds"));
        pixels = shallow(pixels);
    }
    if pixels.has_alpha() && !how.format.has_alpha() {
        if is_transparent(&pixels) {
            notes.push(format!("{name} has no transparency, so it was laid on {}", how.background.css()));
        }
        pixels = draw::flatten(&pixels, how.background);
    }
    pixels
}

/// The same with 8 bits per channel.
pub(crate) fn shallow(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageLuma16(_) => DynamicImage::ImageLuma8(pixels.into_luma8()),
        DynamicImage::ImageLumaA16(_) => DynamicImage::ImageLumaA8(pixels.into_luma_alpha8()),
        DynamicImage::ImageRgb16(_) => DynamicImage::ImageRgb8(pixels.into_rgb8()),
        DynamicImage::ImageRgba16(_) => DynamicImage::ImageRgba8(pixels.into_rgba8()),
        pixels => pixels,
    }
}

fn bounded(bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    if bytes.len() > OUTPUT_BYTES_MAX { Err(Error::TooManyBytes) } else { Ok(bytes) }
}

/// Runs an encoder that writes into a buffer.
fn written(
    format: Format,
    write: impl FnOnce(&mut Cursor<Vec<u8>>) -> image::ImageResult<()>,
) -> Result<Vec<u8>, Error> {
    let mut out = Cursor::new(Vec::new());
    write(&mut out).map_err(|error| Error::Encoding { format, reason: error.to_string() })?;
    Ok(out.into_inner())
}
