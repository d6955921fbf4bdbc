//! `edit_image`: changes to a picture, one after another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    arguments::{self, PATH_ALIASES, usual_quality},
    limits::EDITS_MAX,
    picture::{
        Encoding, Format, Picture,
        edit::{Edit, Problem},
    },
    studio::Studio,
    target::{Target, format_of},
    task::Task,
};

/// Edits a picture.
pub(crate) struct EditImage(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The picture.
    input_path: String,
    /// What is done with it, in this order.
    ops: Vec<Edit>,
    /// Where the result goes; `<name>_edited.<ext>` beside the picture if nothing is said. Its extension decides the format.
    output_path: Option<String>,
    /// From 1 (small file) to 100 (faithful), for JPEG, WebP and AVIF.
    #[serde(default = "usual_quality")]
    quality: i64,
    /// Whether a file that exists is replaced; a backup of it is made.
    #[serde(default)]
    overwrite: bool,
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

impl Tool for EditImage {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "edit_image";
    const ABOUT: &'static str = "Changes a picture step by step: crop, rotate, flip, blur, sharpen, brightness, contrast, grayscale, \
        pad, round, text.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "project:*"]);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = PATH_ALIASES;
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"input_path": "photo.jpg", "ops": [{"op": "rotate", "degrees": 90}, {"op": "grayscale"}]}"#,
        r#"{"input_path": "face.png", "ops": [{"op": "crop", "x": 40, "y": 20, "width": 200, "height": 200}, {"op": "round", "radius": 100}]}"#,
    ];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let task = self.prepare(&input).await?;
        let frames = task.frames();
        let encoding = task.encoding.clone();
        let saved = task
            .make(move |source, stop| {
                let mut picture = source.decode(frames)?;
                for (place, edit) in input.ops.iter().enumerate() {
                    stop.check()?;
                    picture = edited(picture, edit, place)?;
                }
                crate::task::finish(&picture, &encoding, Vec::new())
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
        Ok(self.prepare(&input).await?.plan())
    }
}

impl EditImage {
    async fn prepare(&self, input: &Input) -> Result<Task, Failure> {
        let quality = arguments::quality(input.quality)?;
        if input.ops.is_empty() || input.ops.len() > EDITS_MAX {
            let text = format!("`ops` must have 1 to {EDITS_MAX} steps, not {}", input.ops.len());
            return Err(Failure::invalid("ops", text));
        }
        let desk = self.0.desk().await?;
        let source = desk.open("input_path", &input.input_path).await?;
        let own = if source.header.format == Format::Svg { Format::Png } else { source.header.format };
        let format = format_of(input.output_path.as_deref(), own)?;
        let target =
            Target::of(desk.roots(), input.output_path.as_deref(), &source, "_edited", format, input.overwrite)?;
        let step = format!("change it in {} steps", input.ops.len());
        let size =
            input.ops.iter().fold((source.header.width, source.header.height), |size, edit| edit.size_after(size));
        Ok(Task { desk, source, target, encoding: Encoding { quality, ..Encoding::new(format) }, step, size })
    }
}

fn edited(picture: Picture, edit: &Edit, place: usize) -> Result<Picture, Failure> {
    let field = format!("ops[{place}]");
    picture.map(|pixels| edit.apply(&pixels)).map_err(|problem| match problem {
        Problem::Argument(text) => Failure::invalid(&field, format!("`{field}`: {text}")),
        Problem::Picture(error) => error.of(&field),
    })
}
