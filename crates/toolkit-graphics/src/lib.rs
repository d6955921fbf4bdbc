//! The toolkit `graphics`: pictures resized, converted, composed, marked, measured and made ready for pages, without any
//! outside program. One file declares one tool.
//!
//! It reads PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF and SVG, and writes all but SVG. It touches files only through
//! `workbench`, beneath the folders it was given; it opens no connection. What it makes is upright, in sRGB and without the
//! camera's notes, and is written whole or not at all.
//!
//! In reading order: `tools` (what callers see), `task`, `target` and `studio` (how a tool works), `picture` (pixels, without
//! files), `limits` and `error`.

#![allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "sizes and values of pixels are bounded, and clamped where they are computed with a point"
)]
#![allow(clippy::struct_field_names, reason = "callers know the fields as `input_path` and `output_path`")]

mod arguments;
mod camera;
mod error;
mod limits;
mod pattern;
mod picture;
mod studio;
mod target;
mod task;
mod tools;

use toolkit::Toolkit;
use workbench::Bench;

use self::{studio::Studio, tools as tool};

/// What it is for, in a few words.
pub const ABOUT: &str = "pictures resized, converted, composed, marked and made ready for pages";

/// The toolkit, for pictures in the folders of `bench`.
pub fn toolkit(bench: &Bench) -> Toolkit {
    let studio = Studio::new(bench.roots.clone());
    Toolkit::new("graphics", env!("CARGO_PKG_VERSION"))
        .instructions(
            "Pictures: look with image_info, change with the other tools. Results go to new files; a file that exists is \
             replaced only with `overwrite: true`, and a backup of it is kept.",
        )
        .tool(tool::resize_image::ResizeImage(studio.clone()))
        .tool(tool::convert_format::ConvertFormat(studio.clone()))
        .tool(tool::generate_thumbnail::GenerateThumbnail(studio.clone()))
        .tool(tool::batch_convert::BatchConvert(studio.clone()))
        .tool(tool::image_info::ImageInfo(studio.clone()))
        .tool(tool::optimize_image::OptimizeImage(studio.clone()))
        .tool(tool::choose_format::ChooseFormat(studio.clone()))
        .tool(tool::watermark::Watermark(studio.clone()))
        .tool(tool::responsive_set::ResponsiveSet(studio.clone()))
        .tool(tool::compose_images::ComposeImages(studio.clone()))
        .tool(tool::edit_image::EditImage(studio.clone()))
        .tool(tool::compare_images::CompareImages(studio))
}
