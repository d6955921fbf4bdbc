//! The tools, one file each.

pub(crate) mod batch_convert;
pub(crate) mod choose_format;
pub(crate) mod compare_images;
pub(crate) mod compose_images;
pub(crate) mod convert_format;
pub(crate) mod edit_image;
pub(crate) mod generate_thumbnail;
pub(crate) mod image_info;
pub(crate) mod optimize_image;
pub(crate) mod resize_image;
pub(crate) mod responsive_set;
pub(crate) mod watermark;
