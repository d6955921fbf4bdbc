//! `push_image`: sends an image to its registry.

use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::{Call, Failure, Marks, Tool};

use super::{CHANGED_IMAGES, pull_image::Output};
use crate::{engine::Engine, image, name::Image};

/// Pushes images.
pub(crate) struct PushImage;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The image with the registry in its name: `registry.example.org/team/app:1`.
    image: String,
}

impl Tool for PushImage {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "push_image";
    const ABOUT: &'static str = "Sends an image to the registry that its name begins with, and tells as progress how far it is. A \
        registry that wants a login is not reached.";
    const MARKS: Marks = Marks::writes().open_world().long().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_IMAGES);
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] = &[r#"{"image": "registry.example.org/team/app:1"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let image = Image::parse("image", &input.image)?;
        let engine = Engine::of(call).await?;
        image::inspect(&image, &engine).await?;
        let log = image::push(&image, &engine, call).await?;
        Output::of(&image, &engine, log, "it was pushed").await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let image = Image::parse("image", &input.image)?;
        let there = image::inspect(&image, &Engine::of(call).await?).await?;
        let size = there.size.unwrap_or_default();
        Ok(vec![format!("push the image `{}` of {size} bytes to its registry", image.as_str())])
    }
}
