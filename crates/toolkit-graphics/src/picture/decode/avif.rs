//! AVIF: the boxes of the container are read in `container`, the AV1 data is decoded here and its brightness and colour
//! differences become RGB. Of an animation the first picture is read; pictures made of tiles are refused.

mod container;

use image::{DynamicImage, GrayImage, RgbImage, RgbaImage, metadata::Orientation};
use re_rav1d::dav1d::{Decoder, Error as DecoderError, PixelLayout, PlanarImageComponent, Settings};
use re_rav1d::dav1d::{Picture as Planes, pixel};

use self::container::Container;
use super::super::{Format, Header, Picture, header};
use crate::{error::Error, limits::PIXELS_MAX};

/// How often the decoder is asked; it has all the data from the start.
const ATTEMPTS: usize = 4;

/// What the container says.
pub(crate) fn header(bytes: &[u8]) -> Result<Header, Error> {
    let container = Container::read(bytes)?;
    let (width, height) = match container.orientation() {
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => (container.width, container.height),
        _ => (container.height, container.width),
    };
    Ok(Header {
        format: Format::Avif,
        width,
        height,
        color: if container.monochrome { "gray" } else { "rgb" },
        depth: container.depth,
        alpha: container.alpha.is_some(),
        animated: container.animated,
    })
}

/// Decodes the picture to channels of 8 bits.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, Error> {
    let container = Container::read(bytes)?;
    header::check_size(container.width, container.height)?;
    let planes = planes(&container.colour)?;
    if (planes.width(), planes.height()) != (container.width, container.height) {
        return Err(damaged("the container and the picture have different sizes"));
    }
    let alpha = match &container.alpha {
        Some(alpha) => Some(brightness(&self::planes(alpha)?)),
        None => None,
    };
    let colour = to_rgb(&planes);
    let mut pixels = match alpha {
        Some(alpha) if alpha.dimensions() == colour.dimensions() => {
            DynamicImage::ImageRgba8(with_alpha(&colour, &alpha))
        }
        _ if container.monochrome => DynamicImage::ImageLuma8(brightness(&planes)),
        _ => DynamicImage::ImageRgb8(colour),
    };
    pixels = super::colours::to_srgb(pixels, container.profile.as_deref());
    pixels.apply_orientation(container.orientation());
    Ok(Picture { exif: container.exif, ..Picture::still(pixels) })
}

fn damaged(reason: impl Into<String>) -> Error {
    Error::Damaged { format: Format::Avif, reason: reason.into() }
}

/// The first picture in AV1 data.
fn planes(data: &[u8]) -> Result<Planes, Error> {
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_frame_size_limit(PIXELS_MAX as u32);
    let refuse = |error: DecoderError| damaged(error.to_string());
    let mut decoder = Decoder::with_settings(&settings).map_err(refuse)?;
    match decoder.send_data(data.to_vec(), None, None, None) {
        Ok(()) | Err(DecoderError::Again) => {}
        Err(error) => return Err(refuse(error)),
    }
    for _ in 0..ATTEMPTS {
        match decoder.get_picture() {
            Ok(picture) => return Ok(picture),
            Err(DecoderError::Again) => {}
            Err(error) => return Err(refuse(error)),
        }
        match decoder.send_pending_data() {
            Ok(()) | Err(DecoderError::Again) => {}
            Err(error) => return Err(refuse(error)),
        }
    }
    Err(damaged("it ends too early"))
}

/// One plane as numbers of 8 bits, row by row without padding.
struct Plane {
    values: Vec<u8>,
    width: usize,
}

impl Plane {
    fn of(planes: &Planes, component: PlanarImageComponent, width: u32, height: u32) -> Self {
        let (stride, rows) = planes.plane_data_geometry(component);
        let data = planes.plane(component);
        let width = width as usize;
        let bits = planes.bits_per_component().map_or(8, |bits| bits.0);
        let mut values = Vec::with_capacity(width * height as usize);
        for row in data.chunks_exact(stride.max(1) as usize).take(rows.min(height) as usize) {
            if bits == 8 {
                values.extend_from_slice(&row[..width]);
            } else {
                let wide = row.chunks_exact(2).take(width).map(|pair| u16::from_ne_bytes([pair[0], pair[1]]));
                values.extend(wide.map(|value| (value >> (bits - 8)).min(255) as u8));
            }
        }
        Self { values, width }
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        f32::from(self.values[y * self.width + x])
    }
}

/// The brightness alone, from black to white.
fn brightness(planes: &Planes) -> GrayImage {
    let (width, height) = (planes.width(), planes.height());
    let mut plane = Plane::of(planes, PlanarImageComponent::Y, width, height);
    if planes.color_range() == pixel::YUVRange::Limited {
        for value in &mut plane.values {
            *value = ((f32::from(*value) - 16.0) * (255.0 / 219.0)).round().clamp(0.0, 255.0) as u8;
        }
    }
    GrayImage::from_raw(width, height, plane.values).unwrap_or_else(|| GrayImage::new(width, height))
}

fn with_alpha(colour: &RgbImage, alpha: &GrayImage) -> RgbaImage {
    RgbaImage::from_fn(colour.width(), colour.height(), |x, y| {
        let [red, green, blue] = colour.get_pixel(x, y).0;
        image::Rgba([red, green, blue, alpha.get_pixel(x, y).0[0]])
    })
}

fn to_rgb(planes: &Planes) -> RgbImage {
    let (width, height) = (planes.width(), planes.height());
    let (shift_x, shift_y) = match planes.pixel_layout() {
        PixelLayout::I420 => (1, 1),
        PixelLayout::I422 => (1, 0),
        PixelLayout::I444 => (0, 0),
        PixelLayout::I400 => return DynamicImage::ImageLuma8(brightness(planes)).into_rgb8(),
    };
    let y_plane = Plane::of(planes, PlanarImageComponent::Y, width, height);
    let chroma = |component| Plane::of(planes, component, (width + shift_x) >> shift_x, (height + shift_y) >> shift_y);
    let (u_plane, v_plane) = (chroma(PlanarImageComponent::U), chroma(PlanarImageComponent::V));
    let matrix = Matrix::of(planes);
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as usize, y as usize);
        let (half_x, half_y) = (x >> shift_x, y >> shift_y);
        image::Rgb(matrix.rgb(y_plane.at(x, y), u_plane.at(half_x, half_y), v_plane.at(half_x, half_y)))
    })
}

/// How brightness and colour differences become red, green and blue.
struct Matrix {
    /// Whether the planes are green, blue and red themselves.
    identity: bool,
    limited: bool,
    red: f32,
    blue: f32,
}

impl Matrix {
    fn of(planes: &Planes) -> Self {
        use pixel::MatrixCoefficients as Kind;
        let kind = planes.matrix_coefficients();
        // the shares of red and blue in brightness, as the standards name them
        let (red, blue) = match kind {
            Kind::BT709 => (0.2126, 0.0722),
            Kind::BT2020NonConstantLuminance | Kind::BT2020ConstantLuminance => (0.2627, 0.0593),
            Kind::ST240M => (0.212, 0.087),
            _ => (0.299, 0.114),
        };
        let limited = planes.color_range() == pixel::YUVRange::Limited;
        Self { identity: kind == Kind::Identity, limited, red, blue }
    }

    fn rgb(&self, y: f32, u: f32, v: f32) -> [u8; 3] {
        let round = |value: f32| value.round().clamp(0.0, 255.0) as u8;
        if self.identity {
            return [round(v), round(y), round(u)];
        }
        let (y, scale) = if self.limited { ((y - 16.0) * (255.0 / 219.0), 255.0 / 224.0) } else { (y, 1.0) };
        let (u, v) = ((u - 128.0) * scale, (v - 128.0) * scale);
        let red = y + 2.0 * (1.0 - self.red) * v;
        let blue = y + 2.0 * (1.0 - self.blue) * u;
        let green = (y - self.red * red - self.blue * blue) / (1.0 - self.red - self.blue);
        [round(red), round(green), round(blue)]
    }
}
