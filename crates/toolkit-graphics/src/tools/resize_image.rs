//! `resize_image`: the same picture with other numbers of pixels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    arguments::{self, PATH_ALIASES, usual_quality, yes},
    picture::{
        Colour, Encoding, Format,
        decode::svg,
        resize::{self, Fit, Plan, Room},
    },
    studio::{Source, Studio},
    target::{Target, format_of},
    task::{Saved, Task, saved_percent},
};

/// Resizes a picture.
pub(crate) struct ResizeImage(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The picture.
    input_path: String,
    /// Where the result goes; `<name>_resized.<ext>` beside the picture if nothing is said. Its extension decides the format.
    output_path: Option<String>,
    /// Pixels across. One of `width` and `height` is needed.
    width: Option<i64>,
    /// Pixels down.
    height: Option<i64>,
    /// Whether the proportions stay; without them the picture is stretched to the size.
    #[serde(default = "yes")]
    maintain_aspect: bool,
    /// How the picture is fitted when both sizes are given: within the box, filling it and cut, within it and padded, or
    /// stretched.
    #[serde(default)]
    fit: Fit,
    /// Whether a small picture may become larger than it is.
    #[serde(default)]
    upscale: bool,
    /// From 1 (small file) to 100 (faithful), for JPEG, WebP and AVIF.
    #[serde(default = "usual_quality")]
    quality: i64,
    /// The colour around a contained picture and behind transparency where the format has none: `#rrggbb`, `white`.
    background: Option<Colour>,
    /// Whether a file that exists is replaced; a backup of it is made.
    #[serde(default)]
    overwrite: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    input_path: String,
    output_path: String,
    width: u32,
    height: u32,
    format: &'static str,
    /// Bytes.
    size: u64,
    original: Original,
    /// By how much the file became smaller.
    reduction_percent: f64,
    /// Where the file is that was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_path: Option<String>,
    message: String,
}

/// The picture before.
#[derive(Serialize, JsonSchema)]
struct Original {
    width: u32,
    height: u32,
    /// Bytes.
    size: u64,
}

impl Tool for ResizeImage {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "resize_image";
    const ABOUT: &'static str = "Makes a picture larger or smaller. Keeps its proportions, its format and its animation, and does \
        not enlarge it unless asked.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "project:*"]);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = &[
        PATH_ALIASES[0],
        PATH_ALIASES[1],
        PATH_ALIASES[2],
        PATH_ALIASES[3],
        ("maintainAspectRatio", "maintain_aspect"),
        ("maintain_aspect_ratio", "maintain_aspect"),
    ];
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"input_path": "photo.jpg", "width": 800}"#,
        r#"{"input_path": "photo.jpg", "output_path": "square.webp", "width": 400, "height": 400, "fit": "cover"}"#,
    ];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let (task, plan, background) = self.prepare(input).await?;
        let source = task.source.clone();
        let format = task.encoding.format;
        let saved = if source.header.format == Format::Svg {
            task.make(move |source, _| {
                let pixels =
                    svg::render(&source.bytes, plan.scaled.0, plan.scaled.1).map_err(|error| source.refuse(error))?;
                let pixels = resize::apply(&pixels, &plan, background).map_err(|error| source.refuse(error))?;
                crate::task::finish(&crate::picture::Picture::still(pixels), &Encoding::new(format), Vec::new())
            })
            .await?
        } else {
            let path = source.path();
            task.change(move |picture, notes| {
                if plan.held_back {
                    notes.push(
                        "it is smaller than asked and was not enlarged; give `upscale: true` for that".to_owned(),
                    );
                }
                picture
                    .map(|pixels| resize::apply(&pixels, &plan, background))
                    .map_err(|error| error.at("input_path", &path))
            })
            .await?
        };
        Ok(output(&source, saved, format))
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        Ok(self.prepare(input).await?.0.plan())
    }
}

impl ResizeImage {
    async fn prepare(&self, input: Input) -> Result<(Task, Plan, Colour), Failure> {
        let width = input.width.map(|width| arguments::side("width", width)).transpose()?;
        let height = input.height.map(|height| arguments::side("height", height)).transpose()?;
        if width.is_none() && height.is_none() {
            return Err(
                Failure::invalid("width", "neither `width` nor `height` is given").hint("give one of them, or both")
            );
        }
        let quality = arguments::quality(input.quality)?;
        let desk = self.0.desk().await?;
        let source = desk.open("input_path", &input.input_path).await?;
        let (own_width, own_height) = (source.header.width, source.header.height);
        let is_drawing = source.header.format == Format::Svg;
        let room = if input.maintain_aspect {
            // a drawing has as many pixels as one likes
            Room { width, height, fit: input.fit, upscale: input.upscale || is_drawing }
        } else {
            let (width, height) = (width.or(Some(own_width)), height.or(Some(own_height)));
            Room { width, height, fit: Fit::Fill, upscale: input.upscale || is_drawing }
        };
        let plan = room.plan((own_width, own_height)).map_err(|error| error.of("width"))?;
        let own = if is_drawing { Format::Png } else { source.header.format };
        let format = format_of(input.output_path.as_deref(), own)?;
        let output_path = input.output_path.as_deref();
        let target = Target::of(desk.roots(), output_path, &source, "_resized", format, input.overwrite)?;
        let background =
            input.background.unwrap_or(if format.has_alpha() { Colour::TRANSPARENT } else { Colour::WHITE });
        let encoding =
            Encoding { quality, background: input.background.unwrap_or(Colour::WHITE), ..Encoding::new(format) };
        let step = format!("resize it to {} × {}", plan.size.0, plan.size.1);
        let size = (plan.scaled.0.max(plan.size.0), plan.scaled.1.max(plan.size.1));
        Ok((Task { desk, source, target, encoding, step, size }, plan, background))
    }
}

fn output(source: &Source, saved: Saved, format: Format) -> Output {
    Output {
        input_path: source.path(),
        output_path: saved.output_path,
        width: saved.width,
        height: saved.height,
        format: format.word(),
        size: saved.size,
        original: Original { width: source.header.width, height: source.header.height, size: source.size() },
        reduction_percent: saved_percent(source.size(), saved.size),
        backup_path: saved.backup_path,
        message: saved.message,
    }
}
