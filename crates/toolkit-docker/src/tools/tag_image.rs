//! `tag_image`: one more name for an image.

use bollard::query_parameters::TagImageOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use super::CHANGED_IMAGES;
use crate::{container::short, engine::Engine, error::During as _, image, name::Image};

/// Names images.
pub(crate) struct TagImage;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The image: its name or its id.
    image: String,
    /// The name that it gets as well: `team/app:1`.
    target: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Its new name.
    image: String,
    /// The beginning of its id.
    id: String,
    /// What was done, in a sentence.
    message: String,
}

impl Tool for TagImage {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "tag_image";
    const ABOUT: &'static str = "Gives an image one more name. If another image had it, that one loses it.";
    const MARKS: Marks = Marks::writes().idempotent().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_IMAGES);
    const EXAMPLES: &'static [&'static str] = &[r#"{"image": "app", "target": "registry.example.org/team/app:1"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let (image, target) = input.names()?;
        let engine = Engine::of(call).await?;
        let there = image::inspect(&image, &engine).await?;
        let (repo, tag) = target.parts();
        let options = TagImageOptions { repo: Some(repo.to_owned()), tag: Some(tag.to_owned()) };
        engine.tag_image(image.as_str(), Some(options)).await.during(format!("name `{}`", image.as_str()))?;
        let message = format!("`{}` is now also called `{}`", image.as_str(), target.as_str());
        let id = short(&there.id.unwrap_or_default()).to_owned();
        Ok(Output { image: target.as_str().to_owned(), id, message })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let (image, target) = input.names()?;
        image::inspect(&image, &Engine::of(call).await?).await?;
        Ok(vec![format!("call the image `{}` also `{}`", image.as_str(), target.as_str())])
    }
}

impl Input {
    fn names(&self) -> Result<(Image, Image), Failure> {
        let target = Image::parse("target", &self.target)?;
        if target.as_str().contains('@') {
            return Err(Failure::invalid("target", "a digest is no name that can be given").hint("write `name:tag`"));
        }
        Ok((Image::parse("image", &self.image)?, target))
    }
}
