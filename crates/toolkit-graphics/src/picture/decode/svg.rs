//! SVG becomes pixels. A drawing may not look at other files or addresses; text is drawn with the font that we bring along,
//! and embedded pictures keep to small limits. What costs too much to draw is refused before it is drawn.

mod cost;
mod document;
mod reach;
mod references;

use std::{
    sync::{Arc, LazyLock},
    thread,
};

use image::{DynamicImage, RgbaImage};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{
        Error as ParseError, ImageHrefResolver, ImageKind, Options, Tree,
        fontdb::Database,
        roxmltree::{Document, Error as XmlError, ParsingOptions},
    },
};

use super::super::{Format, Header, header};
use crate::{
    error::Error,
    limits::{SIDE_MAX, SVG_BYTES_MAX, SVG_DEPTH_MAX, SVG_STACK_BYTES},
};

/// Pixels of a picture that is embedded in a drawing.
const EMBEDDED_PIXELS_MAX: u64 = 16_000_000;
/// The font that text is drawn with.
static FONT: &[u8] = include_bytes!("../../../fonts/DejaVuSans.ttf");
/// Its family.
const FAMILY: &str = "DejaVu Sans";

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(FONT.to_vec());
    fonts.set_serif_family(FAMILY);
    fonts.set_sans_serif_family(FAMILY);
    fonts.set_cursive_family(FAMILY);
    fonts.set_fantasy_family(FAMILY);
    fonts.set_monospace_family(FAMILY);
    Arc::new(fonts)
});

/// What the drawing says of its size.
pub(crate) fn header(bytes: &[u8]) -> Result<Header, Error> {
    let size = aside(|| Ok(parse(bytes)?.size()))?;
    let (width, height) = (size.width().ceil(), size.height().ceil());
    let pixels = |length: f32| if length > f64::from(SIDE_MAX) as f32 { SIDE_MAX + 1 } else { length.max(1.0) as u32 };
    let (width, height) = (pixels(width), pixels(height));
    Ok(Header { format: Format::Svg, width, height, color: "vector", depth: 8, alpha: true, animated: false })
}

/// Draws it with this many pixels.
pub(crate) fn render(bytes: &[u8], width: u32, height: u32) -> Result<DynamicImage, Error> {
    header::check_size(width, height)?;
    aside(|| draw(&parse(bytes)?, width, height))
}

fn draw(tree: &Tree, width: u32, height: u32) -> Result<DynamicImage, Error> {
    cost::check(tree, width, height)?;
    let mut canvas = Pixmap::new(width, height).ok_or(Error::TooManyPixels { width, height })?;
    let (across, down) = (width as f32 / tree.size().width(), height as f32 / tree.size().height());
    resvg::render(tree, Transform::from_scale(across, down), &mut canvas.as_mut());
    let pixels: Vec<u8> = canvas
        .pixels()
        .iter()
        .flat_map(|pixel| {
            let colour = pixel.demultiply();
            [colour.red(), colour.green(), colour.blue(), colour.alpha()]
        })
        .collect();
    let pixels = RgbaImage::from_raw(width, height, pixels).ok_or(Error::TooManyPixels { width, height })?;
    Ok(DynamicImage::ImageRgba8(pixels))
}

/// Works on a stack that is deep enough for all that a drawing may nest.
fn aside<T: Send>(work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(SVG_STACK_BYTES).spawn_scoped(scope, work);
        let done = thread.map_err(|error| damaged(&format!("no thread can be had to draw it: {error}")))?.join();
        done.unwrap_or_else(|_| Err(damaged("the renderer broke")))
    })
}

fn damaged(reason: &str) -> Error {
    Error::Damaged { format: Format::Svg, reason: reason.to_owned() }
}

fn parse(bytes: &[u8]) -> Result<Tree, Error> {
    if bytes.len() > SVG_BYTES_MAX {
        return Err(Error::TooComplex(format!("it has more than {} MiB", SVG_BYTES_MAX / 1024 / 1024)));
    }
    if depth(bytes) > SVG_DEPTH_MAX {
        return Err(Error::TooComplex(format!("its elements are nested more than {SVG_DEPTH_MAX} deep")));
    }
    if bytes.windows(8).any(|window| window == b"<!ENTITY") && entities_hold_elements(bytes) {
        return Err(Error::TooComplex("its entities hold elements".to_owned()));
    }
    let text = str::from_utf8(bytes).map_err(|error| damaged(&error.to_string()))?;
    let known = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(text, known).map_err(|error| refuse(&ParseError::ParsingFailed(error)))?;
    document::check(&document)?;
    reach::check(&document)?;
    Tree::from_xmltree(&document, &options()).map_err(|error| refuse(&error))
}

/// What the reader said, in our words.
fn refuse(error: &ParseError) -> Error {
    match error {
        ParseError::ElementsLimitReached | ParseError::ParsingFailed(XmlError::NodesLimitReached) => {
            Error::TooComplex(error.to_string())
        }
        error => damaged(&error.to_string()),
    }
}

fn options() -> Options<'static> {
    let embedded = |_: &str, data: Arc<Vec<u8>>, _: &Options<'_>| {
        let header = Header::of(&data, "".as_ref()).ok()?;
        if u64::from(header.width) * u64::from(header.height) > EMBEDDED_PIXELS_MAX {
            return None;
        }
        match header.format {
            Format::Png => Some(ImageKind::PNG(data)),
            Format::Jpeg => Some(ImageKind::JPEG(data)),
            Format::Gif => Some(ImageKind::GIF(data)),
            Format::WebP => Some(ImageKind::WEBP(data)),
            _ => None,
        }
    };
    Options {
        font_family: FAMILY.to_owned(),
        fontdb: FONTS.clone(),
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(embedded),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    }
}

/// How deep the elements are nested, counted from outside before anything walks them.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut rest) = (0_usize, 0, bytes);
    while let Some(start) = rest.iter().position(|byte| *byte == b'<') {
        rest = &rest[start..];
        let end = match rest {
            [b'<', b'!', b'-', b'-', ..] => after(rest, b"-->"),
            [b'<', b'!', b'[', ..] => after(rest, b"]]>"),
            [b'<', b'?' | b'!', ..] => 2,
            [b'<', b'/', ..] => {
                depth = depth.saturating_sub(1);
                2
            }
            _ => {
                let (end, is_closed) = tag(rest);
                deepest = deepest.max(depth + 1);
                depth += usize::from(!is_closed);
                end
            }
        };
        rest = &rest[end.min(rest.len())..];
    }
    deepest
}

/// Where the bytes behind this mark begin.
fn after(bytes: &[u8], mark: &[u8]) -> usize {
    bytes.windows(mark.len()).position(|window| window == mark).map_or(bytes.len(), |at| at + mark.len())
}

/// The length of a start tag, and whether it closes itself. A `>` in quotes ends nothing.
fn tag(bytes: &[u8]) -> (usize, bool) {
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'>') => return (at + 1, bytes[at - 1] == b'/'),
            _ => {}
        }
    }
    (bytes.len(), false)
}

/// Whether the declarations before the first element hold more than plain text.
fn entities_hold_elements(bytes: &[u8]) -> bool {
    let declarations = &bytes[..bytes.windows(4).position(|window| window == b"<svg").unwrap_or(bytes.len())];
    let mut rest = declarations;
    while let Some(at) = rest.windows(8).position(|window| window == b"<!ENTITY") {
        rest = &rest[at + 8..];
        let (end, _) = tag(rest);
        if rest[..end].iter().any(|byte| matches!(byte, b'<' | b'&')) {
            return true;
        }
    }
    // an entity behind the first element is none that we know
    bytes[declarations.len()..].windows(8).any(|window| window == b"<!ENTITY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_without_being_fooled() {
        let check = |text: &str, expected| assert_eq!(depth(text.as_bytes()), expected, "{text}");
        check("<svg/>", 1);
        check("<svg><g><g/></g></svg>", 3);
        check("<svg><!-- <g><g><g> --><a b='/>'><c/></a></svg>", 3);
        check("<svg><![CDATA[<g><g>]]></svg>", 1);
    }

    #[test]
    fn a_drawing_sees_no_other_file() {
        let drawing = br##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8">
            <image href="file:///etc/hostname" width="8" height="8"/><rect width="4" height="8" fill="#f00"/></svg>"##;
        let pixels = render(drawing, 8, 8).unwrap().into_rgba8();
        assert_eq!(pixels.get_pixel(1, 1).0, [255, 0, 0, 255]);
        assert_eq!(pixels.get_pixel(6, 1).0, [0, 0, 0, 0]);
    }

    #[test]
    fn what_would_take_for_ever_to_draw_is_refused() {
        let check = |drawing: &str| {
            let error = render(drawing.as_bytes(), 8, 8).unwrap_err();
            assert!(matches!(error, Error::TooComplex(_) | Error::Damaged { .. }), "{error}");
        };
        check(&format!("<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'>{}", "<g>".repeat(100_000)));
        check(
            "<!DOCTYPE svg [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>\
             <svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><text>&b;</text></svg>",
        );
        check("<svg xmlns='http://www.w3.org/2000/svg' width='0' height='8'/>");
    }
}
