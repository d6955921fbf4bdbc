//! Colours as the web means them: a picture with a colour profile of its own becomes sRGB, once, when it is read. So no
//! format has to carry a profile, and no later step has to know of one.

use image::DynamicImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// The same picture in sRGB. What cannot be converted stays as it is.
pub(super) fn to_srgb(mut pixels: DynamicImage, profile: Option<&[u8]>) -> DynamicImage {
    if let Some(profile) = profile.and_then(foreign) {
        convert(&mut pixels, &profile);
    }
    pixels
}

/// The profile, if it is one for RGB and not sRGB itself.
fn foreign(profile: &[u8]) -> Option<ColorProfile> {
    let is_srgb = contains(profile, b"sRGB") || contains(profile, &wide("sRGB"));
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    (!is_srgb && profile.color_space == DataColorSpace::Rgb).then_some(profile)
}

fn convert(pixels: &mut DynamicImage, from: &ColorProfile) {
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default);
    let eight = |layout| from.create_transform_8bit(layout, &srgb, layout, options()).ok();
    let sixteen = |layout| from.create_transform_16bit(layout, &srgb, layout, options()).ok();
    // a transform that fails leaves the picture as it is, with colours that are close
    let _ = match pixels {
        DynamicImage::ImageRgb8(pixels) => {
            let source = pixels.clone();
            eight(Layout::Rgb).map(|transform| transform.transform(&source, pixels))
        }
        DynamicImage::ImageRgba8(pixels) => {
            let source = pixels.clone();
            eight(Layout::Rgba).map(|transform| transform.transform(&source, pixels))
        }
        DynamicImage::ImageRgb16(pixels) => {
            let source = pixels.clone();
            sixteen(Layout::Rgb).map(|transform| transform.transform(&source, pixels))
        }
        DynamicImage::ImageRgba16(pixels) => {
            let source = pixels.clone();
            sixteen(Layout::Rgba).map(|transform| transform.transform(&source, pixels))
        }
        _ => None,
    };
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// A word as profiles of version 4 write it.
fn wide(word: &str) -> Vec<u8> {
    word.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    #[test]
    fn a_wide_gamut_red_becomes_the_strongest_red_of_the_web() {
        let profile = ColorProfile::new_display_p3().encode().unwrap();
        let red = DynamicImage::ImageRgb8(RgbImage::from_pixel(2, 2, image::Rgb([230, 50, 40])));
        let converted = to_srgb(red.clone(), Some(&profile));
        assert!(converted.as_rgb8().unwrap().get_pixel(0, 0).0[0] > 235, "{converted:?}");
        assert_eq!(to_srgb(red.clone(), Some(b"no profile")), red);
    }
}
