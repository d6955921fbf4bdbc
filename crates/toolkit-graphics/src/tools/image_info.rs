//! `image_info`: what there is to know of a picture, without its pixels.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    camera,
    picture::{
        Frames,
        fingerprint::{self, Histogram},
        hidden,
    },
    studio::Studio,
};

/// Looks at a picture.
pub(crate) struct ImageInfo(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The picture.
    input_path: String,
    /// Whether to count how often values occur.
    #[serde(default)]
    histogram: bool,
    /// Whether to say where a photograph was taken, if it knows.
    #[serde(default)]
    location: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Pixels across, when it stands upright.
    width: u32,
    height: u32,
    format: &'static str,
    /// `gray`, `rgb`, `palette`, `cmyk` or `vector`.
    color: &'static str,
    /// Bits of a channel.
    depth: u8,
    /// Whether it has a channel for transparency.
    alpha: bool,
    animated: bool,
    /// What the camera wrote.
    exif: BTreeMap<String, String>,
    /// Bytes.
    size: u64,
    /// A hash that pictures share which look alike: few of its 64 bits differ.
    phash: String,
    /// The text that `watermark` has hidden in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    histogram: Option<Histogram>,
}

impl Tool for ImageInfo {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "image_info";
    const ABOUT: &'static str = "Says what a picture is: size, format, colours, what the camera wrote, and a hash that similar \
        pictures share. Where a photograph was taken is said only when asked.";
    const MARKS: Marks = Marks::reads().idempotent();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("inputPath", "input_path"), ("input", "input_path")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"input_path": "photo.jpg", "histogram": true}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let desk = self.0.desk().await?;
        let source = desk.open("input_path", &input.input_path).await?;
        let room = desk.room(source.megapixels(Frames::First)).await?;
        room.work(move |stop| {
            let picture = source.decode(Frames::First)?;
            stop.check()?;
            let pixels = picture.pixels();
            let header = &source.header;
            Ok(Output {
                width: header.width,
                height: header.height,
                format: header.format.word(),
                color: header.color,
                depth: header.depth,
                alpha: header.alpha,
                animated: header.animated,
                exif: camera::notes(picture.exif.as_deref(), input.location),
                size: source.size(),
                phash: fingerprint::phash(pixels).map_err(|error| source.refuse(error))?,
                hidden_text: hidden::find(pixels),
                histogram: input.histogram.then(|| fingerprint::histogram(pixels)),
            })
        })
        .await
    }
}
