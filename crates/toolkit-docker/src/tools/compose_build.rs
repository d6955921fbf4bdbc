//! `compose_build`: the images of a project are built.

use toolkit::{Call, Failure, Marks, Tool};
use workbench::Bench;

use super::{
    CHANGED_IMAGES,
    compose_images::{EXAMPLES, Input, Work},
    compose_up::Output,
};

const WORK: Work =
    Work { word: "build", why: "the plugin builds what the services are made of", done: "the images are built" };

/// Builds for projects.
pub(crate) struct ComposeBuild(pub(crate) Bench);

impl Tool for ComposeBuild {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_build";
    const ABOUT: &'static str = "Builds the images of a Compose project, as its file says.";
    const MARKS: Marks = Marks::writes().open_world().long().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_IMAGES);
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] = EXAMPLES;

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        WORK.run(&self.0, input, call).await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        WORK.plan(&self.0, input, call).await
    }
}
