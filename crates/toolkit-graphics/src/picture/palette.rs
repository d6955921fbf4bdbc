//! Pictures with few colours: as many bytes as pixels, or fewer, and a table of the colours.

use std::collections::HashMap;

use color_quant::NeuQuant;
use image::{DynamicImage, RgbaImage};

/// Colours of a table.
const COLOURS_MAX: usize = 256;
/// How carefully colours are chosen: 1 looks at every pixel, 30 at every thirtieth.
const SAMPLING: i32 = 3;

/// A picture with a table of colours.
#[derive(Debug)]
pub(crate) struct Indexed {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The table.
    pub(crate) palette: Vec<[u8; 4]>,
    /// For each pixel its place in the table.
    pub(crate) indices: Vec<u8>,
}

impl Indexed {
    /// The same picture, if it has no more colours than a table.
    pub(crate) fn exact(pixels: &DynamicImage) -> Option<Self> {
        if super::is_deep(pixels) {
            return None;
        }
        let pixels = pixels.to_rgba8();
        let mut places: HashMap<[u8; 4], u8> = HashMap::new();
        let mut palette = Vec::new();
        let mut indices = Vec::with_capacity(pixels.len() / 4);
        for pixel in pixels.pixels() {
            let place = match places.get(&pixel.0) {
                Some(place) => *place,
                None if palette.len() == COLOURS_MAX => return None,
                None => {
                    let place = palette.len() as u8;
                    palette.push(pixel.0);
                    places.insert(pixel.0, place);
                    place
                }
            };
            indices.push(place);
        }
        Some(Self { width: pixels.width(), height: pixels.height(), palette, indices })
    }

    /// Close to the picture, with the colours that serve it best.
    pub(crate) fn close(pixels: &DynamicImage) -> Self {
        let pixels = pixels.to_rgba8();
        let table = NeuQuant::new(SAMPLING, COLOURS_MAX, &pixels);
        let indices = pixels.pixels().map(|pixel| table.index_of(&pixel.0) as u8).collect();
        let palette = table.color_map_rgba().chunks_exact(4).map(|rgba| [rgba[0], rgba[1], rgba[2], rgba[3]]).collect();
        Self { width: pixels.width(), height: pixels.height(), palette, indices }
    }

    /// The picture again.
    pub(crate) fn pixels(&self) -> DynamicImage {
        let mut indices = self.indices.iter();
        DynamicImage::ImageRgba8(RgbaImage::from_fn(self.width, self.height, |_, _| {
            let place = indices.next().copied().unwrap_or_default();
            image::Rgba(self.palette[usize::from(place)])
        }))
    }

    /// Bits that a place in the table needs.
    pub(crate) fn bits(&self) -> u8 {
        match self.palette.len() {
            0..=2 => 1,
            3..=4 => 2,
            5..=16 => 4,
            _ => 8,
        }
    }

    /// The places with so many bits, each row from a new byte.
    pub(crate) fn packed(&self, bits: u8) -> Vec<u8> {
        if bits == 8 {
            return self.indices.clone();
        }
        let each = usize::from(8 / bits);
        let rows = self.indices.chunks_exact(self.width as usize);
        rows.flat_map(|row| {
            row.chunks(each).map(|some| {
                let packed = some.iter().fold(0_u8, |byte, place| byte << bits | place);
                let missing = (each - some.len()) as u8 * bits;
                packed.checked_shl(missing.into()).unwrap_or_default()
            })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Header, decode, encode::png};

    fn stripes(colours: u32, width: u32) -> DynamicImage {
        DynamicImage::ImageRgba8(RgbaImage::from_fn(width, 5, |x, _| {
            let colour = (x % colours) as u8;
            image::Rgba([colour, 255 - colour, 7, 255 - colour / 2])
        }))
    }

    #[test]
    fn a_picture_with_few_colours_comes_back_unchanged_from_a_table() {
        for colours in [1, 2, 3, 4, 5, 16, 17, 256] {
            for width in [1, 7, 8, 9, 300] {
                let pixels = stripes(colours, width);
                let file = png::indexed(&Indexed::exact(&pixels).unwrap()).unwrap();
                let header = Header::of(&file, "a.png".as_ref()).unwrap();
                let read = decode(&file, &header, crate::picture::Frames::First).unwrap();
                assert_eq!(read.pixels().to_rgba8(), pixels.to_rgba8(), "{colours} colours, {width} pixels wide");
            }
        }
    }

    #[test]
    fn more_colours_than_a_table_holds_are_only_met_closely() {
        let pixels = DynamicImage::ImageRgba8(RgbaImage::from_fn(64, 64, |x, y| {
            image::Rgba([(x * 4) as u8, (y * 4) as u8, 90, 255])
        }));
        assert!(Indexed::exact(&pixels).is_none());
        let close = Indexed::close(&pixels);
        assert!(close.palette.len() <= COLOURS_MAX);
        let (before, after) = (pixels.to_rgba8(), close.pixels().to_rgba8());
        let away: u64 = before.iter().zip(after.iter()).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
        assert!(away / (before.len() as u64) < 8, "{away}");
    }
}
