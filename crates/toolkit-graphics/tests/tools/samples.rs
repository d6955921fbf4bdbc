//! Pictures for the tests, made byte by byte or by the reference encoders, and files that only claim to be pictures.

use std::io::Cursor;

use image::{
    Delay, DynamicImage, Frame, ImageEncoder as _, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage,
    codecs::{
        gif::{GifEncoder, Repeat},
        jpeg::JpegEncoder,
    },
};

/// Something like a photograph: soft shapes with grain; its upper left corner is red.
pub(crate) fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        if x < width / 4 && y < height / 4 {
            return Rgb([230, 20, 20]);
        }
        let wave = ((x as f32 / 31.0).sin() * (y as f32 / 23.0).cos()) * 70.0 + 120.0;
        let grain = (x.wrapping_mul(7_919) ^ y.wrapping_mul(104_729)) % 9;
        Rgb([wave as u8 / 3, wave as u8 + grain as u8, 200 - wave as u8 / 2])
    })
}

/// Pixels as a file.
pub(crate) fn file(pixels: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    pixels.into().write_to(&mut bytes, format).expect("the sample can be made");
    bytes.into_inner()
}

/// A photograph as JPEG.
pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let photo = photo(width, height);
    JpegEncoder::new_with_quality(&mut bytes, 92)
        .write_image(&photo, width, height, image::ExtendedColorType::Rgb8)
        .expect("the sample can be made");
    bytes
}

/// A photograph as JPEG with a camera's notes: how it was held, who made it, and where.
pub(crate) fn jpeg_of_a_camera(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    jpeg_held(&photo(width, height), orientation)
}

/// These pixels as JPEG with a note of how the camera was held.
pub(crate) fn jpeg_held(pixels: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 92);
    encoder.set_exif_metadata(exif(orientation)).expect("the sample can be made");
    encoder
        .write_image(pixels, pixels.width(), pixels.height(), image::ExtendedColorType::Rgb8)
        .expect("the sample can be made");
    bytes
}

/// A camera's notes.
fn exif(orientation: u8) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat()
    };
    let (ascii, short, long) = (2, 3, 4);
    let gps_at: u32 = 8 + 2 + 3 * 12 + 4;
    bytes.extend(3_u16.to_le_bytes());
    bytes.extend(entry(0x010f, ascii, 4, *b"Ada\0"));
    bytes.extend(entry(0x0112, short, 1, [orientation, 0, 0, 0]));
    bytes.extend(entry(0x8825, long, 1, gps_at.to_le_bytes()));
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(entry(0x0001, ascii, 2, *b"N\0\0\0"));
    bytes.extend(0_u32.to_le_bytes());
    bytes
}

/// A disc on nothing.
pub(crate) fn transparent_png(side: u32) -> Vec<u8> {
    let middle = side as f32 / 2.0;
    let pixels = RgbaImage::from_fn(side, side, |x, y| {
        let away = (x as f32 - middle).hypot(y as f32 - middle);
        if away < middle * 0.8 { Rgba([20, 120, 220, 255]) } else { Rgba([0, 0, 0, 0]) }
    });
    file(pixels, ImageFormat::Png)
}

/// A slope with 16 bits.
pub(crate) fn deep_png(width: u32, height: u32) -> Vec<u8> {
    let pixels = image::ImageBuffer::<Rgb<u16>, Vec<u16>>::from_fn(width, height, |x, y| {
        Rgb([(x * 257) as u16, (y * 131) as u16, 40_000])
    });
    file(DynamicImage::ImageRgb16(pixels), ImageFormat::Png)
}

/// A moving GIF: each frame another colour, 120 ms long.
pub(crate) fn moving_gif(frames: u8, side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    encoder.set_repeat(Repeat::Infinite).expect("the sample can be made");
    for frame in 0..frames {
        let pixels = RgbaImage::from_pixel(side, side, Rgba([frame * 60, 255 - frame * 60, 90, 255]));
        encoder
            .encode_frame(Frame::from_parts(pixels, 0, 0, Delay::from_numer_denom_ms(120, 1)))
            .expect("the sample can be made");
    }
    drop(encoder);
    bytes
}

/// A PNG that claims a size and has no pixels.
pub(crate) fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    for (kind, content) in [(b"IHDR", &head[..]), (b"IDAT", &[0x78, 0x9c, 0x03, 0, 0, 0, 0, 1][..]), (b"IEND", &[][..])]
    {
        bytes.extend((content.len() as u32).to_be_bytes());
        let checked = [&kind[..], content].concat();
        bytes.extend(&checked);
        bytes.extend(crc(&checked).to_be_bytes());
    }
    bytes
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    })
}

/// A GIF with very many frames of few bytes.
pub(crate) fn gif_of_many_frames(frames: usize, side: u16) -> Vec<u8> {
    let side = side.to_le_bytes();
    let mut bytes = [&b"GIF89a"[..], &side, &side, &[0x80, 0, 0, 0, 0, 0, 255, 255, 255]].concat();
    for _ in 0..frames {
        bytes.extend([0x21, 0xf9, 4, 0, 1, 0, 0, 0]);
        // one pixel of the first colour: clear, 0, end
        bytes.extend([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 0x01, 0]);
    }
    bytes.push(0x3b);
    bytes
}

/// A TIFF that claims a size in one strip and has no pixels.
pub(crate) fn tiff_that_claims(width: u32, height: u32, strip_bytes: u32) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    let entries: [(u16, u16, u32); 8] = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 200),
        (278, 4, height),
        (279, 4, strip_bytes),
    ];
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, value) in entries {
        bytes
            .extend([&tag.to_le_bytes()[..], &kind.to_le_bytes(), &1_u32.to_le_bytes(), &value.to_le_bytes()].concat());
    }
    bytes.extend([0; 200]);
    bytes
}
