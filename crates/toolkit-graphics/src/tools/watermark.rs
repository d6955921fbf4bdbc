//! `watermark`: a text or a picture over a picture, to be seen or not.

use image::{DynamicImage, Rgba, RgbaImage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    arguments::{self, PATH_ALIASES, usual_quality},
    error::Error,
    limits::TEXT_CHARS_MAX,
    picture::{Colour, Encoding, Format, Frames, Header, Picture, decode, draw, header, hidden, lettering, resize},
    studio::{Source, Studio},
    target::{Target, format_of},
    task::Task,
};

/// Marks a picture.
pub(crate) struct Watermark(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The picture.
    input_path: String,
    /// Where the result goes; `<name>_watermarked.<ext>` beside the picture if nothing is said.
    output_path: Option<String>,
    /// The text that marks it. One of `text` and `image` is needed.
    text: Option<String>,
    /// The picture that marks it.
    image: Option<String>,
    /// Where the mark stands.
    #[serde(default)]
    position: Position,
    /// How much the mark covers, from 0 to 1.
    #[serde(default = "half")]
    opacity: f64,
    /// How wide the mark is, as a share of the picture from 0.01 to 1; 0.25 if nothing is said.
    scale: Option<f64>,
    /// Whether the mark is repeated over the whole picture.
    #[serde(default)]
    tile: bool,
    /// Whether a text of up to 29 bytes is hidden instead, which nobody sees; `image_info` finds it again.
    #[serde(default)]
    invisible: bool,
    /// From 1 (small file) to 100 (faithful), for JPEG, WebP and AVIF.
    #[serde(default = "usual_quality")]
    quality: i64,
    /// Whether a file that exists is replaced; a backup of it is made.
    #[serde(default)]
    overwrite: bool,
}

fn half() -> f64 {
    0.5
}

/// How wide a mark is if nobody says otherwise, as a share of the picture.
const SCALE: f64 = 0.25;
/// How far a mark stays away from the edge, as a share of the shorter side.
const MARGIN: f64 = 0.03;
/// How far repeated marks are apart, in their own size.
const APART: f64 = 1.6;
/// The size that letters are drawn in before they are scaled, if the text is not too long for it.
const LETTERS: f32 = 96.0;

/// Where a mark stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Position {
    TopLeft,
    Top,
    TopRight,
    Left,
    Center,
    Right,
    BottomLeft,
    Bottom,
    #[default]
    BottomRight,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    output_path: String,
    /// Bytes.
    size: u64,
    /// Where the file is that was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_path: Option<String>,
    message: String,
}

/// What marks a picture.
enum Mark {
    Text(String),
    Picture(Source),
    Hidden(String),
}

impl Tool for Watermark {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "watermark";
    const ABOUT: &'static str = "Marks a picture with a text or another picture, once or all over, or hides a short text in it that \
        survives compression.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "project:*"]);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = PATH_ALIASES;
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"input_path": "photo.jpg", "text": "© Ada Lovelace"}"#,
        r#"{"input_path": "photo.jpg", "image": "logo.png", "position": "top-left", "opacity": 0.8}"#,
    ];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let (task, mark, style) = self.prepare(&input).await?;
        let encoding = task.encoding.clone();
        let saved = task
            .make(move |source, stop| {
                let frames = if encoding.format.moves() { Frames::All } else { Frames::First };
                let picture = source.decode(frames)?;
                let stamp = mark.stamp()?;
                stop.check()?;
                let marked = style.put(picture, &mark, stamp.as_ref()).map_err(|error| error.of("scale"))?;
                stop.check()?;
                let made = crate::task::finish(&marked, &encoding, Vec::new())?;
                mark.check(&made.bytes)?;
                Ok(made)
            })
            .await?;
        Ok(Output {
            output_path: saved.output_path,
            size: saved.size,
            backup_path: saved.backup_path,
            message: saved.message,
        })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        Ok(self.prepare(&input).await?.0.plan())
    }
}

impl Watermark {
    async fn prepare(&self, input: &Input) -> Result<(Task, Mark, Style), Failure> {
        let quality = arguments::quality(input.quality)?;
        let style = Style {
            position: input.position,
            opacity: arguments::share("opacity", input.opacity)?,
            scale: scale(input.scale)?,
            tile: input.tile,
        };
        let desk = self.0.desk().await?;
        let source = desk.open("input_path", &input.input_path).await?;
        let mark = match (&input.text, &input.image, input.invisible) {
            (Some(text), None, true) => Mark::Hidden(hideable(text, &source)?),
            (Some(text), None, false) => Mark::Text(drawable(text)?),
            (None, Some(path), false) => Mark::Picture(desk.open("image", path).await?),
            (None, Some(_), true) => {
                return Err(Failure::invalid("image", "only a text can be hidden").hint("give `text` instead"));
            }
            _ => {
                let problem = "exactly one of `text` and `image` is needed";
                return Err(Failure::invalid("text", problem).hint("give one of them"));
            }
        };
        let own = if source.header.format == Format::Svg { Format::Png } else { source.header.format };
        let format = format_of(input.output_path.as_deref(), own)?;
        let target =
            Target::of(desk.roots(), input.output_path.as_deref(), &source, "_watermarked", format, input.overwrite)?;
        let step = match &mark {
            Mark::Text(text) => format!("write \"{text}\" over it"),
            Mark::Picture(mark) => format!("draw `{}` over it", mark.path()),
            Mark::Hidden(_) => "hide the text in it".to_owned(),
        };
        let size = match &mark {
            Mark::Picture(mark) => {
                (mark.header.width.max(source.header.width), mark.header.height.max(source.header.height))
            }
            _ => (source.header.width, source.header.height),
        };
        let encoding = Encoding { quality, ..Encoding::new(format) };
        Ok((Task { desk, source, target, encoding, step, size }, mark, style))
    }
}

fn scale(scale: Option<f64>) -> Result<f64, Failure> {
    match scale {
        None => Ok(SCALE),
        Some(scale) if (0.01..=1.0).contains(&scale) => Ok(scale),
        Some(scale) => Err(Failure::invalid("scale", format!("`scale` must be from 0.01 to 1, not {scale}"))),
    }
}

fn drawable(text: &str) -> Result<String, Failure> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Failure::invalid("text", format!("`text` has more than {TEXT_CHARS_MAX} characters")));
    }
    Ok(text.to_owned())
}

fn hideable(text: &str, source: &Source) -> Result<String, Failure> {
    let bytes_max = hidden::TEXT_BYTES_MAX;
    if text.is_empty() || text.len() > bytes_max {
        let problem = format!("a hidden text has 1 to {bytes_max} bytes, not {}", text.len());
        return Err(Failure::invalid("text", problem).hint("hide a number that stands for it"));
    }
    if !hidden::has_room(source.header.width, source.header.height) {
        let problem = format!("`{}` is too small to hide a text in", source.path());
        return Err(Failure::invalid("input_path", problem).hint("about 256 × 256 pixels are needed"));
    }
    Ok(text.to_owned())
}

impl Mark {
    /// The mark as a picture; a hidden one is none.
    fn stamp(&self) -> Result<Option<DynamicImage>, Failure> {
        match self {
            Self::Hidden(_) => Ok(None),
            Self::Picture(source) => Ok(Some(source.decode(Frames::First)?.frames.swap_remove(0).pixels)),
            Self::Text(text) => {
                let size = lettering::size_of(text, LETTERS);
                let drawn = lettering::draw(text, size, Colour::WHITE).map_err(|error| error.of("text"))?;
                let drawn = drawn.ok_or_else(|| Failure::invalid("text", "`text` has nothing that can be seen"))?;
                Ok(Some(shadowed(&drawn)))
            }
        }
    }

    /// Makes sure that a hidden text can be found in what was made.
    fn check(&self, bytes: &[u8]) -> Result<(), Failure> {
        let Self::Hidden(text) = self else { return Ok(()) };
        let found = Header::of(bytes, "".as_ref())
            .and_then(|header| decode(bytes, &header, Frames::First))
            .map(|picture| hidden::find(picture.pixels()));
        match found {
            Ok(Some(found)) if found == *text => Ok(()),
            _ => Err(Error::HiddenTextLost.of("quality")),
        }
    }
}

/// White letters with a dark edge, so that they show on light and dark.
fn shadowed(letters: &DynamicImage) -> DynamicImage {
    const AWAY: i64 = 3;
    let (width, height) = (letters.width() + 2 * AWAY as u32, letters.height() + 2 * AWAY as u32);
    let white = letters.to_rgba8();
    let mut dark = white.clone();
    dark.pixels_mut().for_each(|pixel| *pixel = Rgba([0, 0, 0, pixel.0[3] / 2]));
    let mut canvas = draw::canvas(width, height, Colour::TRANSPARENT);
    for place in [(0, 0), (2 * AWAY, 0), (0, 2 * AWAY), (2 * AWAY, 2 * AWAY)] {
        draw::over(&mut canvas, &dark, place, 1.0);
    }
    draw::over(&mut canvas, &white, (AWAY, AWAY), 1.0);
    DynamicImage::ImageRgba8(canvas)
}

/// How a mark is put on a picture.
#[derive(Clone, Copy)]
struct Style {
    position: Position,
    opacity: f32,
    scale: f64,
    tile: bool,
}

impl Style {
    fn put(self, picture: Picture, mark: &Mark, stamp: Option<&DynamicImage>) -> Result<Picture, Error> {
        let stamp = match stamp {
            Some(stamp) => Some(self.sized(stamp, &picture)?),
            None => None,
        };
        picture.map(|pixels| match (mark, &stamp) {
            (Mark::Hidden(text), _) => Ok(hidden::hide(&pixels, text)),
            (_, Some(stamp)) => Ok(self.stamped(&pixels, stamp)),
            (_, None) => Ok(pixels),
        })
    }

    /// The mark as wide as asked, and never higher than the picture.
    fn sized(self, stamp: &DynamicImage, picture: &Picture) -> Result<RgbaImage, Error> {
        let by_width = f64::from(picture.width()) * self.scale / f64::from(stamp.width());
        let by_height = f64::from(picture.height()) / f64::from(stamp.height());
        let factor = by_width.min(by_height);
        let scaled = |length: u32| (f64::from(length) * factor).round().max(1.0) as u32;
        let size = (scaled(stamp.width()), scaled(stamp.height()));
        header::check_size(size.0, size.1)?;
        Ok(resize::resample(&DynamicImage::ImageRgba8(stamp.to_rgba8()), size)?.into_rgba8())
    }

    fn stamped(self, pixels: &DynamicImage, stamp: &RgbaImage) -> DynamicImage {
        let mut marked = pixels.to_rgba8();
        for place in self.places((marked.width(), marked.height()), stamp.dimensions()) {
            draw::over(&mut marked, stamp, place, self.opacity);
        }
        let marked = DynamicImage::ImageRgba8(marked);
        if pixels.has_alpha() { marked } else { DynamicImage::ImageRgb8(marked.into_rgb8()) }
    }

    /// Where the mark stands.
    fn places(self, (width, height): (u32, u32), stamp: (u32, u32)) -> Vec<(i64, i64)> {
        if self.tile {
            let step = |length: u32| (f64::from(length) * APART).ceil() as usize;
            let columns = (0..width).step_by(step(stamp.0));
            return columns
                .flat_map(|x| (0..height).step_by(step(stamp.1)).map(move |y| (i64::from(x), i64::from(y))))
                .collect();
        }
        let margin = (f64::from(width.min(height)) * MARGIN).round() as i64;
        let (free_x, free_y) = (i64::from(width) - i64::from(stamp.0), i64::from(height) - i64::from(stamp.1));
        use Position as At;
        let x = match self.position {
            At::TopLeft | At::Left | At::BottomLeft => margin.min(free_x),
            At::Top | At::Center | At::Bottom => free_x / 2,
            At::TopRight | At::Right | At::BottomRight => (free_x - margin).max(0),
        };
        let y = match self.position {
            At::TopLeft | At::Top | At::TopRight => margin.min(free_y),
            At::Left | At::Center | At::Right => free_y / 2,
            At::BottomLeft | At::Bottom | At::BottomRight => (free_y - margin).max(0),
        };
        vec![(x, y)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_where_it_is_asked_to() {
        let check = |position, stamp, expected: (i64, i64)| {
            let style = Style { position, opacity: 0.5, scale: SCALE, tile: false };
            assert_eq!(style.places((200, 100), stamp), [expected], "{position:?}");
        };
        check(Position::TopLeft, (40, 20), (3, 3));
        check(Position::Center, (40, 20), (80, 40));
        check(Position::BottomRight, (40, 20), (157, 77));
        check(Position::BottomRight, (200, 100), (0, 0));
    }

    #[test]
    fn repeated_marks_cover_the_picture() {
        let style = Style { position: Position::Top, opacity: 0.5, scale: SCALE, tile: true };
        assert_eq!(style.places((100, 50), (25, 25)).len(), 6);
        assert_eq!(style.places((16_000, 6_000), (1, 1)).len(), 8_000 * 3_000);
    }
}
