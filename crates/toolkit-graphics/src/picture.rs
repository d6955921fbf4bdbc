//! Pictures without files: bytes in, pixels, bytes out. Nothing here knows a path, a call or a tool.
//!
//! A picture in memory is upright and in sRGB: the orientation of the camera has been applied, a colour profile has been
//! used up. Decoders are written in Rust, since they read what strangers send.

pub(crate) mod bare;
pub(crate) mod colour;
pub(crate) mod compare;
pub(crate) mod decode;
pub(crate) mod draw;
pub(crate) mod edit;
pub(crate) mod encode;
pub(crate) mod fingerprint;
mod format;
pub(crate) mod header;
pub(crate) mod hidden;
pub(crate) mod lettering;
pub(crate) mod palette;
pub(crate) mod resize;
pub(crate) mod shrink;

use image::DynamicImage;

pub(crate) use colour::Colour;
pub(crate) use decode::{Frames, decode};
pub(crate) use encode::{Encoding, encode};
pub(crate) use format::Format;
pub(crate) use header::Header;

use crate::{error::Error, limits::PIXELS_MAX};

/// A picture in memory: one frame, or several that follow each other.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    /// What is shown; at least one, all of the same size.
    pub(crate) frames: Vec<Frame>,
    /// How often an animation runs; 0 is for ever.
    pub(crate) loops: u16,
    /// What the camera wrote, without the orientation.
    pub(crate) exif: Option<Vec<u8>>,
}

/// One frame.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Its pixels, with 8 or 16 bits.
    pub(crate) pixels: DynamicImage,
    /// How long it is shown.
    pub(crate) delay_ms: u32,
}

impl Picture {
    /// A picture that does not move.
    pub(crate) fn still(pixels: DynamicImage) -> Self {
        Self { frames: vec![Frame { pixels, delay_ms: 0 }], loops: 0, exif: None }
    }

    /// The first frame.
    pub(crate) fn pixels(&self) -> &DynamicImage {
        &self.frames[0].pixels
    }

    /// Pixels across.
    pub(crate) fn width(&self) -> u32 {
        self.pixels().width()
    }

    /// Pixels down.
    pub(crate) fn height(&self) -> u32 {
        self.pixels().height()
    }

    /// Whether it moves.
    pub(crate) fn is_animated(&self) -> bool {
        self.frames.len() > 1
    }

    /// The same with each frame changed, if all of them together stay within the limits.
    pub(crate) fn map<E: From<Error>>(
        self,
        mut change: impl FnMut(DynamicImage) -> Result<DynamicImage, E>,
    ) -> Result<Self, E> {
        let mut frames = Vec::with_capacity(self.frames.len());
        let mut pixels_in_all = 0;
        for Frame { pixels, delay_ms } in self.frames {
            let pixels = change(pixels)?;
            pixels_in_all += u64::from(pixels.width()) * u64::from(pixels.height());
            if pixels_in_all > PIXELS_MAX {
                return Err(Error::TooManyFrames.into());
            }
            frames.push(Frame { pixels, delay_ms });
        }
        Ok(Self { frames, ..self })
    }
}

/// Whether a pixel can be seen through.
pub(crate) fn is_transparent(pixels: &DynamicImage) -> bool {
    match pixels {
        DynamicImage::ImageRgba8(pixels) => pixels.pixels().any(|pixel| pixel.0[3] < u8::MAX),
        DynamicImage::ImageLumaA8(pixels) => pixels.pixels().any(|pixel| pixel.0[1] < u8::MAX),
        DynamicImage::ImageRgba16(pixels) => pixels.pixels().any(|pixel| pixel.0[3] < u16::MAX),
        DynamicImage::ImageLumaA16(pixels) => pixels.pixels().any(|pixel| pixel.0[1] < u16::MAX),
        _ => false,
    }
}

/// Whether the channels have more than 8 bits.
pub(crate) fn is_deep(pixels: &DynamicImage) -> bool {
    pixels.color().bytes_per_pixel() / pixels.color().channel_count() > 1
}
