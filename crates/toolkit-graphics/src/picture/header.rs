//! What a file says of its picture before a pixel is decoded. Limits are checked here, so that a small file that claims to
//! be large costs nothing.

mod gif;

use std::{io::Cursor, path::Path};

use image::{
    ExtendedColorType, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    codecs::{png::PngDecoder, webp::WebPDecoder},
    metadata::Orientation,
};

use super::{
    Format,
    decode::{avif, svg, whole},
};
use crate::{
    error::Error,
    limits::{DECODER_BYTES_MAX, PIXELS_MAX, SIDE_MAX},
};

/// What a file says of its picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Its format, by its content.
    pub(crate) format: Format,
    /// Pixels across, when it stands upright.
    pub(crate) width: u32,
    /// Pixels down, when it stands upright.
    pub(crate) height: u32,
    /// Its kind of colour: `gray`, `rgb`, `palette`, `cmyk` or `vector`.
    pub(crate) color: &'static str,
    /// Bits of a channel.
    pub(crate) depth: u8,
    /// Whether it has a channel for transparency.
    pub(crate) alpha: bool,
    /// Whether it moves.
    pub(crate) animated: bool,
}

impl Header {
    /// Reads it; `path` is where the bytes are from, and must not promise another format.
    pub(crate) fn of(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let format = Format::of_content(bytes)?;
        if let Some(promised) = Format::of_name(path)
            && promised != format
        {
            let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            return Err(Error::WrongExtension { extension, found: format });
        }
        whole::check(bytes, format)?;
        let header = match format {
            Format::Svg => svg::header(bytes)?,
            Format::Avif => avif::header(bytes)?,
            _ => raster(bytes, format)?,
        };
        check_size(header.width, header.height)?;
        Ok(header)
    }

    /// Megapixels in memory, rounded up.
    pub(crate) fn megapixels(&self) -> u32 {
        megapixels(self.width, self.height)
    }
}

/// Megapixels of a picture of this size, rounded up.
pub(crate) fn megapixels(width: u32, height: u32) -> u32 {
    (u64::from(width) * u64::from(height)).div_ceil(1_000_000) as u32
}

/// Refuses a size that we do not hold.
pub(crate) fn check_size(width: u32, height: u32) -> Result<(), Error> {
    if width > SIDE_MAX || height > SIDE_MAX || u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Error::TooManyPixels { width, height });
    }
    Ok(())
}

/// A decoder for pixels in rows, bounded.
pub(super) fn decoder(bytes: &[u8], format: Format) -> Result<impl ImageDecoder + '_, Error> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format(format));
    reader.limits(limits());
    let decoder = reader.into_decoder().map_err(|error| refuse(&error, format))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    if width == 0 || height == 0 {
        return Err(Error::Damaged { format, reason: "it has no pixels".to_owned() });
    }
    Ok(decoder)
}

/// What decoders may ask for.
pub(super) fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    limits
}

/// What a decoder said, in our words.
pub(super) fn refuse(error: &ImageError, format: Format) -> Error {
    match error {
        ImageError::Limits(_) => Error::TooComplex(error.to_string()),
        ImageError::Unsupported(_) => {
            Error::Unsupported(format!("this kind of {} cannot be read: {error}", format.name()))
        }
        _ => Error::Damaged { format, reason: error.to_string() },
    }
}

fn raster(bytes: &[u8], format: Format) -> Result<Header, Error> {
    let mut decoder = decoder(bytes, format)?;
    let (width, height) = decoder.dimensions();
    let turned = matches!(
        decoder.orientation().unwrap_or(Orientation::NoTransforms),
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    );
    let (width, height) = if turned { (height, width) } else { (width, height) };
    let original = decoder.original_color_type();
    let channels = original.channel_count().max(1);
    let depth = (original.bits_per_pixel() / u16::from(channels)) as u8;
    let alpha = decoder.color_type().has_alpha();
    Ok(Header { format, width, height, color: colour(original, format), depth, alpha, animated: moves(bytes, format) })
}

fn colour(original: ExtendedColorType, format: Format) -> &'static str {
    use ExtendedColorType as Type;
    match original {
        _ if format == Format::Gif => "palette",
        Type::L1 | Type::L2 | Type::L4 | Type::L8 | Type::L16 | Type::La8 | Type::La16 | Type::A8 => "gray",
        Type::Cmyk8 | Type::Cmyk16 => "cmyk",
        _ => "rgb",
    }
}

/// Whether there is a second frame.
fn moves(bytes: &[u8], format: Format) -> bool {
    let file = Cursor::new(bytes);
    match format {
        Format::Gif => gif::moves(bytes),
        Format::WebP => WebPDecoder::new(file).is_ok_and(|decoder| decoder.has_animation()),
        Format::Png => {
            PngDecoder::with_limits(file, limits()).is_ok_and(|decoder| decoder.is_apng().unwrap_or_default())
        }
        _ => false,
    }
}

fn image_format(format: Format) -> ImageFormat {
    match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::WebP => ImageFormat::WebP,
        Format::Gif => ImageFormat::Gif,
        Format::Bmp => ImageFormat::Bmp,
        Format::Tiff => ImageFormat::Tiff,
        Format::Avif => ImageFormat::Avif,
        Format::Png | Format::Svg => ImageFormat::Png,
    }
}
