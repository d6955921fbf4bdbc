//! Fewer bytes for the same look: the lowest quality that still looks right, the highest that still fits, and which format
//! does it best.

use image::DynamicImage;

use super::{
    Encoding, Format, Frames, Header, Picture, compare, decode, encode, is_deep, is_transparent,
    palette::Indexed,
    resize::{self, Fit, Room},
};
use crate::error::Error;

/// The highest quality that is tried: above it files grow and nobody sees why.
const QUALITY_MAX: u8 = 95;
/// The lowest quality that is tried, and the lowest if size counts more than looks.
const QUALITY_MIN: u8 = 40;
const QUALITY_MIN_AGGRESSIVE: u8 = 10;
/// Pixels on a side of the sample that formats are compared with.
const SAMPLE_SIDE: u32 = 256;
/// How alike a candidate has to look.
const LOOKS_RIGHT: f64 = 0.98;
/// Colours in a sample from which on it counts as a photograph.
const PHOTOGRAPH_COLOURS: usize = 4_096;
/// A format that fewer programs know must save this much.
const WORTH_IT: f64 = 0.9;

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// It looks at least so much alike.
    Ssim(f64),
    /// It has at most so many bytes.
    Bytes(usize),
}

/// A picture with fewer bytes.
#[derive(Debug)]
pub(crate) struct Shrunk {
    pub(crate) bytes: Vec<u8>,
    /// The quality, where the format has one.
    pub(crate) quality: Option<u8>,
    /// How alike it looks.
    pub(crate) ssim: f64,
    pub(crate) notes: Vec<String>,
}

/// Whether the caller still waits; asked between steps.
pub(crate) type GoOn<'a> = &'a dyn Fn() -> Result<(), Error>;

/// Writes the picture with as few bytes as the target allows.
pub(crate) fn shrink(
    picture: &Picture,
    how: &Encoding,
    target: Target,
    aggressive: bool,
    go_on: GoOn<'_>,
) -> Result<Shrunk, Error> {
    let how = Encoding { thorough: true, ..how.clone() };
    if how.format.has_quality() {
        return by_quality(picture, &how, target, aggressive, go_on);
    }
    let plain = tried(picture, &how, None)?;
    if how.format == Format::Png && aggressive && !is_deep(picture.pixels()) {
        go_on()?;
        let table = Indexed::close(picture.pixels());
        let ssim = compare::ssim(picture.pixels(), &table.pixels());
        let bytes = encode::png::indexed(&table)?;
        let is_wanted = matches!(target, Target::Bytes(_)) || matches!(target, Target::Ssim(least) if ssim >= least);
        if is_wanted && bytes.len() < plain.bytes.len() {
            let notes = vec![format!("its colours became a table of {}", table.palette.len())];
            return small_enough(Shrunk { bytes, quality: None, ssim, notes }, target);
        }
    }
    small_enough(plain, target)
}

fn by_quality(
    picture: &Picture,
    how: &Encoding,
    target: Target,
    aggressive: bool,
    go_on: GoOn<'_>,
) -> Result<Shrunk, Error> {
    let (mut low, mut high) = (if aggressive { QUALITY_MIN_AGGRESSIVE } else { QUALITY_MIN }, QUALITY_MAX);
    let (mut found, mut missed) = (None, None);
    while low <= high {
        go_on()?;
        let quality = low.midpoint(high);
        let tried = tried(picture, how, Some(quality))?;
        let is_enough = match target {
            Target::Ssim(least) => tried.ssim >= least,
            Target::Bytes(most) => tried.bytes.len() <= most,
        };
        // fewer bytes are looked for as long as it looks right, a better look as long as it fits
        if is_enough == matches!(target, Target::Bytes(_)) {
            low = quality + 1;
        } else {
            high = quality - 1;
        }
        if is_enough {
            found = Some(tried);
        } else {
            missed = Some(tried);
        }
    }
    match (found, missed, target) {
        (Some(found), _, _) => Ok(found),
        (None, Some(missed), Target::Bytes(_)) => Err(Error::NotSmallEnough { smallest: missed.bytes.len() }),
        // the search ended where it looks best
        (None, Some(mut missed), Target::Ssim(_)) => {
            missed.notes.push(format!("even at quality {QUALITY_MAX} it looks {:.3} alike", missed.ssim));
            Ok(missed)
        }
        (None, None, _) => tried(picture, how, Some(QUALITY_MAX)),
    }
}

fn small_enough(shrunk: Shrunk, target: Target) -> Result<Shrunk, Error> {
    match target {
        Target::Bytes(most) if shrunk.bytes.len() > most => Err(Error::NotSmallEnough { smallest: shrunk.bytes.len() }),
        _ => Ok(shrunk),
    }
}

/// One try, read back to see how it looks.
fn tried(picture: &Picture, how: &Encoding, quality: Option<u8>) -> Result<Shrunk, Error> {
    let how = Encoding { quality: quality.unwrap_or(how.quality), ..how.clone() };
    let encoded = encode(picture, &how)?;
    let header = Header::of(&encoded.bytes, "".as_ref())?;
    let read = decode(&encoded.bytes, &header, Frames::First)?;
    let ssim = compare::ssim(&encode::shallow(picture.pixels().clone()), &encode::shallow(read.pixels().clone()));
    Ok(Shrunk { bytes: encoded.bytes, quality, ssim, notes: encoded.notes })
}

/// What a picture is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Use {
    /// For pages: small and known to all browsers.
    #[default]
    Web,
    /// For paper: nothing may be lost.
    Print,
    /// For later: nothing may be lost, and it should still open in thirty years.
    Archive,
    /// For buttons: small, sharp edges, transparent.
    Icon,
}

/// The format that fits best.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) best: Candidate,
    pub(crate) reason: String,
    /// The others, smallest first.
    pub(crate) others: Vec<Candidate>,
    /// Whether the sizes are estimates from a part of the picture.
    pub(crate) estimated: bool,
}

/// A format that was tried.
#[derive(Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) format: Format,
    pub(crate) quality: Option<u8>,
    /// Bytes of the whole picture.
    pub(crate) size: u64,
    pub(crate) ssim: f64,
}

/// Tries the formats that come into question and says which fits best.
pub(crate) fn choose(picture: &Picture, purpose: Use, go_on: GoOn<'_>) -> Result<Choice, Error> {
    let room = Room { width: Some(SAMPLE_SIDE), height: Some(SAMPLE_SIDE), fit: Fit::Inside, upscale: false };
    let plan = room.plan((picture.width(), picture.height()))?;
    let sample = Picture::still(resize::resample(picture.pixels(), plan.size)?);
    let pixels = |width: u32, height: u32| f64::from(width) * f64::from(height);
    let scale =
        pixels(picture.width(), picture.height()) / pixels(plan.size.0, plan.size.1) * picture.frames.len() as f64;
    let traits = Traits::of(&sample, picture.is_animated());
    let mut candidates = Vec::new();
    for (format, is_lossless) in traits.candidates(purpose) {
        go_on()?;
        let how = Encoding { lossless: is_lossless, ..Encoding::new(format) };
        let tried = if format.has_quality() && !is_lossless {
            by_quality(&sample, &how, Target::Ssim(LOOKS_RIGHT), false, go_on)?
        } else {
            tried(&sample, &how, None)?
        };
        let size = (tried.bytes.len() as f64 * scale) as u64;
        candidates.push(Candidate { format, quality: tried.quality, size, ssim: tried.ssim });
    }
    candidates.sort_by_key(|candidate| candidate.size);
    let place = Traits::best(purpose, &candidates);
    let best = candidates.remove(place);
    let reason = traits.reason(purpose, best.format);
    Ok(Choice { best, reason, others: candidates, estimated: scale > 1.0 })
}

/// What matters for the choice.
#[expect(clippy::struct_excessive_bools, reason = "four independent observations")]
struct Traits {
    animated: bool,
    transparent: bool,
    deep: bool,
    photograph: bool,
}

impl Traits {
    fn of(sample: &Picture, animated: bool) -> Self {
        let pixels = sample.pixels();
        Self {
            animated,
            transparent: is_transparent(pixels),
            deep: is_deep(pixels),
            photograph: has_many_colours(pixels),
        }
    }

    /// The formats that come into question, and whether they are to lose nothing.
    fn candidates(&self, purpose: Use) -> Vec<(Format, bool)> {
        match purpose {
            Use::Web if self.animated => vec![(Format::WebP, false), (Format::Gif, false)],
            Use::Web => {
                let mut formats = vec![(Format::Avif, false), (Format::WebP, false)];
                if !self.transparent {
                    formats.push((Format::Jpeg, false));
                }
                if self.transparent || !self.photograph {
                    formats.push((Format::Png, true));
                }
                formats
            }
            Use::Print | Use::Archive if self.deep => vec![(Format::Png, true), (Format::Tiff, true)],
            Use::Print => vec![(Format::Tiff, true), (Format::Png, true)],
            Use::Archive => vec![(Format::Png, true), (Format::Tiff, true), (Format::WebP, true)],
            Use::Icon => vec![(Format::Png, true), (Format::WebP, true)],
        }
    }

    /// The place of the best among the candidates, which are sorted by size.
    fn best(purpose: Use, candidates: &[Candidate]) -> usize {
        let place = |format| candidates.iter().position(|candidate| candidate.format == format).unwrap_or(0);
        match purpose {
            Use::Print => place(Format::Tiff),
            Use::Archive | Use::Icon => place(Format::Png),
            Use::Web if candidates[0].format == Format::Avif => {
                // more programs know WebP
                let (avif, webp) = (&candidates[0], &candidates[place(Format::WebP)]);
                if avif.size as f64 <= webp.size as f64 * WORTH_IT { 0 } else { place(Format::WebP) }
            }
            Use::Web => 0,
        }
    }

    fn reason(&self, purpose: Use, best: Format) -> String {
        let kind = match (self.animated, self.photograph) {
            (true, _) => "an animation",
            (false, true) => "a photograph or a picture with many colours",
            (false, false) => "a drawing or a picture with few colours",
        };
        let transparent = if self.transparent { " with transparency" } else { "" };
        let why = match purpose {
            Use::Web => "it has the fewest bytes at the same look that browsers can show",
            Use::Print => "it loses nothing and every print shop takes it",
            Use::Archive => "it loses nothing and is an open standard that everything reads",
            Use::Icon => "it keeps sharp edges and transparency, and everything shows it",
        };
        format!("it is {kind}{transparent}; {}: {why}", best.name())
    }
}

fn has_many_colours(pixels: &DynamicImage) -> bool {
    let mut colours = std::collections::HashSet::new();
    for pixel in pixels.to_rgb8().pixels() {
        colours.insert(pixel.0);
        if colours.len() > PHOTOGRAPH_COLOURS {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    fn photo() -> Picture {
        Picture::still(DynamicImage::ImageRgb8(RgbImage::from_fn(160, 120, |x, y| {
            let wave = ((x as f32 / 9.0).sin() * (y as f32 / 13.0).cos()) * 80.0 + 128.0;
            let grain = (x * 7919 + y * 104_729 + x * y) % 24;
            image::Rgb([wave as u8, (wave * 0.5) as u8 + grain as u8, (x + y) as u8])
        })))
    }

    fn drawing() -> Picture {
        Picture::still(DynamicImage::ImageRgb8(RgbImage::from_fn(160, 120, |x, y| {
            if (x / 20 + y / 20) % 2 == 0 { image::Rgb([250, 250, 250]) } else { image::Rgb([20, 60, 200]) }
        })))
    }

    const GO_ON: GoOn<'static> = &|| Ok(());

    #[test]
    fn the_lowest_quality_that_looks_right_is_found() {
        for format in [Format::Jpeg, Format::WebP] {
            let how = Encoding::new(format);
            let shrunk = shrink(&photo(), &how, Target::Ssim(0.95), false, GO_ON).unwrap();
            let quality = shrunk.quality.unwrap();
            assert!(shrunk.ssim >= 0.95, "{format:?} {shrunk:?}");
            let lower = tried(&photo(), &Encoding { thorough: true, ..how }, Some(quality - 1)).unwrap();
            assert!(lower.ssim < 0.95 || quality == QUALITY_MIN, "{format:?} at {quality}: {}", lower.ssim);
        }
    }

    #[test]
    fn the_highest_quality_that_fits_is_found() {
        let how = Encoding::new(Format::Jpeg);
        let most = tried(&photo(), &Encoding { thorough: true, ..how.clone() }, Some(70)).unwrap().bytes.len();
        let shrunk = shrink(&photo(), &how, Target::Bytes(most), false, GO_ON).unwrap();
        assert!(shrunk.bytes.len() <= most && shrunk.quality >= Some(70), "{:?}", shrunk.quality);
        let error = shrink(&photo(), &how, Target::Bytes(100), true, GO_ON).unwrap_err();
        assert!(matches!(error, Error::NotSmallEnough { smallest } if smallest > 100), "{error}");
    }

    #[test]
    fn a_drawing_loses_bytes_and_no_pixel() {
        let plain = encode(&drawing(), &Encoding::new(Format::Png)).unwrap().bytes;
        let shrunk = shrink(&drawing(), &Encoding::new(Format::Png), Target::Ssim(1.0), false, GO_ON).unwrap();
        assert!(
            shrunk.bytes.len() < plain.len() && shrunk.ssim > 0.999_999,
            "{} of {}",
            shrunk.bytes.len(),
            plain.len()
        );
    }

    #[test]
    fn a_caller_who_left_is_not_waited_for() {
        let gone = || Err(Error::Stopped);
        let error = shrink(&photo(), &Encoding::new(Format::WebP), Target::Ssim(0.9), false, &gone).unwrap_err();
        assert!(matches!(error, Error::Stopped));
    }

    #[test]
    fn the_format_follows_the_picture_and_its_use() {
        let best = |picture: &Picture, purpose| choose(picture, purpose, GO_ON).unwrap().best.format;
        assert!(matches!(best(&photo(), Use::Web), Format::Avif | Format::WebP));
        assert_eq!(best(&photo(), Use::Print), Format::Tiff);
        assert_eq!(best(&photo(), Use::Archive), Format::Png);
        assert_eq!(best(&drawing(), Use::Icon), Format::Png);
        let choice = choose(&drawing(), Use::Web, GO_ON).unwrap();
        assert!(choice.reason.contains("drawing"), "{}", choice.reason);
        assert!(choice.others.iter().all(|other| other.size > 0) && choice.others.len() == 3, "{:?}", choice.others);
    }
}
