//! `list_networks`: the networks of an engine.

use bollard::{models::Network, query_parameters::ListNetworksOptions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{container::short, engine::Engine, error::During as _};

/// Lists networks.
pub(crate) struct ListNetworks;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only those with this in their name.
    #[serde(default)]
    name: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// On this page, by name.
    networks: Vec<Listed>,
    /// How many there are on all pages.
    total: usize,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    /// The beginning of its id.
    id: String,
    /// Its name.
    name: String,
    /// What makes it: `bridge`, `host`, `overlay` and so on.
    driver: String,
    /// Whether nothing leads out of it.
    internal: bool,
    /// Its addresses.
    subnets: Vec<String>,
}

impl Tool for ListNetworks {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_networks";
    const ABOUT: &'static str = "Lists the networks that containers can belong to.";
    const MARKS: Marks = Marks::reads().idempotent().lists().connects();
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"name": "shop"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let networks = engine.list_networks(None::<ListNetworksOptions>).await.during("list the networks")?;
        let mut networks: Vec<Listed> = networks.into_iter().map(Listed::of).collect();
        networks.retain(|network| network.name.contains(&input.name));
        networks.sort_by(|one, other| one.name.cmp(&other.name));
        let page = call.shared.page(networks);
        Ok(Output { networks: page.items, total: page.total, next_cursor: page.next_cursor })
    }
}

impl Listed {
    fn of(network: Network) -> Self {
        let ranges = network.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        Self {
            id: short(&network.id.unwrap_or_default()).to_owned(),
            name: network.name.unwrap_or_default(),
            driver: network.driver.unwrap_or_default(),
            internal: network.internal.unwrap_or_default(),
            subnets: ranges.into_iter().filter_map(|range| range.subnet).collect(),
        }
    }
}
