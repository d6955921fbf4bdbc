//! `compare_images`: how alike two pictures are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    picture::{Encoding, Format, Frames, Picture, compare, encode::shallow},
    studio::Studio,
    target::{FIELD, Target, format_of},
    task::{finish, save},
};

/// Compares two pictures.
pub(crate) struct CompareImages(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// One picture.
    a: String,
    /// The other, of the same size.
    b: String,
    /// Where a picture of the difference goes; none is made if nothing is said.
    output_path: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// How alike they look: 1 is the same.
    ssim: f64,
    /// How many pixels differ.
    different_pixels: u64,
    /// The picture of the difference: red where they differ.
    diff_image: Option<String>,
}

impl Tool for CompareImages {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compare_images";
    const ABOUT: &'static str = "Says how alike two pictures of the same size look and how many pixels differ, and can draw the \
        difference into a new file.";
    const MARKS: Marks = Marks::reads().idempotent();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("outputPath", "output_path"), ("output", "output_path")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"a": "before.png", "b": "after.png"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let desk = self.0.desk().await?;
        let (one, other) = (desk.open("a", &input.a).await?, desk.open("b", &input.b).await?);
        let size = |header: &crate::picture::Header| format!("{} × {}", header.width, header.height);
        let (first, second) = (size(&one.header), size(&other.header));
        if first != second {
            let text = format!("`{}` has {first} pixels and `{}` has {second}", one.path(), other.path());
            return Err(Failure::invalid("b", text).hint("bring them to one size with `resize_image` first"));
        }
        let output_path = input.output_path.as_deref();
        let format = format_of(output_path, Format::Png)?;
        let target = match output_path {
            Some(path) => Some(Target::at(desk.roots().place(FIELD, path)?, false)?),
            None => None,
        };
        let room = desk.room(3 * one.megapixels(Frames::First)).await?;
        room.work(move |stop| {
            let pixels = |source: &crate::studio::Source| {
                stop.check()?;
                Ok::<_, Failure>(shallow(source.decode(Frames::First)?.frames.swap_remove(0).pixels))
            };
            let (one, other) = (pixels(&one)?, pixels(&other)?);
            stop.check()?;
            let ssim = (compare::ssim(&one, &other) * 10_000.0).round() / 10_000.0;
            let different_pixels = compare::different_pixels(&one, &other);
            let diff_image = match target {
                Some(target) => {
                    stop.check()?;
                    let difference = Picture::still(compare::difference(&one, &other));
                    Some(save(&target, &finish(&difference, &Encoding::new(format), Vec::new())?)?.output_path)
                }
                None => None,
            };
            Ok(Output { ssim, different_pixels, diff_image })
        })
        .await
    }
}
