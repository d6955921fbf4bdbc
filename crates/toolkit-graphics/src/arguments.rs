//! Arguments that several tools take, and the checks that a schema does not make: each names the field.

use toolkit::Failure;

use crate::{limits::SIDE_MAX, picture::Encoding};

/// Other names of the arguments of tools that read one file and write one.
pub(crate) const PATH_ALIASES: &[(&str, &str)] =
    &[("inputPath", "input_path"), ("input", "input_path"), ("outputPath", "output_path"), ("output", "output_path")];

/// The quality if nobody says otherwise.
pub(crate) fn usual_quality() -> i64 {
    Encoding::QUALITY.into()
}

/// What is true if nobody says otherwise.
pub(crate) fn yes() -> bool {
    true
}

/// A quality from 1 to 100.
pub(crate) fn quality(value: i64) -> Result<u8, Failure> {
    match u8::try_from(value) {
        Ok(quality @ 1..=100) => Ok(quality),
        _ => Err(Failure::invalid("quality", format!("`quality` must be from 1 to 100, not {value}"))
            .hint("80 looks right for most pictures")),
    }
}

/// A number of pixels on a side.
pub(crate) fn side(field: &str, value: i64) -> Result<u32, Failure> {
    match u32::try_from(value) {
        Ok(side @ 1..=SIDE_MAX) => Ok(side),
        _ => Err(Failure::invalid(field, format!("`{field}` must be from 1 to {SIDE_MAX} pixels, not {value}"))),
    }
}

/// A share from 0 to 1.
pub(crate) fn share(field: &str, value: f64) -> Result<f32, Failure> {
    if (0.0..=1.0).contains(&value) {
        return Ok(value as f32);
    }
    Err(Failure::invalid(field, format!("`{field}` must be from 0 to 1, not {value}")))
}
