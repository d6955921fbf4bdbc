//! Draws one picture over another: with opacity, at a place that may lie partly outside, on a colour instead of nothing.

use image::{DynamicImage, RgbImage, Rgba, RgbaImage};

use super::Colour;

/// An empty canvas.
pub(crate) fn canvas(width: u32, height: u32, background: Colour) -> RgbaImage {
    RgbaImage::from_pixel(width, height, background.0)
}

/// Draws `top` over `bottom` with its left upper corner at this place.
pub(crate) fn over(bottom: &mut RgbaImage, top: &RgbaImage, (left, upper): (i64, i64), opacity: f32) {
    let (width, height) = (i64::from(bottom.width()), i64::from(bottom.height()));
    let columns = left.max(0)..(left + i64::from(top.width())).min(width);
    let rows = upper.max(0)..(upper + i64::from(top.height())).min(height);
    for y in rows {
        for x in columns.clone() {
            let above = top.get_pixel((x - left) as u32, (y - upper) as u32);
            let below = bottom.get_pixel_mut(x as u32, y as u32);
            *below = blend(*below, *above, opacity);
        }
    }
}

/// One colour over another; neither is multiplied with its alpha.
pub(crate) fn blend(below: Rgba<u8>, above: Rgba<u8>, opacity: f32) -> Rgba<u8> {
    let cover = f32::from(above.0[3]) / 255.0 * opacity;
    if cover <= 0.0 {
        return below;
    }
    let under = f32::from(below.0[3]) / 255.0 * (1.0 - cover);
    let alpha = cover + under;
    let mix = |channel: usize| {
        let sum = f32::from(above.0[channel]) * cover + f32::from(below.0[channel]) * under;
        (sum / alpha).round() as u8
    };
    Rgba([mix(0), mix(1), mix(2), (alpha * 255.0).round() as u8])
}

/// The picture on a colour, without transparency.
pub(crate) fn flatten(pixels: &DynamicImage, background: Colour) -> DynamicImage {
    let ground = Rgba([background.0.0[0], background.0.0[1], background.0.0[2], u8::MAX]);
    let is_gray = ground.0[0] == ground.0[1] && ground.0[1] == ground.0[2];
    if let (DynamicImage::ImageLumaA8(_), true) = (pixels, is_gray) {
        return DynamicImage::ImageLuma8(flatten(&DynamicImage::ImageRgba8(pixels.to_rgba8()), background).to_luma8());
    }
    let pixels = pixels.to_rgba8();
    let flat = pixels.pixels().flat_map(|pixel| {
        let [red, green, blue, _] = blend(ground, *pixel, 1.0).0;
        [red, green, blue]
    });
    let flat = RgbImage::from_raw(pixels.width(), pixels.height(), flat.collect());
    DynamicImage::ImageRgb8(flat.unwrap_or_else(|| RgbImage::new(pixels.width(), pixels.height())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_mix_by_what_covers_them() {
        let check = |below: [u8; 4], above: [u8; 4], opacity, expected: [u8; 4]| {
            assert_eq!(blend(Rgba(below), Rgba(above), opacity).0, expected, "{above:?} over {below:?}");
        };
        check([0, 0, 0, 255], [255, 255, 255, 255], 0.5, [128, 128, 128, 255]);
        check([0, 0, 0, 0], [10, 20, 30, 128], 1.0, [10, 20, 30, 128]);
        check([9, 9, 9, 255], [255, 0, 0, 0], 1.0, [9, 9, 9, 255]);
        check([0, 0, 255, 255], [255, 0, 0, 255], 1.0, [255, 0, 0, 255]);
    }

    #[test]
    fn what_lies_outside_is_not_drawn() {
        let red = Colour(Rgba([255, 0, 0, 255]));
        let check = |place: (i64, i64), expected: usize| {
            let mut bottom = canvas(4, 4, Colour::TRANSPARENT);
            over(&mut bottom, &canvas(3, 3, red), place, 1.0);
            assert_eq!(bottom.pixels().filter(|pixel| pixel.0[3] > 0).count(), expected, "{place:?}");
        };
        check((0, 0), 9);
        check((-1, -2), 2);
        check((3, 3), 1);
        check((4, 0), 0);
        check((-9, 2), 0);
    }
}
