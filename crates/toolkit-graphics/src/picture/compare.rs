//! How alike two pictures are: structural similarity (SSIM), the pixels that differ, and a picture of the difference.

use image::{DynamicImage, GrayImage, Rgba, RgbaImage};

use super::{Colour, draw};

/// Pixels on a side of the windows that are compared, and how far they are apart.
const WINDOW: usize = 8;
const STEP: usize = 4;

/// Structural similarity of two pictures of one size: 1 is the same. Transparency counts by what shines through it.
pub(crate) fn ssim(one: &DynamicImage, other: &DynamicImage) -> f64 {
    let on = |background| ssim_gray(&brightness(one, background), &brightness(other, background));
    if one.has_alpha() || other.has_alpha() {
        let black = Colour(Rgba([0, 0, 0, 255]));
        return on(Colour::WHITE).min(on(black));
    }
    on(Colour::WHITE)
}

fn brightness(pixels: &DynamicImage, background: Colour) -> GrayImage {
    if pixels.has_alpha() { draw::flatten(pixels, background).into_luma8() } else { pixels.to_luma8() }
}

fn ssim_gray(one: &GrayImage, other: &GrayImage) -> f64 {
    // the constants of the definition: (0.01 × 255)² and (0.03 × 255)²
    const STABLE_MEAN: f64 = 6.5025;
    const STABLE_VARIANCE: f64 = 58.5225;
    let (width, height) = (one.width() as usize, one.height() as usize);
    let across = WINDOW.min(width);
    let down = WINDOW.min(height);
    let count = (across * down) as f64;
    let (mut sum, mut windows) = (0.0, 0_u64);
    for top in (0..=height - down).step_by(STEP) {
        for left in (0..=width - across).step_by(STEP) {
            let (mut a, mut b, mut aa, mut bb, mut ab) = (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
            for y in top..top + down {
                let row = y * width + left..y * width + left + across;
                for (x, y) in one.as_raw()[row.clone()].iter().zip(&other.as_raw()[row]) {
                    let (x, y) = (u32::from(*x), u32::from(*y));
                    (a, b, aa, bb, ab) = (a + x, b + y, aa + x * x, bb + y * y, ab + x * y);
                }
            }
            let mean = |sum: u32| f64::from(sum) / count;
            let (mean_a, mean_b) = (mean(a), mean(b));
            let (var_a, var_b) = (mean(aa) - mean_a * mean_a, mean(bb) - mean_b * mean_b);
            let covariance = mean(ab) - mean_a * mean_b;
            sum += (2.0 * mean_a * mean_b + STABLE_MEAN) * (2.0 * covariance + STABLE_VARIANCE)
                / ((mean_a * mean_a + mean_b * mean_b + STABLE_MEAN) * (var_a + var_b + STABLE_VARIANCE));
            windows += 1;
        }
    }
    sum / windows as f64
}

/// Pixels that are not the same.
pub(crate) fn different_pixels(one: &DynamicImage, other: &DynamicImage) -> u64 {
    let (one, other) = (one.to_rgba8(), other.to_rgba8());
    one.pixels().zip(other.pixels()).filter(|(one, other)| !is_same(**one, **other)).count() as u64
}

/// What differs in red, over a pale shadow of the first picture.
pub(crate) fn difference(one: &DynamicImage, other: &DynamicImage) -> DynamicImage {
    let (first, second) = (one.to_rgba8(), other.to_rgba8());
    let gray = brightness(one, Colour::WHITE);
    DynamicImage::ImageRgba8(RgbaImage::from_fn(first.width(), first.height(), |x, y| {
        if is_same(*first.get_pixel(x, y), *second.get_pixel(x, y)) {
            let pale = 192 + gray.get_pixel(x, y).0[0] / 4;
            Rgba([pale, pale, pale, 255])
        } else {
            Rgba([220, 0, 0, 255])
        }
    }))
}

/// Pixels that nobody can see are the same.
fn is_same(one: Rgba<u8>, other: Rgba<u8>) -> bool {
    one == other || (one.0[3] == 0 && other.0[3] == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(noise: u32) -> DynamicImage {
        DynamicImage::ImageRgba8(RgbaImage::from_fn(64, 48, |x, y| {
            let value = (x * 3 + y + (x * 7919 + y * 104_729) % (noise + 1)) as u8;
            Rgba([value, value, value, 255])
        }))
    }

    #[test]
    fn the_same_picture_is_wholly_alike_and_noise_makes_it_less_so() {
        assert!((ssim(&slope(0), &slope(0)) - 1.0).abs() < 1e-9);
        let (little, much) = (ssim(&slope(0), &slope(8)), ssim(&slope(0), &slope(60)));
        assert!(1.0 > little && little > much && much > 0.0, "{little} {much}");
    }

    #[test]
    fn a_picture_smaller_than_a_window_is_compared_too() {
        let dot = |value| DynamicImage::ImageRgba8(RgbaImage::from_pixel(1, 3, Rgba([value, value, value, 255])));
        assert!((ssim(&dot(9), &dot(9)) - 1.0).abs() < 1e-9);
        assert!(ssim(&dot(0), &dot(255)) < 0.1);
    }

    #[test]
    fn what_shines_through_counts() {
        let veil = |alpha| DynamicImage::ImageRgba8(RgbaImage::from_pixel(16, 16, Rgba([255, 255, 255, alpha])));
        assert!(ssim(&veil(255), &veil(0)) < 0.1);
    }

    #[test]
    fn pixels_that_differ_are_counted_and_shown() {
        let (one, mut other) = (slope(0), slope(0).into_rgba8());
        other.put_pixel(3, 4, Rgba([255, 0, 255, 255]));
        let other = DynamicImage::ImageRgba8(other);
        assert_eq!(different_pixels(&one, &other), 1);
        assert_eq!(difference(&one, &other).to_rgba8().get_pixel(3, 4).0, [220, 0, 0, 255]);
    }
}
