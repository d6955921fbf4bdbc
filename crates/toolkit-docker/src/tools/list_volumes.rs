//! `list_volumes`: the volumes of an engine.

use bollard::{models::Volume, query_parameters::ListVolumesOptions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{engine::Engine, error::During as _};

/// Lists volumes.
pub(crate) struct ListVolumes;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only those with this in their name.
    #[serde(default)]
    name: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// On this page, by name.
    volumes: Vec<Listed>,
    /// How many there are on all pages.
    total: usize,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    /// Its name.
    name: String,
    /// What keeps it.
    driver: String,
    /// Where it is on the engine's machine.
    mountpoint: String,
    /// When it was made, as RFC 3339.
    created: String,
}

impl Tool for ListVolumes {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_volumes";
    const ABOUT: &'static str = "Lists the volumes in which containers keep their data.";
    const MARKS: Marks = Marks::reads().idempotent().lists().connects();
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"name": "shop"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let volumes = engine.list_volumes(None::<ListVolumesOptions>).await.during("list the volumes")?;
        let mut volumes: Vec<Listed> = volumes.volumes.unwrap_or_default().into_iter().map(Listed::of).collect();
        volumes.retain(|volume| volume.name.contains(&input.name));
        volumes.sort_by(|one, other| one.name.cmp(&other.name));
        let page = call.shared.page(volumes);
        Ok(Output { volumes: page.items, total: page.total, next_cursor: page.next_cursor })
    }
}

impl Listed {
    fn of(volume: Volume) -> Self {
        Self {
            name: volume.name,
            driver: volume.driver,
            mountpoint: volume.mountpoint,
            created: volume.created_at.unwrap_or_default(),
        }
    }
}
