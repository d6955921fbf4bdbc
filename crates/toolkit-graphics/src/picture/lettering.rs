//! Text becomes a picture of itself, with the font that we bring along.

use image::{DynamicImage, GenericImageView as _};

use super::{Colour, decode::svg};
use crate::error::Error;

/// Rendered lines are a little higher than their letters.
const LINE_HEIGHT: f32 = 1.25;
/// Room for a letter, in its size: the widest of the font are narrower.
const LETTER_WIDTH: f32 = 1.4;

/// Pixels on a side of a text that is drawn to be scaled: both sides together stay within the limits of a picture.
const SIDE_MAX: f32 = 8_192.0;

/// The largest size of letters, up to this one, in which the whole text can be drawn.
pub(crate) fn size_of(text: &str, largest: f32) -> f32 {
    let (lines, longest) = extent(text);
    largest.min(SIDE_MAX / (LETTER_WIDTH * (longest + 1) as f32)).min(SIDE_MAX / (LINE_HEIGHT * (lines + 1) as f32))
}

/// Lines of a text, and letters of the longest.
fn extent(text: &str) -> (usize, usize) {
    (text.lines().count(), text.lines().map(|line| line.chars().count()).max().unwrap_or(0))
}

/// The text, its letters `size` pixels high, with nothing around it. What cannot be seen gives nothing.
pub(crate) fn draw(text: &str, size: f32, colour: Colour) -> Result<Option<DynamicImage>, Error> {
    let (lines, longest) = extent(text);
    let (width, height) = (size * LETTER_WIDTH * (longest + 1) as f32, size * LINE_HEIGHT * (lines + 1) as f32);
    let span = |(place, line): (usize, &str)| {
        let y = size * (LINE_HEIGHT * place as f32 + 1.1);
        format!(r#"<text xml:space="preserve" x="{size}" y="{y}">{}</text>"#, escape(line))
    };
    let spans = text.lines().enumerate().map(span).collect::<Vec<_>>().concat();
    let (fill, alpha) = (colour.css(), colour.alpha());
    let drawing = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-size="{size}" fill="{fill}" fill-opacity="{alpha}">{spans}</svg>"#
    );
    let pixels = svg::render(drawing.as_bytes(), width.ceil() as u32, height.ceil() as u32)?;
    Ok(trim(&pixels))
}

/// The part of a picture in which something is to be seen.
fn trim(pixels: &DynamicImage) -> Option<DynamicImage> {
    let seen = || pixels.pixels().filter(|(_, _, pixel)| pixel.0[3] > 0);
    let (left, right) = (seen().map(|(x, _, _)| x).min()?, seen().map(|(x, _, _)| x).max()?);
    let (top, bottom) = (seen().map(|(_, y, _)| y).min()?, seen().map(|(_, y, _)| y).max()?);
    Some(pixels.crop_imm(left, top, right - left + 1, bottom - top + 1))
}

/// Text inside of XML; what XML cannot hold is left out.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: Colour = Colour(image::Rgba([10, 20, 30, 255]));

    #[test]
    fn text_is_drawn_as_large_as_it_is_long() {
        let size = |text: &str| draw(text, 40.0, INK).unwrap().map_or((0, 0), |pixels| pixels.dimensions());
        let ((short, line), (long, _), (_, two)) = (size("HH"), size("HHHH"), size("HH\nHH"));
        assert!((25..45).contains(&line), "{line}");
        assert!(long > short * 17 / 10 && two > line * 2, "{short} {long} {line} {two}");
        assert_eq!(size("  \t"), (0, 0));
    }

    #[test]
    fn a_long_text_gets_smaller_letters() {
        let long = "long ".repeat(100);
        assert!(size_of("short", 96.0) > 95.0 && size_of(&long, 96.0) < 20.0);
        for text in [long, "a\n".repeat(250), format!("{}{}", "b".repeat(250), "\nb".repeat(250))] {
            assert!(draw(&text, size_of(&text, 96.0), INK).unwrap().is_some());
        }
    }

    #[test]
    fn markup_in_a_text_is_only_text() {
        let drawn = draw("</text><rect width='999' height='999'/>&", 20.0, INK).unwrap().unwrap();
        assert!(drawn.height() < 40, "{:?}", drawn.dimensions());
        assert!(draw("\u{0}\u{1b}", 20.0, INK).unwrap().is_none());
    }
}
