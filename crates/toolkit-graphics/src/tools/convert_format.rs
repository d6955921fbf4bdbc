//! `convert_format`: the same picture in another format.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    arguments::{self, PATH_ALIASES, usual_quality},
    picture::{Colour, Encoding, Format},
    studio::Studio,
    target::{FIELD, Target, Wanted},
    task::Task,
};

/// Converts a picture.
pub(crate) struct ConvertFormat(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The picture.
    input_path: String,
    /// What it becomes.
    format: Wanted,
    /// Where the result goes; the same name with another extension if nothing is said.
    output_path: Option<String>,
    /// From 1 (small file) to 100 (faithful), for JPEG, WebP and AVIF.
    #[serde(default = "usual_quality")]
    quality: i64,
    /// Whether every pixel is kept as it is, where the format can do that.
    #[serde(default)]
    lossless: bool,
    /// What shines through where the format has no transparency; white if nothing is said.
    background: Option<Colour>,
    /// Whether a file that exists is replaced; a backup of it is made.
    #[serde(default)]
    overwrite: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    output_path: String,
    input_format: &'static str,
    format: &'static str,
    /// Bytes.
    size: u64,
    /// How many times smaller the file became.
    compression_ratio: f64,
    /// Where the file is that was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_path: Option<String>,
    message: String,
}

impl Tool for ConvertFormat {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "convert_format";
    const ABOUT: &'static str = "Converts a picture to another format. An animated GIF keeps moving as WebP; other formats show its \
        first frame.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "project:*"]);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = &[
        PATH_ALIASES[0],
        PATH_ALIASES[1],
        PATH_ALIASES[2],
        PATH_ALIASES[3],
        ("outputFormat", "format"),
        ("output_format", "format"),
    ];
    const EXAMPLES: &'static [&'static str] = &[r#"{"input_path": "photo.png", "format": "webp", "quality": 75}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let task = self.prepare(input).await?;
        let (input_format, before) = (task.source.header.format, task.source.size());
        let format = task.encoding.format;
        let saved = task.change(|picture, _| Ok(picture)).await?;
        let ratio = before as f64 / saved.size.max(1) as f64;
        Ok(Output {
            output_path: saved.output_path,
            input_format: input_format.word(),
            format: format.word(),
            size: saved.size,
            compression_ratio: (ratio * 100.0).round() / 100.0,
            backup_path: saved.backup_path,
            message: saved.message,
        })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        Ok(self.prepare(input).await?.plan())
    }
}

impl ConvertFormat {
    async fn prepare(&self, input: Input) -> Result<Task, Failure> {
        let quality = arguments::quality(input.quality)?;
        let format = Format::from(input.format);
        if input.lossless && !format.can_be_lossless() {
            let text = format!("{} cannot keep every pixel as it is", format.name());
            return Err(Failure::invalid("lossless", text).hint("choose png, webp or tiff, or leave `lossless` out"));
        }
        if let Some(named) = input.output_path.as_deref().and_then(|path| Format::of_name(Path::new(path)))
            && named != format
        {
            let text = format!("`{FIELD}` names a {} file, but `format` is {}", named.name(), format.word());
            return Err(Failure::invalid(FIELD, text).hint("give both the same, or leave the path out"));
        }
        let desk = self.0.desk().await?;
        let source = desk.open("input_path", &input.input_path).await?;
        let output_path = input.output_path.as_deref();
        let target = Target::of(desk.roots(), output_path, &source, "", format, input.overwrite)?;
        let background = input.background.unwrap_or(Colour::WHITE);
        let encoding = Encoding { quality, lossless: input.lossless, background, ..Encoding::new(format) };
        let step = format!("convert it to {}", format.name());
        let size = (source.header.width, source.header.height);
        Ok(Task { desk, source, target, encoding, step, size })
    }
}
