//! `compose_images`: several pictures on one canvas.

use image::DynamicImage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    arguments::{self, usual_quality},
    limits::{INPUT_BYTES_MAX, LAYERS_MAX},
    picture::{
        Colour, Encoding, Format, Frames, Picture, draw, header,
        resize::{self, Fit, Plan, Room},
    },
    studio::{Desk, Source, Studio},
    target::{FIELD, Target, format_of},
    task::{finish, save},
};

/// Composes pictures.
pub(crate) struct ComposeImages(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The pictures, the lowest first.
    images: Vec<Layer>,
    /// The size of the result.
    canvas: Canvas,
    /// What is behind the pictures; nothing, or white where the format has no transparency, if nothing is said.
    background: Option<Colour>,
    /// Where the result goes. Its extension decides the format; PNG if it says nothing.
    output_path: String,
    /// From 1 (small file) to 100 (faithful), for JPEG, WebP and AVIF.
    #[serde(default = "usual_quality")]
    quality: i64,
    /// Whether a file that exists is replaced; a backup of it is made.
    #[serde(default)]
    overwrite: bool,
}

/// One picture on the canvas.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Layer {
    path: String,
    /// Pixels from the left; less than 0 lies partly outside.
    #[serde(default)]
    x: i32,
    /// Pixels from the top.
    #[serde(default)]
    y: i32,
    /// Pixels across; its own if nothing is said.
    width: Option<i64>,
    /// Pixels down. With both sizes it is stretched to them.
    height: Option<i64>,
    /// How much it covers, from 0 to 1.
    #[serde(default = "whole")]
    opacity: f64,
}

fn whole() -> f64 {
    1.0
}

/// The size of the result.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Canvas {
    width: i64,
    height: i64,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    output_path: String,
    width: u32,
    height: u32,
    /// Bytes.
    size: u64,
    /// Where the file is that was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_path: Option<String>,
    message: String,
}

/// A picture with its place on the canvas.
struct Placed {
    source: Source,
    at: (i64, i64),
    plan: Plan,
    opacity: f32,
}

/// A composition that can be made.
struct Composition {
    desk: Desk,
    layers: Vec<Placed>,
    size: (u32, u32),
    background: Colour,
    target: Target,
    encoding: Encoding,
    megapixels: u32,
}

impl Tool for ComposeImages {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_images";
    const ABOUT: &'static str =
        "Puts several pictures on one canvas, each at its place, in its size, as transparent as asked.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "project:*"]);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("outputPath", "output_path"), ("output", "output_path")];
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"images": [{"path": "a.png"}, {"path": "b.png", "x": 200}], "canvas": {"width": 400, "height": 200}, "output_path": "both.png"}"#,
    ];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let composition = self.prepare(input).await?;
        let room = composition.desk.room(composition.megapixels).await?;
        let saved = room
            .work(move |stop| {
                let mut canvas = draw::canvas(composition.size.0, composition.size.1, composition.background);
                for layer in &composition.layers {
                    stop.check()?;
                    let picture = layer.source.decode(Frames::First)?;
                    let pixels = resize::apply(picture.pixels(), &layer.plan, Colour::TRANSPARENT);
                    let pixels = pixels.map_err(|error| layer.source.refuse(error))?.into_rgba8();
                    draw::over(&mut canvas, &pixels, layer.at, layer.opacity);
                }
                stop.check()?;
                let picture = Picture::still(DynamicImage::ImageRgba8(canvas));
                save(&composition.target, &finish(&picture, &composition.encoding, Vec::new())?)
            })
            .await?;
        Ok(Output {
            output_path: saved.output_path,
            width: saved.width,
            height: saved.height,
            size: saved.size,
            backup_path: saved.backup_path,
            message: saved.message,
        })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let composition = self.prepare(input).await?;
        let draw = |layer: &Placed| format!("draw `{}` at {}, {}", layer.source.path(), layer.at.0, layer.at.1);
        let mut steps: Vec<_> = composition.layers.iter().map(draw).collect();
        steps.push(composition.target.step());
        Ok(steps)
    }
}

impl ComposeImages {
    async fn prepare(&self, input: Input) -> Result<Composition, Failure> {
        let quality = arguments::quality(input.quality)?;
        let size = (
            arguments::side("canvas.width", input.canvas.width)?,
            arguments::side("canvas.height", input.canvas.height)?,
        );
        header::check_size(size.0, size.1).map_err(|error| error.of("canvas"))?;
        if input.images.is_empty() || input.images.len() > LAYERS_MAX {
            let text = format!("`images` must have 1 to {LAYERS_MAX} pictures, not {}", input.images.len());
            return Err(Failure::invalid("images", text));
        }
        let desk = self.0.desk().await?;
        let mut layers = Vec::with_capacity(input.images.len());
        let mut megapixels = header::megapixels(size.0, size.1);
        for layer in input.images {
            let layer = placed(&desk, layer).await?;
            megapixels = megapixels.max(layer.source.header.megapixels() + header::megapixels(size.0, size.1));
            layers.push(layer);
        }
        let bytes: u64 = layers.iter().map(|layer| layer.source.size()).sum();
        if bytes > INPUT_BYTES_MAX {
            let text = format!("the pictures have {bytes} bytes together; at most {INPUT_BYTES_MAX} are held at once");
            return Err(Failure { field: Some("images".to_owned()), ..Failure::new(toolkit::Code::TooLarge, text) });
        }
        let format = format_of(Some(&input.output_path), Format::Png)?;
        let target = Target::at(desk.roots().place(FIELD, &input.output_path)?, input.overwrite)?;
        let background = input.background.unwrap_or(Colour::TRANSPARENT);
        let encoding =
            Encoding { quality, background: input.background.unwrap_or(Colour::WHITE), ..Encoding::new(format) };
        Ok(Composition { desk, layers, size, background, target, encoding, megapixels })
    }
}

async fn placed(desk: &Desk, layer: Layer) -> Result<Placed, Failure> {
    let opacity = arguments::share("images", layer.opacity)?;
    let width = layer.width.map(|width| arguments::side("images", width)).transpose()?;
    let height = layer.height.map(|height| arguments::side("images", height)).transpose()?;
    let source = desk.open("images", &layer.path).await?;
    let fit = if width.is_some() && height.is_some() { Fit::Fill } else { Fit::Inside };
    let room = Room { width, height, fit, upscale: true };
    let plan = room.plan((source.header.width, source.header.height)).map_err(|error| error.of("images"))?;
    Ok(Placed { source, at: (layer.x.into(), layer.y.into()), plan, opacity })
}
