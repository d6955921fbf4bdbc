//! `pull_image`: fetches an image from its registry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use super::CHANGED_IMAGES;
use crate::{engine::Engine, image, name::Image};

/// Pulls images.
pub(crate) struct PullImage;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The image: `nginx:1.27`, `registry.example.org/team/app:1`.
    image: String,
    /// For another kind of machine: `linux/arm64`.
    #[serde(default)]
    platform: String,
}

/// An image after it was fetched, made or sent.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The image.
    pub(crate) image: String,
    /// Its digest in the registry, or its id.
    pub(crate) digest: String,
    /// Its bytes.
    pub(crate) size: i64,
    /// What the engine said, the last lines.
    pub(crate) log: Vec<String>,
    /// What was done, in a sentence.
    pub(crate) message: String,
}

impl Output {
    /// The image as it is now.
    pub(crate) async fn of(image: &Image, engine: &Engine, log: Vec<String>, message: &str) -> Result<Self, Failure> {
        let there = image::inspect(image, engine).await?;
        Ok(Self {
            image: image.as_str().to_owned(),
            digest: image::digest(&log).or(there.id).unwrap_or_default(),
            size: there.size.unwrap_or_default(),
            log,
            message: message.to_owned(),
        })
    }
}

impl Tool for PullImage {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "pull_image";
    const ABOUT: &'static str = "Fetches an image from its registry, and tells as progress how far it is. A registry that wants a \
        login is not reached.";
    const MARKS: Marks = Marks::writes().open_world().long().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_IMAGES);
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] = &[r#"{"image": "nginx:1.27"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let image = Image::parse("image", &input.image)?;
        let engine = Engine::of(call).await?;
        let log = image::pull(&image, &input.platform, &engine, call).await?;
        Output::of(&image, &engine, log, "it was pulled").await
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let image = Image::parse("image", &input.image)?;
        Ok(vec![format!("pull the image `{}` from its registry", image.as_str())])
    }
}
