//! What an engine keeps that nobody uses. It is found first and removed one by one, so that the plan and the act are the same
//! for every engine, and nothing goes that was not named.

use std::collections::{HashMap, HashSet};

use bollard::{
    errors::Error,
    models::ContainerSummaryStateEnum,
    query_parameters::{
        ListImagesOptions, ListNetworksOptions, ListVolumesOptions, RemoveContainerOptions, RemoveImageOptions,
        RemoveVolumeOptions,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::Failure;

use crate::{
    container::{self, short},
    engine::Engine,
    error::During as _,
};

/// Networks that belong to the engine itself.
const OWN_NETWORKS: [&str; 4] = ["bridge", "host", "none", "podman"];
/// Digits of the name that engines make up for a volume without one.
const MADE_UP_DIGITS: usize = 64;

/// A kind of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Containers that have ended.
    Containers,
    /// Images without a name.
    Images,
    /// Networks to which no container belongs.
    Networks,
    /// Volumes without a name that no container has.
    Volumes,
}

/// One thing that nobody uses.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Waste {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its name, or the beginning of its id.
    pub(crate) name: String,
    /// Its bytes, where the engine says.
    pub(crate) size: i64,
    #[serde(skip)]
    id: String,
}

/// All that nobody uses of one kind.
pub(crate) async fn find(kind: Kind, engine: &Engine) -> Result<Vec<Waste>, Failure> {
    match kind {
        Kind::Containers => containers(engine).await,
        Kind::Images => images(engine).await,
        Kind::Networks => networks(engine).await,
        Kind::Volumes => volumes(engine).await,
    }
}

impl Waste {
    fn of(kind: Kind, name: &str, id: &str, size: i64) -> Self {
        Self { kind, name: name.to_owned(), size, id: id.to_owned() }
    }

    /// Removes it.
    pub(crate) async fn remove(&self, engine: &Engine) -> Result<(), Error> {
        match self.kind {
            Kind::Containers => engine.remove_container(&self.id, None::<RemoveContainerOptions>).await,
            Kind::Images => engine.remove_image(&self.id, None::<RemoveImageOptions>, None).await.map(drop),
            Kind::Networks => engine.remove_network(&self.id).await,
            Kind::Volumes => engine.remove_volume(&self.id, None::<RemoveVolumeOptions>).await,
        }
    }
}

async fn containers(engine: &Engine) -> Result<Vec<Waste>, Failure> {
    use ContainerSummaryStateEnum::{CREATED, DEAD, EXITED};
    let has_ended = |state: Option<ContainerSummaryStateEnum>| matches!(state, Some(CREATED | EXITED | DEAD));
    let all = container::all(engine).await?;
    let ended = all.iter().filter(|summary| has_ended(summary.state));
    Ok(ended
        .map(|summary| {
            Waste::of(Kind::Containers, &container::name(summary), summary.id.as_deref().unwrap_or_default(), 0)
        })
        .collect())
}

async fn images(engine: &Engine) -> Result<Vec<Waste>, Failure> {
    let options = ListImagesOptions { filters: Some(only("dangling")), ..ListImagesOptions::default() };
    let images = engine.list_images(Some(options)).await.during("list the images")?;
    let used: HashSet<String> = container::all(engine).await?.into_iter().filter_map(|one| one.image_id).collect();
    let unused = images.iter().filter(|image| !used.contains(&image.id));
    Ok(unused.map(|image| Waste::of(Kind::Images, short(&image.id), &image.id, image.size)).collect())
}

async fn networks(engine: &Engine) -> Result<Vec<Waste>, Failure> {
    let networks = engine.list_networks(None::<ListNetworksOptions>).await.during("list the networks")?;
    let containers = container::all(engine).await?;
    let of_containers = containers.into_iter().filter_map(|one| one.network_settings?.networks);
    let used: HashSet<String> = of_containers.flat_map(HashMap::into_keys).collect();
    let names = networks.into_iter().filter_map(|network| network.name);
    let unused = names.filter(|name| !used.contains(name) && !OWN_NETWORKS.contains(&name.as_str()));
    Ok(unused.map(|name| Waste::of(Kind::Networks, &name, &name, 0)).collect())
}

async fn volumes(engine: &Engine) -> Result<Vec<Waste>, Failure> {
    let options = ListVolumesOptions { filters: Some(only("dangling")) };
    let volumes = engine.list_volumes(Some(options)).await.during("list the volumes")?;
    let is_nameless = |name: &str| name.len() == MADE_UP_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let names = volumes.volumes.unwrap_or_default().into_iter().map(|volume| volume.name);
    Ok(names.filter(|name| is_nameless(name)).map(|name| Waste::of(Kind::Volumes, short(&name), &name, 0)).collect())
}

fn only(filter: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([(filter.to_owned(), vec!["true".to_owned()])])
}
