//! The formats: their names, how their files begin, and what they can hold.

use std::path::Path;

use crate::error::Error;

/// A format of picture files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    Png,
    Jpeg,
    WebP,
    Gif,
    Bmp,
    Tiff,
    Avif,
    Svg,
}

impl Format {
    /// How people write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Avif => "AVIF",
            Self::Svg => "SVG",
        }
    }

    /// How arguments and results write it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Avif => "avif",
            Self::Svg => "svg",
        }
    }

    /// What a new file's name ends in.
    pub(crate) fn extension(self) -> &'static str {
        if self == Self::Jpeg { "jpg" } else { self.word() }
    }

    /// The format that a file's name promises.
    pub(crate) fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "png" | "apng" => Some(Self::Png),
            "jpg" | "jpeg" | "jpe" | "jfif" => Some(Self::Jpeg),
            "webp" => Some(Self::WebP),
            "gif" => Some(Self::Gif),
            "bmp" | "dib" => Some(Self::Bmp),
            "tif" | "tiff" => Some(Self::Tiff),
            "avif" | "avifs" => Some(Self::Avif),
            "svg" => Some(Self::Svg),
            _ => None,
        }
    }

    /// The format that a file's content begins as; otherwise what it is instead.
    pub(crate) fn of_content(bytes: &[u8]) -> Result<Self, Error> {
        let begins = |magic: &[u8]| bytes.starts_with(magic);
        let brand = bytes.get(8..12).unwrap_or_default();
        Ok(match bytes {
            [] => return Err(Error::NotAPicture("an empty file")),
            _ if begins(b"\x89PNG\r\n\x1a\n") => Self::Png,
            _ if begins(b"\xff\xd8\xff") => Self::Jpeg,
            _ if begins(b"RIFF") && brand == b"WEBP" => Self::WebP,
            _ if begins(b"GIF87a") || begins(b"GIF89a") => Self::Gif,
            _ if begins(b"BM") && bytes.len() > 26 => Self::Bmp,
            _ if begins(b"II*\0") || begins(b"MM\0*") => Self::Tiff,
            _ if is_avif(bytes) => Self::Avif,
            _ if is_svg(bytes) => Self::Svg,
            _ => return Err(Error::NotAPicture(kind_of(bytes))),
        })
    }

    /// Whether pixels can be transparent in it.
    pub(crate) fn has_alpha(self) -> bool {
        !matches!(self, Self::Jpeg | Self::Bmp)
    }

    /// Whether channels can have 16 bits in it.
    pub(crate) fn is_deep(self) -> bool {
        matches!(self, Self::Png | Self::Tiff)
    }

    /// Whether we can write several frames into it.
    pub(crate) fn moves(self) -> bool {
        matches!(self, Self::Gif | Self::WebP)
    }

    /// Whether it gives up detail for size, as far as its quality says.
    pub(crate) fn has_quality(self) -> bool {
        matches!(self, Self::Jpeg | Self::WebP | Self::Avif)
    }

    /// Whether it can keep every pixel as it is.
    pub(crate) fn can_be_lossless(self) -> bool {
        !matches!(self, Self::Jpeg | Self::Avif | Self::Gif)
    }
}

/// Whether a `ftyp` box lists an AVIF brand.
fn is_avif(bytes: &[u8]) -> bool {
    let Some((head, rest)) = bytes.split_first_chunk::<8>() else { return false };
    let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let brands = rest.get(..length.saturating_sub(8).min(256)).unwrap_or(rest);
    &head[4..] == b"ftyp" && brands.chunks_exact(4).any(|brand| brand == b"avif" || brand == b"avis")
}

/// Whether a text has `<svg` as its first element.
fn is_svg(bytes: &[u8]) -> bool {
    /// Bytes of comments and declarations that stand before the first element at most.
    const PROLOGUE_BYTES_MAX: usize = 64 * 1024;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = bytes[..bytes.len().min(PROLOGUE_BYTES_MAX)].trim_ascii_start();
    start.starts_with(b"<")
        && !start.contains(&0)
        && start.windows(4).any(|window| window == b"<svg")
        && !start[..start.len().min(512)].to_ascii_lowercase().windows(5).any(|window| window == b"<html")
}

/// What bytes are that are no picture.
fn kind_of(bytes: &[u8]) -> &'static str {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive or office document"),
        (b"\x1f\x8b", "gzip data"),
        (b"\x7fELF", "a program"),
        (b"8BPS", "a Photoshop document"),
        (b"\0\0\x01\0", "an icon (ICO)"),
        (b"\xff\x0a", "a JPEG XL picture, which cannot be read"),
        (b"\0\0\0\x0cJXL ", "a JPEG XL picture, which cannot be read"),
        (b"<!DOCTYPE html", "a web page"),
        (b"<html", "a web page"),
        (b"#!", "a script"),
    ];
    if let Some((_, kind)) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return kind;
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return "a video or a HEIC picture, which cannot be read";
    }
    if std::str::from_utf8(&bytes[..bytes.len().min(512)]).is_ok_and(|text| !text.contains('\0')) {
        return "text";
    }
    "unknown data"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_what_a_file_is() {
        let check = |bytes: &[u8], expected: Format| {
            assert_eq!(Format::of_content(bytes).unwrap(), expected, "{bytes:?}");
        };
        check(b"\x89PNG\r\n\x1a\n....", Format::Png);
        check(b"\xff\xd8\xff\xe0", Format::Jpeg);
        check(b"RIFF....WEBPVP8 ", Format::WebP);
        check(b"GIF89a", Format::Gif);
        check(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", Format::Avif);
        check(b"<?xml version=\"1.0\"?>\n<!-- a -->\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>", Format::Svg);
    }

    #[test]
    fn what_is_no_picture_is_called_by_its_name() {
        let check = |bytes: &[u8], expected: &str| {
            let error = Format::of_content(bytes).unwrap_err();
            assert_eq!(error.to_string(), format!("this is no picture but {expected}"));
        };
        check(b"", "an empty file");
        check(b"%PDF-1.7", "a PDF document");
        check(b"hello", "text");
        check(b"<html><svg/></html>", "a web page");
        check(b"\0\0\0\x18ftypheic\0\0\0\0heic", "a video or a HEIC picture, which cannot be read");
        check(b"\xfe\xfe\0\0", "unknown data");
    }

    #[test]
    fn a_name_promises_a_format_whatever_its_case() {
        let check = |name: &str, expected| assert_eq!(Format::of_name(Path::new(name)), expected, "{name}");
        check("a.JPG", Some(Format::Jpeg));
        check("a.b.tif", Some(Format::Tiff));
        check("png", None);
        check("a.txt", None);
    }
}
