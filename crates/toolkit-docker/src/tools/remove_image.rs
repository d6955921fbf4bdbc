//! `remove_image`: a name of an image, and the image with its last name.

use bollard::query_parameters::RemoveImageOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use super::CHANGED_IMAGES;
use crate::{engine::Engine, error::During as _, image, name::Image};

/// Removes images.
pub(crate) struct RemoveImage;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The image: its name or its id.
    image: String,
    /// Even if stopped containers were made of it, or it has several names.
    #[serde(default)]
    force: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Names that were taken away and ids that are gone.
    removed: Vec<String>,
    /// What was done, in a sentence.
    message: String,
}

impl Tool for RemoveImage {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "remove_image";
    const ABOUT: &'static str = "Takes a name away from an image, and removes it with its last name. One that containers were \
        made of stays, unless `force` is given.";
    const MARKS: Marks = Marks::destroys().confirmed().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_IMAGES);
    const EXAMPLES: &'static [&'static str] = &[r#"{"image": "app:old", "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let image = Image::parse("image", &input.image)?;
        let engine = Engine::of(call).await?;
        image::inspect(&image, &engine).await?;
        let options = RemoveImageOptions { force: input.force, ..RemoveImageOptions::default() };
        let removed = engine.remove_image(image.as_str(), Some(options), None).await;
        let removed = removed.during(format!("remove the image `{}`", image.as_str()))?;
        let removed = removed.into_iter().flat_map(|item| [item.untagged, item.deleted]).flatten().collect();
        Ok(Output { removed, message: format!("the image `{}` is gone", image.as_str()) })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let image = Image::parse("image", &input.image)?;
        let there = image::inspect(&image, &Engine::of(call).await?).await?;
        let names = there.repo_tags.unwrap_or_default();
        let last = if names.len() > 1 { "which has other names and stays" } else { "which goes with its last name" };
        Ok(vec![format!("remove `{}` from the image, {last}", image.as_str())])
    }
}
