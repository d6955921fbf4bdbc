//! `responsive_set`: a picture in several widths and formats, with the HTML that offers them to browsers.

use std::{path::PathBuf, pin::pin, sync::Arc};

use futures_util::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::Written;

use crate::{
    arguments::{self, usual_quality, yes},
    error::Error,
    limits::{OUTPUT_BYTES_MAX, WIDTHS_MAX},
    picture::{
        Encoding, Format, Frames, Picture, encode,
        lettering::escape,
        resize::{self, Fit, Room as Box},
    },
    studio::{self, Desk, Room, Source, Studio},
    target::{Target, Wanted},
};

/// Makes a responsive set.
pub(crate) struct ResponsiveSet(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The picture.
    input_path: String,
    /// The widths in pixels; those larger than the picture are left out.
    #[serde(default = "usual_widths")]
    widths: Vec<i64>,
    /// The formats, the one that browsers should try first in front.
    #[serde(default = "usual_formats")]
    formats: Vec<Wanted>,
    /// The folder for the files; the folder of the picture if nothing is said.
    output_dir: Option<String>,
    /// Whether to write the HTML for them.
    #[serde(default = "yes")]
    html: bool,
    /// From 1 (small file) to 100 (faithful), for JPEG, WebP and AVIF.
    #[serde(default = "usual_quality")]
    quality: i64,
    /// Whether files that exist are replaced; backups of them are made.
    #[serde(default)]
    overwrite: bool,
}

fn usual_widths() -> Vec<i64> {
    vec![320, 640, 960, 1280, 1920]
}

fn usual_formats() -> Vec<Wanted> {
    vec![Wanted::Avif, Wanted::Webp, Wanted::Jpeg]
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    files: Vec<File>,
    /// A `picture` element that offers all of them.
    picture_html: Option<String>,
    /// The `srcset` of the last format, for an `img` element.
    srcset: String,
    message: String,
}

/// One file of the set.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct File {
    path: String,
    width: u32,
    format: &'static str,
    /// Bytes.
    size: u64,
}

/// One file that is going to be written.
struct Planned {
    target: Target,
    size: (u32, u32),
    format: Format,
}

/// A set that can be made.
struct Set {
    desk: Desk,
    source: Source,
    planned: Vec<Planned>,
    quality: u8,
}

impl Tool for ResponsiveSet {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "responsive_set";
    const ABOUT: &'static str = "Makes a picture in several widths and formats for a page, and the HTML that lets browsers choose. \
        Never enlarges it.";
    const MARKS: Marks = Marks::writes().long();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "project:*"]);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("inputPath", "input_path"), ("input", "input_path"), ("outputDir", "output_dir")];
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"input_path": "photo.jpg", "widths": [480, 960], "formats": ["webp", "jpeg"], "output_dir": "public/img"}"#,
    ];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let html = input.html;
        let Set { desk, source, planned, quality } = self.prepare(input).await?;
        let room = desk.room(2 * source.megapixels(Frames::First)).await?;
        let picture = room.work(move |_| source.decode(Frames::First)).await?;
        let picture = Arc::new(picture);
        let total = planned.len() as u64;
        let (mut made, mut bytes_in_all) = (Vec::with_capacity(planned.len()), 0);
        let working = stream::iter(planned).map(|planned| one(&room, picture.clone(), planned, quality));
        let mut working = pin!(working.buffered(studio::jobs()));
        while let Some((planned, bytes)) = working.next().await.transpose()? {
            bytes_in_all += bytes.len();
            if bytes_in_all > OUTPUT_BYTES_MAX {
                return Err(Error::TooManyBytes.of("widths"));
            }
            call.progress(made.len() as u64 + 1, Some(total), &planned.target.path());
            made.push((planned, bytes));
        }
        let files = room.work(move |stop| stop.check().and_then(|()| write_all(&made))).await?;
        let srcset = srcset(&files, files.last().map(|file| file.format));
        let message = format!("wrote {} files", files.len());
        Ok(Output { picture_html: html.then(|| picture_html(&files)), srcset, message, files })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let set = self.prepare(input).await?;
        let step = |planned: &Planned| format!("{}: {} × {}", planned.target.step(), planned.size.0, planned.size.1);
        Ok(set.planned.iter().map(step).collect())
    }
}

impl ResponsiveSet {
    async fn prepare(&self, input: Input) -> Result<Set, Failure> {
        let quality = arguments::quality(input.quality)?;
        let widths = widths(&input.widths)?;
        let mut formats: Vec<Format> = Vec::new();
        for format in input.formats.iter().map(|format| Format::from(*format)) {
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        if formats.is_empty() {
            return Err(Failure::invalid("formats", "`formats` is empty").hint("leave it out for avif, webp and jpeg"));
        }
        let desk = self.0.desk().await?;
        let source = desk.open("input_path", &input.input_path).await?;
        let folder = match &input.output_dir {
            Some(folder) => desk.roots().place("output_dir", folder)?.path().to_owned(),
            None => source.path_buf().parent().map(PathBuf::from).unwrap_or_default(),
        };
        let stem = source.path_buf().file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let sizes = sizes(&widths, &source)?;
        let mut planned = Vec::new();
        for format in formats {
            for size in &sizes {
                let path = folder.join(format!("{stem}-{}.{}", size.0, format.extension()));
                let place = desk.roots().place("output_dir", &path.to_string_lossy())?;
                planned.push(Planned { target: Target::at(place, input.overwrite)?, size: *size, format });
            }
        }
        Ok(Set { desk, source, planned, quality })
    }
}

/// The widths, smallest first, each once.
fn widths(given: &[i64]) -> Result<Vec<u32>, Failure> {
    if given.is_empty() || given.len() > WIDTHS_MAX {
        let text = format!("`widths` must have 1 to {WIDTHS_MAX} numbers, not {}", given.len());
        return Err(Failure::invalid("widths", text));
    }
    let mut widths = given.iter().map(|width| arguments::side("widths", *width)).collect::<Result<Vec<_>, _>>()?;
    widths.sort_unstable();
    widths.dedup();
    Ok(widths)
}

/// The sizes for the widths that the picture is large enough for; its own if it is too small for all.
fn sizes(widths: &[u32], source: &Source) -> Result<Vec<(u32, u32)>, Failure> {
    let own = (source.header.width, source.header.height);
    let is_drawing = source.header.format == Format::Svg;
    let mut sizes = Vec::new();
    for width in widths.iter().filter(|width| is_drawing || **width <= own.0) {
        let wanted = Box { width: Some(*width), height: None, fit: Fit::Inside, upscale: is_drawing };
        sizes.push(wanted.plan(own).map_err(|error| error.of("widths"))?.size);
    }
    if sizes.is_empty() {
        sizes.push(own);
    }
    Ok(sizes)
}

/// Makes one file of the set, still in memory.
async fn one(room: &Room, picture: Arc<Picture>, planned: Planned, quality: u8) -> Result<(Planned, Vec<u8>), Failure> {
    room.work(move |stop| {
        let pixels = resize::resample(picture.pixels(), planned.size).map_err(|error| error.of("input_path"))?;
        stop.check()?;
        let how = Encoding { quality, ..Encoding::new(planned.format) };
        let encoded = encode(&Picture::still(pixels), &how).map_err(|error| error.of("formats"))?;
        Ok((planned, encoded.bytes))
    })
    .await
}

/// Writes all files; if one cannot be written, those before it go again.
fn write_all(made: &[(Planned, Vec<u8>)]) -> Result<Vec<File>, Failure> {
    let mut written: Vec<(&Planned, Written)> = Vec::with_capacity(made.len());
    for (planned, bytes) in made {
        match planned.target.write(bytes) {
            Ok(done) => written.push((planned, done)),
            Err(failure) => {
                for (planned, _) in written.iter().filter(|(_, done)| done.backup_path.is_none()) {
                    // the failure that counts is the one below
                    let _ = planned.target.place.remove();
                }
                return Err(failure);
            }
        }
    }
    let file = |(planned, done): &(&Planned, Written)| File {
        path: planned.target.path(),
        width: planned.size.0,
        format: planned.format.word(),
        size: done.size,
    };
    Ok(written.iter().map(file).collect())
}

/// The files of one format as a browser reads them.
fn srcset(files: &[File], format: Option<&'static str>) -> String {
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).replace(' ', "%20").replace(',', "%2C");
    let listed = files.iter().filter(|file| Some(file.format) == format);
    listed.map(|file| format!("{} {}w", name(&file.path), file.width)).collect::<Vec<_>>().join(", ")
}

/// A `picture` element: the last format is for browsers that know none of the others.
fn picture_html(files: &[File]) -> String {
    let mut formats: Vec<&'static str> = Vec::new();
    for file in files {
        if !formats.contains(&file.format) {
            formats.push(file.format);
        }
    }
    let mut html = "<picture>\n".to_owned();
    if let Some((_, offered)) = formats.split_last() {
        for format in offered {
            let srcset = escape(&srcset(files, Some(format)));
            html.push_str(
                &["  <source type=\"image/", format, "\" srcset=\"", &srcset, "\" sizes=\"100vw\">\n"].concat(),
            );
        }
    }
    let srcset = srcset(files, formats.last().copied());
    let fallback = srcset.rsplit(", ").next().and_then(|last| last.split(' ').next()).unwrap_or_default();
    let image = format!(
        "  <img src=\"{}\" srcset=\"{}\" sizes=\"100vw\" alt=\"\" loading=\"lazy\">\n</picture>",
        escape(fallback),
        escape(&srcset)
    );
    html + &image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_offered_the_formats_in_their_order() {
        let file = |path: &str, width, format| File { path: path.to_owned(), width, format, size: 1 };
        let files = [
            file("/a/my photo-320.avif", 320, "avif"),
            file("/a/my photo-640.avif", 640, "avif"),
            file("/a/my photo-320.jpg", 320, "jpeg"),
            file("/a/my photo-640.jpg", 640, "jpeg"),
        ];
        assert_eq!(
            picture_html(&files),
            "<picture>\n  <source type=\"image/avif\" srcset=\"my%20photo-320.avif 320w, my%20photo-640.avif 640w\" \
             sizes=\"100vw\">\n  <img src=\"my%20photo-640.jpg\" srcset=\"my%20photo-320.jpg 320w, my%20photo-640.jpg 640w\" \
             sizes=\"100vw\" alt=\"\" loading=\"lazy\">\n</picture>"
        );
    }

    #[test]
    fn a_name_cannot_leave_its_attribute() {
        let file = File { path: "/a/\"><script>-9.jpg".to_owned(), width: 9, format: "jpeg", size: 1 };
        assert!(!picture_html(&[file]).contains("<script"));
    }
}
