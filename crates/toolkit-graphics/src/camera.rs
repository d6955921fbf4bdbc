//! What a camera wrote into its picture, as names and values for people. Where the picture was taken is left out unless it
//! is asked for: pictures travel further than their owners think.

use std::collections::BTreeMap;

use exif::{Context, In, Reader};

/// Notes of one picture that are shown.
const NOTES_MAX: usize = 100;
/// Characters of one value that are shown.
const VALUE_CHARS_MAX: usize = 200;

/// The notes by their names.
pub(crate) fn notes(exif: Option<&[u8]>, with_location: bool) -> BTreeMap<String, String> {
    let Some(exif) = exif.and_then(|bytes| read(bytes.to_vec())) else { return BTreeMap::new() };
    let shown = exif.fields().filter(|field| {
        let is_location = field.tag.context() == Context::Gps;
        // a maker's own notes are bytes that only its programs understand
        let is_opaque = field.tag == exif::Tag::MakerNote || field.tag.description().is_none();
        field.ifd_num == In::PRIMARY && (with_location || !is_location) && !is_opaque
    });
    let written = |field: &exif::Field| {
        let value = field.display_value().with_unit(&exif).to_string();
        (field.tag.to_string(), value.chars().take(VALUE_CHARS_MAX).collect())
    };
    shown.take(NOTES_MAX).map(written).collect()
}

/// What can be read of it; a damaged part does not hide the rest.
fn read(bytes: Vec<u8>) -> Option<exif::Exif> {
    let read = Reader::new().continue_on_error(true).read_raw(bytes);
    read.or_else(|error| error.distill_partial_result(|_| ())).ok()
}
