//! `compose_pull`: the images of a project are fetched.

use toolkit::{Call, Failure, Marks, Tool};
use workbench::Bench;

use super::{
    CHANGED_IMAGES,
    compose_images::{EXAMPLES, Input, Work},
    compose_up::Output,
};

const WORK: Work =
    Work { word: "pull", why: "the plugin fetches what the services are made of", done: "the images are there" };

/// Pulls for projects.
pub(crate) struct ComposePull(pub(crate) Bench);

impl Tool for ComposePull {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_pull";
    const ABOUT: &'static str = "Fetches the images of a Compose project from their registries.";
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
