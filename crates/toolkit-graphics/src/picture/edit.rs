//! Changes to the pixels of a picture, one after another.

use image::{DynamicImage, Rgba, RgbaImage, imageops};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Colour, draw, header, lettering};
use crate::{
    error::Error,
    limits::{SIDE_MAX, TEXT_CHARS_MAX},
};

/// One change.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Edit {
    /// Keeps a rectangle.
    Crop { x: u32, y: u32, width: u32, height: u32 },
    /// Turns with the clock. Other angles than quarter turns make the picture larger.
    Rotate {
        degrees: f32,
        /// What the corners are filled with; transparent if nothing is said.
        background: Option<Colour>,
    },
    /// Swaps left and right, or top and bottom.
    Flip { direction: Direction },
    /// Softens; a larger radius softens more.
    Blur {
        /// In pixels, up to 100.
        #[serde(default = "two")]
        radius: f32,
    },
    /// Makes edges clearer.
    Sharpen {
        /// From 0 to 10.
        #[serde(default = "one")]
        amount: f32,
    },
    /// Makes lighter or darker.
    Brightness {
        /// From -100 to 100.
        amount: f32,
    },
    /// Makes differences larger or smaller.
    Contrast {
        /// From -100 to 100.
        amount: f32,
    },
    /// Takes the colours away.
    Grayscale {},
    /// Adds a border.
    Pad {
        #[serde(default)]
        top: u32,
        #[serde(default)]
        right: u32,
        #[serde(default)]
        bottom: u32,
        #[serde(default)]
        left: u32,
        /// White if nothing is said.
        color: Option<Colour>,
    },
    /// Rounds the corners.
    Round {
        /// In pixels.
        radius: u32,
    },
    /// Writes a text.
    Text {
        text: String,
        x: i32,
        y: i32,
        /// Height of the letters in pixels.
        #[serde(default = "letters")]
        size: f32,
        /// Black if nothing is said.
        color: Option<Colour>,
    },
}

/// Which sides are swapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    Horizontal,
    Vertical,
}

fn one() -> f32 {
    1.0
}

fn two() -> f32 {
    2.0
}

fn letters() -> f32 {
    24.0
}

/// Why a change cannot be made: it asks for the impossible, or the picture does not allow it.
#[derive(Debug)]
pub(crate) enum Problem {
    Argument(String),
    Picture(Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Picture(error)
    }
}

impl Edit {
    /// The size that a picture of this size has at most after the change.
    pub(crate) fn size_after(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let (across, down) = match self {
            Self::Pad { top, right, bottom, left, .. } => (
                width.saturating_add(*left).saturating_add(*right),
                height.saturating_add(*top).saturating_add(*bottom),
            ),
            // no diagonal is longer than two sides
            Self::Rotate { .. } => (width.saturating_add(height), width.saturating_add(height)),
            _ => (width, height),
        };
        (across.min(SIDE_MAX), down.min(SIDE_MAX))
    }

    /// Makes the change.
    pub(crate) fn apply(&self, pixels: &DynamicImage) -> Result<DynamicImage, Problem> {
        match self {
            Self::Crop { x, y, width, height } => crop(pixels, (*x, *y), (*width, *height)),
            Self::Rotate { degrees, background } => rotate(pixels, *degrees, background.unwrap_or(Colour::TRANSPARENT)),
            Self::Flip { direction: Direction::Horizontal } => Ok(pixels.fliph()),
            Self::Flip { direction: Direction::Vertical } => Ok(pixels.flipv()),
            Self::Blur { radius } => Ok(pixels.fast_blur(within("radius", *radius, 0.1, 100.0)?)),
            Self::Sharpen { amount } => Ok(sharpen(pixels, within("amount", *amount, 0.0, 10.0)?)),
            Self::Brightness { amount } => {
                let light = within("amount", *amount, -100.0, 100.0)? * 2.55;
                Ok(each_value(pixels, |value| value + light))
            }
            Self::Contrast { amount } => {
                let factor = 1.0 + within("amount", *amount, -100.0, 100.0)? / 100.0;
                Ok(each_value(pixels, |value| (value - 127.5) * factor * factor + 127.5))
            }
            Self::Grayscale {} => Ok(pixels.grayscale()),
            Self::Pad { top, right, bottom, left, color } => {
                pad(pixels, [*top, *right, *bottom, *left], color.unwrap_or(Colour::WHITE))
            }
            Self::Round { radius } => Ok(round(pixels, *radius)),
            Self::Text { text, x, y, size, color } => {
                let black = Colour(Rgba([0, 0, 0, 255]));
                write(pixels, text, (*x, *y), *size, color.unwrap_or(black))
            }
        }
    }
}

fn within(name: &str, value: f32, least: f32, most: f32) -> Result<f32, Problem> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(Problem::Argument(format!("`{name}` must be from {least} to {most}")))
}

fn crop(pixels: &DynamicImage, (x, y): (u32, u32), (width, height): (u32, u32)) -> Result<DynamicImage, Problem> {
    let fits =
        |start: u32, length: u32, whole: u32| length > 0 && start.checked_add(length).is_some_and(|end| end <= whole);
    if !fits(x, width, pixels.width()) || !fits(y, height, pixels.height()) {
        let (across, down) = (pixels.width(), pixels.height());
        return Err(Problem::Argument(format!(
            "the rectangle must lie within the {across} × {down} pixels of the picture"
        )));
    }
    Ok(pixels.crop_imm(x, y, width, height))
}

fn rotate(pixels: &DynamicImage, degrees: f32, background: Colour) -> Result<DynamicImage, Problem> {
    let degrees = within("degrees", degrees, -360.0, 360.0)?.rem_euclid(360.0);
    let quarter = degrees / 90.0;
    match quarter.round() {
        turns if (quarter - turns).abs() > f32::EPSILON => Ok(turned(pixels, degrees, background)?),
        1.0 => Ok(pixels.rotate90()),
        2.0 => Ok(pixels.rotate180()),
        3.0 => Ok(pixels.rotate270()),
        _ => Ok(pixels.clone()),
    }
}

/// The picture turned around its middle on a canvas that holds all of it.
fn turned(pixels: &DynamicImage, degrees: f32, background: Colour) -> Result<DynamicImage, Error> {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (width, height) = (pixels.width() as f32, pixels.height() as f32);
    let across = (width * cosine.abs() + height * sine.abs()).ceil() as u32;
    let down = (width * sine.abs() + height * cosine.abs()).ceil() as u32;
    header::check_size(across, down)?;
    let source = pixels.to_rgba8();
    let (middle_x, middle_y) = (across as f32 / 2.0, down as f32 / 2.0);
    let canvas = RgbaImage::from_fn(across, down, |x, y| {
        let (x, y) = (x as f32 + 0.5 - middle_x, y as f32 + 0.5 - middle_y);
        let from_x = x * cosine + y * sine + width / 2.0 - 0.5;
        let from_y = y * cosine - x * sine + height / 2.0 - 0.5;
        draw::blend(background.0, between(&source, from_x, from_y), 1.0)
    });
    Ok(DynamicImage::ImageRgba8(canvas))
}

/// The colour between four pixels; outside of the picture there is nothing.
fn between(pixels: &RgbaImage, x: f32, y: f32) -> Rgba<u8> {
    let (left, top) = (x.floor(), y.floor());
    let (right_share, lower_share) = (x - left, y - top);
    let mut sums = [0.0_f32; 4];
    for (dx, dy, share) in [
        (0.0, 0.0, (1.0 - right_share) * (1.0 - lower_share)),
        (1.0, 0.0, right_share * (1.0 - lower_share)),
        (0.0, 1.0, (1.0 - right_share) * lower_share),
        (1.0, 1.0, right_share * lower_share),
    ] {
        let (x, y) = (left + dx, top + dy);
        if x < 0.0 || y < 0.0 || x >= pixels.width() as f32 || y >= pixels.height() as f32 {
            continue;
        }
        let [red, green, blue, alpha] = pixels.get_pixel(x as u32, y as u32).0.map(f32::from);
        for (sum, value) in sums.iter_mut().zip([red * alpha, green * alpha, blue * alpha, alpha]) {
            *sum += value * share;
        }
    }
    let alpha = sums[3];
    if alpha <= 0.0 {
        return Colour::TRANSPARENT.0;
    }
    let value = |sum: f32| (sum / alpha).round() as u8;
    Rgba([value(sums[0]), value(sums[1]), value(sums[2]), alpha.round() as u8])
}

/// What blurring takes away is added again, as often as asked.
fn sharpen(pixels: &DynamicImage, amount: f32) -> DynamicImage {
    const RADIUS: f32 = 1.0;
    let mut sharp = pixels.to_rgba8();
    let soft = imageops::fast_blur(&sharp, RADIUS);
    for (sharp, soft) in sharp.pixels_mut().zip(soft.pixels()) {
        for channel in 0..3 {
            let (value, mean) = (f32::from(sharp.0[channel]), f32::from(soft.0[channel]));
            sharp.0[channel] = (value + (value - mean) * amount).round().clamp(0.0, 255.0) as u8;
        }
    }
    like(pixels, DynamicImage::ImageRgba8(sharp))
}

/// Changes each value of each colour.
fn each_value(pixels: &DynamicImage, change: impl Fn(f32) -> f32) -> DynamicImage {
    let table: Vec<u8> = (0..=u8::MAX).map(|value| change(f32::from(value)).round().clamp(0.0, 255.0) as u8).collect();
    let mut changed = pixels.to_rgba8();
    for pixel in changed.pixels_mut() {
        for value in &mut pixel.0[..3] {
            *value = table[usize::from(*value)];
        }
    }
    like(pixels, DynamicImage::ImageRgba8(changed))
}

/// The new pixels without a channel for transparency if the old ones had none.
fn like(old: &DynamicImage, new: DynamicImage) -> DynamicImage {
    if old.has_alpha() { new } else { DynamicImage::ImageRgb8(new.into_rgb8()) }
}

fn pad(pixels: &DynamicImage, sides: [u32; 4], colour: Colour) -> Result<DynamicImage, Problem> {
    let [top, right, bottom, left] = sides;
    let width = pixels.width().saturating_add(left).saturating_add(right);
    let height = pixels.height().saturating_add(top).saturating_add(bottom);
    header::check_size(width, height)?;
    let mut canvas = draw::canvas(width, height, colour);
    imageops::replace(&mut canvas, &pixels.to_rgba8(), left.into(), top.into());
    let padded = DynamicImage::ImageRgba8(canvas);
    let is_solid = colour.0.0[3] == u8::MAX && !pixels.has_alpha();
    Ok(if is_solid { DynamicImage::ImageRgb8(padded.into_rgb8()) } else { padded })
}

fn round(pixels: &DynamicImage, radius: u32) -> DynamicImage {
    let mut rounded = pixels.to_rgba8();
    let (width, height) = (rounded.width() as f32, rounded.height() as f32);
    let radius = (radius as f32).min(width / 2.0).min(height / 2.0);
    for (x, y, pixel) in rounded.enumerate_pixels_mut() {
        let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
        let beyond_x = (radius - x).max(x - (width - radius)).max(0.0);
        let beyond_y = (radius - y).max(y - (height - radius)).max(0.0);
        let cover = (radius - beyond_x.hypot(beyond_y) + 0.5).clamp(0.0, 1.0);
        if radius > 0.0 {
            pixel.0[3] = (f32::from(pixel.0[3]) * cover).round() as u8;
        }
    }
    DynamicImage::ImageRgba8(rounded)
}

fn write(
    pixels: &DynamicImage,
    text: &str,
    (x, y): (i32, i32),
    size: f32,
    colour: Colour,
) -> Result<DynamicImage, Problem> {
    let size = within("size", size, 4.0, 1_000.0)?;
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Problem::Argument(format!("`text` has more than {TEXT_CHARS_MAX} characters")));
    }
    let Some(letters) = lettering::draw(text, size, colour)? else {
        return Err(Problem::Argument("`text` has nothing that can be seen".to_owned()));
    };
    let mut canvas = pixels.to_rgba8();
    draw::over(&mut canvas, &letters.to_rgba8(), (x.into(), y.into()), 1.0);
    Ok(like(pixels, DynamicImage::ImageRgba8(canvas)))
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView as _, RgbImage};

    use super::*;

    fn corner() -> DynamicImage {
        let mut pixels = RgbImage::from_pixel(40, 20, image::Rgb([200, 200, 200]));
        pixels.put_pixel(0, 0, image::Rgb([255, 0, 0]));
        DynamicImage::ImageRgb8(pixels)
    }

    fn edit(text: &str) -> Result<DynamicImage, Problem> {
        serde_json::from_str::<Edit>(text).unwrap().apply(&corner())
    }

    #[test]
    fn edits_do_what_their_names_say() {
        let check = |text: &str, size: (u32, u32), at: (u32, u32), expected: [u8; 4]| {
            let edited = edit(text).unwrap();
            assert_eq!((edited.dimensions(), edited.get_pixel(at.0, at.1).0), (size, expected), "{text}");
        };
        let (red, gray) = ([255, 0, 0, 255], [200, 200, 200, 255]);
        check(r#"{"op": "crop", "x": 0, "y": 0, "width": 5, "height": 6}"#, (5, 6), (0, 0), red);
        check(r#"{"op": "rotate", "degrees": 90}"#, (20, 40), (19, 0), red);
        check(r#"{"op": "rotate", "degrees": -90}"#, (20, 40), (0, 39), red);
        check(r#"{"op": "rotate", "degrees": 180}"#, (40, 20), (39, 19), red);
        check(r##"{"op": "rotate", "degrees": 45, "background": "#00f"}"##, (43, 43), (0, 0), [0, 0, 255, 255]);
        check(r#"{"op": "flip", "direction": "horizontal"}"#, (40, 20), (39, 0), red);
        check(r#"{"op": "flip", "direction": "vertical"}"#, (40, 20), (0, 19), red);
        check(r#"{"op": "brightness", "amount": 100}"#, (40, 20), (5, 5), [255, 255, 255, 255]);
        check(r#"{"op": "brightness", "amount": -20}"#, (40, 20), (5, 5), [149, 149, 149, 255]);
        check(r#"{"op": "contrast", "amount": -100}"#, (40, 20), (5, 5), [128, 128, 128, 255]);
        check(r#"{"op": "grayscale"}"#, (40, 20), (5, 5), gray);
        check(r#"{"op": "sharpen"}"#, (40, 20), (20, 10), gray);
        check(r#"{"op": "pad", "top": 2, "left": 3}"#, (43, 22), (3, 2), red);
        check(r#"{"op": "pad", "right": 1}"#, (41, 20), (40, 0), [255, 255, 255, 255]);
        check(r#"{"op": "round", "radius": 8}"#, (40, 20), (20, 10), gray);
        check(r#"{"op": "round", "radius": 8}"#, (40, 20), (0, 0), [255, 0, 0, 0]);
    }

    #[test]
    fn blurring_spreads_and_text_shows() {
        let blurred = edit(r#"{"op": "blur", "radius": 3}"#).unwrap();
        assert!(blurred.get_pixel(1, 0).0[1] < 200, "{:?}", blurred.get_pixel(1, 0));
        let written = edit(r#"{"op": "text", "text": "I", "x": 10, "y": 0, "size": 20}"#).unwrap();
        assert!(written.pixels().any(|(_, _, pixel)| pixel.0[0] < 50));
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let check = |text: &str, expected: &str| match edit(text) {
            Err(Problem::Argument(reason)) => assert!(reason.contains(expected), "{reason}"),
            other => panic!("{text}: {other:?}"),
        };
        check(r#"{"op": "crop", "x": 0, "y": 0, "width": 41, "height": 6}"#, "40 × 20");
        check(r#"{"op": "crop", "x": 4294967295, "y": 0, "width": 2, "height": 6}"#, "40 × 20");
        check(r#"{"op": "crop", "x": 0, "y": 0, "width": 0, "height": 6}"#, "40 × 20");
        check(r#"{"op": "blur", "radius": 1000}"#, "`radius`");
        check(r#"{"op": "blur", "radius": -1}"#, "`radius`");
        check(r#"{"op": "text", "text": " ", "x": 0, "y": 0}"#, "`text`");
        check(r#"{"op": "text", "text": "a", "x": 0, "y": 0, "size": 0}"#, "`size`");
        assert!(matches!(
            edit(r#"{"op": "pad", "top": 4294967295}"#),
            Err(Problem::Picture(Error::TooManyPixels { .. }))
        ));
        assert!(serde_json::from_str::<Edit>(r#"{"op": "explode"}"#).is_err());
    }
}
