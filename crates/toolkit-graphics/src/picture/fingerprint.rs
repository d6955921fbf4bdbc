//! What a picture looks like in few numbers: a perceptual hash that similar pictures share, and histograms.

use std::f32::consts::PI;

use image::DynamicImage;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Colour, draw, resize};
use crate::error::Error;

/// Pixels on a side of the picture that the hash is made of, and of its coarse part that is kept.
const SIDE: usize = 32;
const COARSE: usize = 8;
/// Bars of a histogram: each counts eight neighbouring values.
const BARS: usize = 32;

/// A hash of 64 bits in hex. Pictures that look alike differ in few bits, whatever their size and format.
pub(crate) fn phash(pixels: &DynamicImage) -> Result<String, Error> {
    let small = resize::resample(&super::encode::shallow(pixels.clone()), (SIDE as u32, SIDE as u32))?;
    let gray = draw::flatten(&small, Colour::WHITE).into_luma8();
    let values: Vec<f32> = gray.pixels().map(|pixel| f32::from(pixel.0[0])).collect();
    let coarse: Vec<f32> = (0..COARSE * COARSE).map(|at| cosine(&values, at % COARSE, at / COARSE)).collect();
    // the first is the brightness of the whole, which says nothing of its shapes
    let mut sorted = coarse[1..].to_vec();
    sorted.sort_by(f32::total_cmp);
    let median = sorted[sorted.len() / 2];
    let bits = coarse.iter().fold(0_u64, |bits, value| bits << 1 | u64::from(*value > median));
    Ok(format!("{bits:016x}"))
}

/// One coefficient of the cosine transform.
fn cosine(values: &[f32], across: usize, down: usize) -> f32 {
    let wave = |place: usize, times: usize| ((2 * place + 1) as f32 * times as f32 * PI / (2 * SIDE) as f32).cos();
    let sum = |at: usize| values[at] * wave(at % SIDE, across) * wave(at / SIDE, down);
    (0..SIDE * SIDE).map(sum).sum()
}

/// How often values occur in each channel, darkest first, in bars of eight neighbouring values.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Histogram {
    red: Vec<u64>,
    green: Vec<u64>,
    blue: Vec<u64>,
    /// Brightness.
    luma: Vec<u64>,
}

/// The histograms of a picture; pixels that nobody can see do not count.
pub(crate) fn histogram(pixels: &DynamicImage) -> Histogram {
    let mut bars = [const { [0_u64; BARS] }; 4];
    for pixel in pixels.to_rgba8().pixels().filter(|pixel| pixel.0[3] > 0) {
        let [red, green, blue, _] = pixel.0.map(u32::from);
        // ITU-R BT.709, in thousandths
        let luma = (red * 213 + green * 715 + blue * 72) / 1000;
        for (bars, value) in bars.iter_mut().zip([red, green, blue, luma]) {
            bars[value as usize * BARS / 256] += 1;
        }
    }
    let [red, green, blue, luma] = bars.map(|bars| bars.to_vec());
    Histogram { red, green, blue, luma }
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView as _, RgbImage};

    use super::*;

    fn rings(size: u32, shift: f32) -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_fn(size, size, |x, y| {
            let (x, y) = (x as f32 / size as f32 - 0.3, y as f32 / size as f32 - shift);
            let value = (((x * x + y * y).sqrt() * 20.0).sin() * 100.0 + 128.0) as u8;
            image::Rgb([value, value / 2, 255 - value])
        }))
    }

    fn apart(one: &DynamicImage, other: &DynamicImage) -> u32 {
        let bits = |pixels| u64::from_str_radix(&phash(pixels).unwrap(), 16).unwrap();
        (bits(one) ^ bits(other)).count_ones()
    }

    #[test]
    fn pictures_that_look_alike_have_close_hashes() {
        let picture = rings(200, 0.4);
        let smaller = resize::resample(&picture, (90, 90)).unwrap();
        assert!(apart(&picture, &smaller) <= 4, "{}", apart(&picture, &smaller));
        assert!(apart(&picture, &rings(200, 0.9)) > 10, "{}", apart(&picture, &rings(200, 0.9)));
    }

    #[test]
    fn each_pixel_is_counted_once_in_each_channel() {
        let picture = rings(50, 0.2);
        let histogram = histogram(&picture);
        for bars in [&histogram.red, &histogram.green, &histogram.blue, &histogram.luma] {
            assert_eq!((bars.len(), bars.iter().sum::<u64>()), (BARS, 2_500));
        }
        let dark = picture.pixels().filter(|(_, _, pixel)| pixel.0[0] < 8).count() as u64;
        assert_eq!(histogram.red[0], dark);
    }
}
