//! Another size: how a picture is fitted into a box, and the resampling.

use std::borrow::Cow;

use fast_image_resize::{
    PixelTrait, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::{U8x4, U16x4},
};
use image::{ColorType, DynamicImage, ImageBuffer, imageops};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Colour, draw, header};
use crate::error::Error;

/// How a picture is fitted into a box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fit {
    /// As large as fits into the box.
    #[default]
    Inside,
    /// Fills the box; what stands over is cut off on both sides.
    Cover,
    /// As large as fits into the box, with the background around it.
    Contain,
    /// Stretched to the box.
    Fill,
}

/// A wanted size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Pixels across; what follows from the height if nothing is said.
    pub(crate) width: Option<u32>,
    /// Pixels down; what follows from the width if nothing is said.
    pub(crate) height: Option<u32>,
    pub(crate) fit: Fit,
    /// Whether a small picture may become larger than it is.
    pub(crate) upscale: bool,
}

/// What has to be done for a wanted size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The size that the whole picture is resampled to.
    pub(crate) scaled: (u32, u32),
    /// The size in the end: smaller is cut out of the middle, larger is filled with the background.
    pub(crate) size: (u32, u32),
    /// Whether the picture was too small for the box.
    pub(crate) held_back: bool,
}

impl Room {
    /// What has to be done with a picture of this size.
    pub(crate) fn plan(self, (width, height): (u32, u32)) -> Result<Plan, Error> {
        let ratio = f64::from(width) / f64::from(height);
        let (across, down) = match (self.width, self.height) {
            (Some(across), Some(down)) => (across, down),
            (Some(across), None) => (across, side(f64::from(across) / ratio)),
            (None, Some(down)) => (side(f64::from(down) * ratio), down),
            (None, None) => (width, height),
        };
        let (by_width, by_height) = (f64::from(across) / f64::from(width), f64::from(down) / f64::from(height));
        let wanted = match self.fit {
            Fit::Cover => by_width.max(by_height),
            Fit::Inside | Fit::Contain | Fit::Fill => by_width.min(by_height),
        };
        let scale = if self.upscale { wanted } else { wanted.min(1.0) };
        let scaled = (side(f64::from(width) * scale), side(f64::from(height) * scale));
        let held_back = scale < wanted;
        let plan = match self.fit {
            Fit::Inside => Plan { scaled, size: scaled, held_back },
            Fit::Contain => Plan { scaled, size: (across, down), held_back },
            Fit::Cover => {
                let shrink = scale / wanted;
                let size =
                    (side(f64::from(across) * shrink).min(scaled.0), side(f64::from(down) * shrink).min(scaled.1));
                Plan { scaled, size, held_back }
            }
            Fit::Fill if self.upscale => Plan { scaled: (across, down), size: (across, down), held_back: false },
            Fit::Fill => {
                let size = (across.min(width), down.min(height));
                Plan { scaled: size, size, held_back: size != (across, down) }
            }
        };
        header::check_size(plan.scaled.0, plan.scaled.1)?;
        header::check_size(plan.size.0, plan.size.1)?;
        Ok(plan)
    }
}

fn side(length: f64) -> u32 {
    length.round().clamp(1.0, f64::from(u32::MAX)) as u32
}

/// Carries a plan out.
pub(crate) fn apply(pixels: &DynamicImage, plan: &Plan, background: Colour) -> Result<DynamicImage, Error> {
    let scaled = resample(pixels, plan.scaled)?;
    let (width, height) = plan.size;
    if (scaled.width(), scaled.height()) == plan.size {
        return Ok(scaled);
    }
    if width <= scaled.width() && height <= scaled.height() {
        return Ok(scaled.crop_imm((scaled.width() - width) / 2, (scaled.height() - height) / 2, width, height));
    }
    let mut canvas = draw::canvas(width, height, background);
    let left = (i64::from(width) - i64::from(scaled.width())) / 2;
    let upper = (i64::from(height) - i64::from(scaled.height())) / 2;
    imageops::replace(&mut canvas, &over_background(&scaled, background), left, upper);
    Ok(DynamicImage::ImageRgba8(canvas))
}

/// The picture on the background of its box, so that transparent parts look the same inside and outside.
fn over_background(pixels: &DynamicImage, background: Colour) -> image::RgbaImage {
    let mut ground = draw::canvas(pixels.width(), pixels.height(), background);
    draw::over(&mut ground, &pixels.to_rgba8(), (0, 0), 1.0);
    ground
}

/// The same picture with other numbers of pixels (Lanczos, with premultiplied transparency).
///
/// Two kinds of pixels are resampled and the others become one of them first: the code of the resampler is compiled once
/// for each kind, with all its ways to use the processor, and that takes minutes.
pub(crate) fn resample(pixels: &DynamicImage, (width, height): (u32, u32)) -> Result<DynamicImage, Error> {
    if (pixels.width(), pixels.height()) == (width, height) {
        return Ok(pixels.clone());
    }
    header::check_size(width, height)?;
    let failed = || Error::Unsupported("these pixels cannot be resampled".to_owned());
    let resampled = if super::is_deep(pixels) {
        let source = DynamicImage::ImageRgba16(pixels.to_rgba16());
        let values = values::<U16x4>(&source, width, height).ok_or_else(failed)?;
        let values = values.pixels().iter().flat_map(|pixel| pixel.0).collect();
        DynamicImage::ImageRgba16(ImageBuffer::from_raw(width, height, values).ok_or_else(failed)?)
    } else {
        let source = match pixels {
            DynamicImage::ImageRgba8(_) => Cow::Borrowed(pixels),
            pixels => Cow::Owned(DynamicImage::ImageRgba8(pixels.to_rgba8())),
        };
        let values = values::<U8x4>(&source, width, height).ok_or_else(failed)?;
        let values = values.pixels().iter().flat_map(|pixel| pixel.0).collect();
        DynamicImage::ImageRgba8(ImageBuffer::from_raw(width, height, values).ok_or_else(failed)?)
    };
    Ok(as_before(resampled, pixels.color()))
}

fn values<P: PixelTrait>(source: &DynamicImage, width: u32, height: u32) -> Option<TypedImage<'static, P>> {
    let view = TypedImageRef::<P>::from_buffer(source.width(), source.height(), source.as_bytes()).ok()?;
    let mut resampled = TypedImage::new(width, height);
    let options = ResizeOptions::new().use_alpha(super::is_transparent(source));
    Resizer::new().resize_typed(&view, &mut resampled, &options).ok()?;
    Some(resampled)
}

/// The pixels in the kind that they had before.
fn as_before(pixels: DynamicImage, kind: ColorType) -> DynamicImage {
    match kind {
        ColorType::L8 => DynamicImage::ImageLuma8(pixels.into_luma8()),
        ColorType::La8 => DynamicImage::ImageLumaA8(pixels.into_luma_alpha8()),
        ColorType::Rgb8 => DynamicImage::ImageRgb8(pixels.into_rgb8()),
        ColorType::L16 => DynamicImage::ImageLuma16(pixels.into_luma16()),
        ColorType::La16 => DynamicImage::ImageLumaA16(pixels.into_luma_alpha16()),
        ColorType::Rgb16 => DynamicImage::ImageRgb16(pixels.into_rgb16()),
        _ => pixels,
    }
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView as _, Rgba, RgbaImage};

    use super::*;

    fn plan(size: (u32, u32), width: u32, height: u32, fit: Fit, upscale: bool) -> Plan {
        let some = |length| (length > 0).then_some(length);
        Room { width: some(width), height: some(height), fit, upscale }.plan(size).unwrap()
    }

    #[test]
    fn a_picture_is_fitted_as_asked() {
        let check = |size, (width, height), fit, upscale, scaled, end, held_back| {
            assert_eq!(
                plan(size, width, height, fit, upscale),
                Plan { scaled, size: end, held_back },
                "{size:?} {fit:?}"
            );
        };
        check((400, 200), (100, 100), Fit::Inside, false, (100, 50), (100, 50), false);
        check((400, 200), (100, 0), Fit::Inside, false, (100, 50), (100, 50), false);
        check((400, 200), (0, 100), Fit::Inside, false, (200, 100), (200, 100), false);
        check((40, 20), (100, 100), Fit::Inside, false, (40, 20), (40, 20), true);
        check((40, 20), (100, 100), Fit::Inside, true, (100, 50), (100, 50), false);
        check((400, 200), (100, 100), Fit::Cover, false, (200, 100), (100, 100), false);
        check((40, 20), (100, 100), Fit::Cover, false, (40, 20), (20, 20), true);
        check((400, 200), (100, 100), Fit::Contain, false, (100, 50), (100, 100), false);
        check((400, 200), (100, 100), Fit::Fill, false, (100, 100), (100, 100), false);
        check((40, 20), (100, 10), Fit::Fill, false, (40, 10), (40, 10), true);
        check((10_000, 1), (100, 100), Fit::Inside, false, (100, 1), (100, 1), false);
    }

    #[test]
    fn a_result_that_is_too_large_is_refused() {
        let wanted = Room { width: Some(20_000), height: None, fit: Fit::Inside, upscale: true };
        assert!(matches!(wanted.plan((10, 10)), Err(Error::TooManyPixels { width: 20_000, height: 20_000 })));
    }

    #[test]
    fn a_transparent_colour_does_not_bleed_into_its_neighbours() {
        let half =
            RgbaImage::from_fn(64, 64, |x, _| if x < 32 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 255, 0, 0]) });
        let small = resample(&DynamicImage::ImageRgba8(half), (16, 16)).unwrap();
        assert!(small.pixels().all(|(_, _, pixel)| pixel.0[3] == 0 || pixel.0[1] < 8), "{small:?}");
    }

    #[test]
    fn sixteen_bits_stay_sixteen_bits() {
        let deep = DynamicImage::new_rgb16(40, 20);
        assert_eq!(resample(&deep, (10, 5)).unwrap().color(), image::ColorType::Rgb16);
    }

    #[test]
    fn the_box_is_filled_with_the_background() {
        let white = DynamicImage::ImageRgba8(draw::canvas(20, 10, Colour::WHITE));
        let plan = plan((20, 10), 20, 20, Fit::Contain, false);
        let boxed = apply(&white, &plan, Colour(Rgba([1, 2, 3, 255]))).unwrap();
        assert_eq!(boxed.get_pixel(10, 1).0, [1, 2, 3, 255]);
        assert_eq!(boxed.get_pixel(10, 10).0, [255, 255, 255, 255]);
    }
}
