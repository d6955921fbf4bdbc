//! How much a picture may be. Every number is checked before the memory for it is asked for.

/// Bytes of a file that is read: room for 100 megapixels of TIFF without compression.
pub(crate) const INPUT_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Bytes of an SVG: it is text, and what it costs to draw grows with it.
pub(crate) const SVG_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Elements of an SVG inside each other: drawing walks them on the stack.
pub(crate) const SVG_DEPTH_MAX: usize = 200;
/// Patterns, masks, clip paths, filters and markers of an SVG: a chain of them is followed on the stack.
pub(crate) const SVG_DEFINITIONS_MAX: usize = 2_000;
/// Letters that an SVG draws, those that are used again counted again: beyond, each costs more than the one before.
pub(crate) const SVG_LETTERS_MAX: usize = 20_000;
/// Elements of an SVG once every reference is followed: the renderer copies what is used, up to a kilobyte for each.
pub(crate) const SVG_REACHED_MAX: usize = 250_000;
/// Elements of an SVG of which each is in, or used by, the one before: the renderer takes some kilobytes of stack for each.
pub(crate) const SVG_STEPS_MAX: usize = 4_096;
/// Style sheets of an SVG: the rules are put in order anew for each.
pub(crate) const SVG_SHEETS_MAX: usize = 256;
/// Looks at an element to match the style rules of an SVG: about a second, and the renderer takes the same again.
pub(crate) const SVG_STYLE_STEPS_MAX: usize = 20_000_000;
/// Bytes of the stack on which an SVG is read and drawn: several times what the longest chain takes.
pub(crate) const SVG_STACK_BYTES: usize = 32 * 1024 * 1024;
/// Bytes of a file that is written: what a caller can still move around.
pub(crate) const OUTPUT_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Pixels of a picture, of all frames of an animation, of all pictures of one composition.
pub(crate) const PIXELS_MAX: u64 = 100_000_000;
/// Pixels on one side.
pub(crate) const SIDE_MAX: u32 = 16_384;
/// Frames of an animation: half a minute at 30 per second.
pub(crate) const FRAMES_MAX: usize = 1_000;
/// Bytes that a decoder may ask for: 100 megapixels with four channels of 16 bits, and something to work with.
pub(crate) const DECODER_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Megapixels that all calls together hold in memory; who comes later waits.
pub(crate) const MEGAPIXELS_AT_ONCE: u32 = 128;
/// Files that are worked on at the same time, whatever the number of processors.
pub(crate) const JOBS_MAX: usize = 16;
/// Files of one batch.
pub(crate) const BATCH_MAX: usize = 1_000;
/// Entries of one folder, and of all folders below, that a pattern looks at.
pub(crate) const ENTRIES_MAX: usize = 100_000;
/// Folders inside each other that a pattern looks into.
pub(crate) const FOLDER_DEPTH_MAX: usize = 16;
/// Pictures of one composition.
pub(crate) const LAYERS_MAX: usize = 64;
/// Steps of one edit.
pub(crate) const EDITS_MAX: usize = 32;
/// Widths of a responsive set.
pub(crate) const WIDTHS_MAX: usize = 16;
/// Characters of a text that is drawn.
pub(crate) const TEXT_CHARS_MAX: usize = 500;
