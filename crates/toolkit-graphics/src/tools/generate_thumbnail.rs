//! `generate_thumbnail`: a small picture that stands for a large one.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    arguments::{self, PATH_ALIASES},
    picture::{
        Colour, Encoding, Format,
        resize::{self, Fit, Plan, Room},
    },
    studio::Studio,
    target::{Target, Wanted, format_of},
    task::Task,
};

/// Makes a thumbnail.
pub(crate) struct GenerateThumbnail(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The picture.
    input_path: String,
    /// Where the thumbnail goes; `<name>_thumb.<ext>` beside the picture if nothing is said.
    output_path: Option<String>,
    /// Pixels on the longer side.
    #[serde(default = "usual_size")]
    max_size: i64,
    /// Whether it is a square cut out of the middle.
    #[serde(default)]
    crop: Crop,
    /// What it is written as; what the picture is if nothing is said.
    format: Option<Wanted>,
    /// Whether a file that exists is replaced; a backup of it is made.
    #[serde(default)]
    overwrite: bool,
}

fn usual_size() -> i64 {
    200
}

/// True or false; under its other name `fit` it is `cover` or `inside`.
#[derive(Clone, Copy, Debug, Default)]
struct Crop(bool);

impl<'de> Deserialize<'de> for Crop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given<'a> {
            Truth(bool),
            Word(#[serde(borrow)] Cow<'a, str>),
        }
        match Given::deserialize(deserializer) {
            Ok(Given::Truth(crop)) => Ok(Self(crop)),
            Ok(Given::Word(word)) if word == "cover" => Ok(Self(true)),
            Ok(Given::Word(word)) if matches!(&*word, "inside" | "contain") => Ok(Self(false)),
            _ => Err(de::Error::custom("it must be true or false")),
        }
    }
}

impl JsonSchema for Crop {
    fn schema_name() -> Cow<'static, str> {
        "Crop".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": [true, false], "default": false})
    }
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

impl Tool for GenerateThumbnail {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "generate_thumbnail";
    const ABOUT: &'static str = "Makes a small picture that stands for a large one: within a square, or cut to one.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "project:*"]);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = &[
        PATH_ALIASES[0],
        PATH_ALIASES[1],
        PATH_ALIASES[2],
        PATH_ALIASES[3],
        ("maxSize", "max_size"),
        ("size", "max_size"),
        ("fit", "crop"),
        ("outputFormat", "format"),
        ("output_format", "format"),
    ];
    const EXAMPLES: &'static [&'static str] = &[r#"{"input_path": "photo.jpg", "max_size": 128, "crop": true}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let (task, plan) = self.prepare(input).await?;
        let path = task.source.path();
        let saved = task
            .change(move |picture, _| {
                let thumbnail = picture.map(|pixels| resize::apply(&pixels, &plan, Colour::TRANSPARENT));
                thumbnail.map_err(|error| error.at("input_path", &path))
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
        Ok(self.prepare(input).await?.0.plan())
    }
}

impl GenerateThumbnail {
    async fn prepare(&self, input: Input) -> Result<(Task, Plan), Failure> {
        let side = arguments::side("max_size", input.max_size)?;
        let desk = self.0.desk().await?;
        let source = desk.open("input_path", &input.input_path).await?;
        let fit = if input.crop.0 { Fit::Cover } else { Fit::Inside };
        let room = Room { width: Some(side), height: Some(side), fit, upscale: false };
        let plan = room.plan((source.header.width, source.header.height)).map_err(|error| error.of("max_size"))?;
        let own = if source.header.format == Format::Svg { Format::Png } else { source.header.format };
        let format = match input.format {
            Some(format) => format.into(),
            None => format_of(input.output_path.as_deref(), own)?,
        };
        let target =
            Target::of(desk.roots(), input.output_path.as_deref(), &source, "_thumb", format, input.overwrite)?;
        let step = format!("make a thumbnail of {} × {}", plan.size.0, plan.size.1);
        let task = Task { desk, source, target, encoding: Encoding::new(format), step, size: plan.scaled };
        Ok((task, plan))
    }
}
