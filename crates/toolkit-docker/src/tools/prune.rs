//! `prune`: what nobody uses is removed, thing by thing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    engine::Engine,
    error::During as _,
    waste::{self, Kind, Waste},
};

/// Removes what nobody uses.
pub(crate) struct Prune;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// What to look through. Volumes without a name hold data: they only go if they are named here.
    #[serde(default = "all_but_volumes")]
    targets: Vec<Kind>,
}

fn all_but_volumes() -> Vec<Kind> {
    vec![Kind::Containers, Kind::Images, Kind::Networks]
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// What is gone.
    removed: Vec<Waste>,
    /// What could not be removed, and why.
    kept: Vec<String>,
    /// Bytes of the images that are gone.
    freed_bytes: i64,
    /// What was done, in a sentence.
    message: String,
}

impl Tool for Prune {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "prune";
    const ABOUT: &'static str = "Removes what nobody uses: containers that have ended, images without a name, networks without \
        containers, and on request volumes without a name. `dry_run` names every single thing.";
    const MARKS: Marks = Marks::destroys().confirmed().long().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*"]);
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] = &[r#"{"dry_run": true}"#, r#"{"targets": ["images"], "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let (mut removed, mut kept) = (Vec::new(), Vec::new());
        for target in input.in_order() {
            for waste in waste::find(target, &engine).await? {
                call.progress(removed.len() as u64, None, &format!("removing `{}`", waste.name));
                match waste.remove(&engine).await.during(format!("remove `{}`", waste.name)) {
                    Ok(()) => removed.push(waste),
                    Err(failure) => kept.push(failure.message),
                }
            }
        }
        let freed_bytes = removed.iter().map(|waste| waste.size).sum();
        Ok(Output { message: format!("{} things are gone", removed.len()), removed, kept, freed_bytes })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let mut plan = Vec::new();
        for target in input.in_order() {
            let found = waste::find(target, &engine).await?;
            plan.extend(found.iter().map(|waste| format!("remove {}: `{}`", word(waste.kind), waste.name)));
        }
        Ok(plan)
    }
}

impl Input {
    /// Containers first: what only they used is nobody's when they are gone.
    fn in_order(&self) -> Vec<Kind> {
        let order = [Kind::Containers, Kind::Images, Kind::Networks, Kind::Volumes];
        order.into_iter().filter(|kind| self.targets.contains(kind)).collect()
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Containers => "the container",
        Kind::Images => "the image",
        Kind::Networks => "the network",
        Kind::Volumes => "the volume",
    }
}
