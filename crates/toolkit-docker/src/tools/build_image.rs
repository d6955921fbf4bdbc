//! `build_image`: an image out of a folder with a Dockerfile.

use std::collections::HashMap;

use bollard::{body_try_stream, query_parameters::BuildImageOptions};
use futures_util::StreamExt as _;
use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, aside};

use super::{CHANGED_IMAGES, pull_image::Output};
use crate::{
    context::Context,
    engine::Engine,
    image::{self, Step},
    name::Image,
};

/// Builds images.
pub(crate) struct BuildImage(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// What the image is to be called: `team/app:1`.
    image: String,
    /// The folder that is built.
    path: String,
    /// The file that says how, from that folder.
    #[serde(default = "dockerfile")]
    dockerfile: String,
    /// Values of its `ARG` lines, by name.
    #[serde(default)]
    build_args: HashMap<String, String>,
    /// Only up to this stage of it.
    #[serde(default)]
    target: String,
    /// For another kind of machine, one at a time: `linux/arm64`.
    #[serde(default)]
    platforms: Vec<String>,
}

fn dockerfile() -> String {
    "Dockerfile".to_owned()
}

impl Tool for BuildImage {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "build_image";
    const ABOUT: &'static str = "Builds an image out of a folder with a Dockerfile, and tells its steps as progress. What \
        `.dockerignore` names is not sent; links are sent as links.";
    const MARKS: Marks = Marks::writes().open_world().long().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_IMAGES);
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"image": "team/app:1", "path": "app"}"#,
        r#"{"image": "app", "path": "app", "build_args": {"VERSION": "2"}}"#,
    ];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let image = Image::parse("image", &input.image)?;
        let platform = input.platform()?;
        let context = self.context(&input).await?;
        let engine = Engine::of(call).await?;
        let options = BuildImageOptions {
            dockerfile: input.dockerfile,
            t: Some(image.as_str().to_owned()),
            buildargs: Some(input.build_args),
            target: input.target,
            platform,
            rm: true,
            forcerm: true,
            ..BuildImageOptions::default()
        };
        let packed = body_try_stream(context.into_stream());
        let steps = engine.build_image(options, None, Some(packed)).map(|step| {
            step.map(|step| {
                let text = step.stream.or(step.status).unwrap_or_default();
                Step { text, progress: step.progress_detail, error: step.error_detail }
            })
        });
        let log = image::follow(steps, &format!("build `{}`", image.as_str()), call).await?;
        Output::of(&image, &engine, log, "it was built").await
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let image = Image::parse("image", &input.image)?;
        input.platform()?;
        let context = self.context(&input).await?;
        Ok(vec![
            format!("send {} files and folders with {} bytes of `{}`", context.entries(), context.bytes(), input.path),
            format!("build `{}` as `{}` says", image.as_str(), input.dockerfile),
        ])
    }
}

impl BuildImage {
    async fn context(&self, input: &Input) -> Result<Context, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        let dockerfile = input.dockerfile.clone();
        aside(move |_| Context::of(place, &dockerfile)).await
    }
}

impl Input {
    fn platform(&self) -> Result<String, Failure> {
        match &self.platforms[..] {
            [] => Ok(String::new()),
            [one] => Ok(one.clone()),
            _ => {
                let failure = Failure::new(Code::NotSupported, "the API of engines builds for one platform at a time");
                Err(failure.hint("call it once for each, with other names"))
            }
        }
    }
}
