//! GIF: each frame with a palette of its own, at most 256 colours.

use image::{
    Delay, Frame as GifFrame,
    codecs::gif::{GifEncoder, Repeat},
};

use super::{
    super::{Format, Frame},
    written,
};
use crate::error::Error;

/// How carefully the palette is chosen: 1 is best and slow, 30 is fast and coarse.
const SPEED: i32 = 10;

/// Writes frames; `loops` of 0 is for ever.
pub(super) fn encode(frames: &[Frame], loops: u16) -> Result<Vec<u8>, Error> {
    written(Format::Gif, |out| {
        let mut encoder = GifEncoder::new_with_speed(out, SPEED);
        if frames.len() > 1 {
            encoder.set_repeat(if loops == 0 { Repeat::Infinite } else { Repeat::Finite(loops) })?;
        }
        encoder.encode_frames(frames.iter().map(|frame| {
            let delay = Delay::from_numer_denom_ms(frame.delay_ms, 1);
            GifFrame::from_parts(frame.pixels.to_rgba8(), 0, 0, delay)
        }))
    })
}
