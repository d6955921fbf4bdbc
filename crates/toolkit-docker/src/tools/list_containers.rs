//! `list_containers`: the containers of an engine, what they do, and on request what they use.

use std::collections::HashMap;

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use futures_util::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    container::{self, Container, PROJECT_LABEL, SERVICE_LABEL},
    engine::{Engine, Kind},
    moment, shown,
    usage::{Memory, Usage},
};

/// Containers that are measured at one time; each takes the second between two samples.
const MEASURED_AT_ONCE: usize = 16;

/// Lists containers.
pub(crate) struct ListContainers;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Also those that do not run.
    #[serde(default)]
    all: bool,
    /// Only those with this in their name.
    name: Option<String>,
    /// Only those in this state, whether they run or not.
    status: Option<Status>,
    /// Only those with this label: `name` or `name=value`.
    label: Option<String>,
    /// Whether also to say what each uses, which takes a second or two.
    #[serde(default)]
    format: Format,
    /// `name` and `status` in the form of earlier callers.
    filters: Option<Filters>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filters {
    /// As `name`.
    name: Option<String>,
    /// As `status`.
    status: Option<Status>,
}

/// The state of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Made, never started.
    Created,
    /// Running.
    Running,
    /// Halted in the middle.
    Paused,
    /// About to run again.
    Restarting,
    /// Ended.
    #[serde(alias = "stopped")]
    Exited,
    /// On its way out.
    Removing,
    /// Broken beyond starting.
    Dead,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// What they are.
    #[default]
    Simple,
    /// Also what they use.
    Detailed,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// On this page, by name.
    containers: Vec<Listed>,
    /// How many there are on all pages.
    total: usize,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// Which engine they belong to.
    engine: Kind,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    /// The beginning of its id.
    id: String,
    /// Its name.
    name: String,
    /// What it was made of.
    image: String,
    /// What the engine says of it: `Up 3 minutes (healthy)`.
    status: String,
    /// `running`, `exited`, `paused` and so on.
    state: String,
    /// `127.0.0.1:8080->80/tcp`.
    ports: Vec<String>,
    /// When it was made, as RFC 3339 in UTC.
    created: String,
    /// What its health check says: `healthy`, `unhealthy` or `starting`.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<&'static str>,
    /// The Compose project that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    compose: Option<Compose>,
    /// Time of processors in percent, where 100 is the whole of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<f64>,
    /// Its memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Memory>,
}

#[derive(Serialize, JsonSchema)]
struct Compose {
    /// The project.
    project: String,
    /// The service in it.
    service: String,
}

impl Tool for ListContainers {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_containers";
    const ABOUT: &'static str = "Lists containers with their state, ports and health: those that run, or with `all` also those \
        that do not. `format: detailed` also says what each uses.";
    const MARKS: Marks = Marks::reads().idempotent().lists().connects();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = &[("filter", "name")];
    const EXAMPLES: &'static [&'static str] =
        &["{}", r#"{"all": true, "status": "exited"}"#, r#"{"label": "com.docker.compose.project=shop"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let wanted = Wanted::of(&input)?;
        let engine = Engine::of(call).await?;
        let mut there = container::all(&engine).await?;
        there.retain(|container| wanted.has(container));
        there.sort_by_key(container::name);
        let page = call.shared.page(there);
        let measured = match input.format {
            Format::Simple => HashMap::new(),
            Format::Detailed => measure(&engine, &page.items).await,
        };
        let containers = page.items.iter().map(|summary| Listed::of(summary, &measured)).collect();
        Ok(Output { containers, total: page.total, next_cursor: page.next_cursor, engine: engine.kind })
    }
}

/// Which containers are wanted.
struct Wanted<'a> {
    name: &'a str,
    state: Option<Status>,
    is_any: bool,
    label: Option<(&'a str, Option<&'a str>)>,
}

impl<'a> Wanted<'a> {
    fn of(input: &'a Input) -> Result<Self, Failure> {
        let filters = input.filters.as_ref();
        let name = one("name", input.name.as_deref(), filters.and_then(|filters| filters.name.as_deref()))?;
        let state = one("status", input.status, filters.and_then(|filters| filters.status))?;
        let label = input.label.as_deref().map(|label| match label.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (label, None),
        });
        Ok(Self { name: name.unwrap_or_default(), state, is_any: input.all, label })
    }

    fn has(&self, container: &ContainerSummary) -> bool {
        let state = container.state.as_ref().map(ToString::to_string).unwrap_or_default();
        let is_state = match self.state {
            Some(wanted) => state == format!("{wanted:?}").to_lowercase(),
            None => self.is_any || matches!(state.as_str(), "running" | "paused" | "restarting"),
        };
        let has_label = self.label.is_none_or(|(name, value)| {
            let there = container.labels.as_ref().and_then(|labels| labels.get(name));
            there.is_some_and(|there| value.is_none_or(|value| value == there))
        });
        is_state && has_label && container::name(container).contains(self.name)
    }
}

/// Of an argument and its form inside of `filters` the one that is given.
fn one<T: PartialEq>(name: &str, plain: Option<T>, filtered: Option<T>) -> Result<Option<T>, Failure> {
    match (plain, filtered) {
        (Some(plain), Some(filtered)) if plain != filtered => {
            let text = format!("`{name}` and `filters.{name}` are the same argument and have different values");
            Err(Failure::invalid(name, text).hint(format!("give only `{name}`")))
        }
        (plain, filtered) => Ok(plain.or(filtered)),
    }
}

/// What the running ones use; one that ends meanwhile is left out.
async fn measure(engine: &Engine, containers: &[ContainerSummary]) -> HashMap<String, Usage> {
    let is_running = |container: &&ContainerSummary| container.state == Some(ContainerSummaryStateEnum::RUNNING);
    let running: Vec<Container> = containers.iter().filter(is_running).map(Container::of).collect();
    let measured = stream::iter(running).map(|container| async move {
        let usage = Usage::of(&container, engine).await.ok()?;
        Some((container.id, usage))
    });
    measured.buffer_unordered(MEASURED_AT_ONCE).filter_map(std::future::ready).collect().await
}

impl Listed {
    fn of(summary: &ContainerSummary, measured: &HashMap<String, Usage>) -> Self {
        let id = summary.id.clone().unwrap_or_default();
        let status = summary.status.clone().unwrap_or_default();
        let label = |name: &str| summary.labels.as_ref().and_then(|labels| labels.get(name).cloned());
        let mut ports: Vec<String> = summary.ports.iter().flatten().map(container::port).collect();
        ports.sort();
        ports.dedup();
        Self {
            name: container::name(summary),
            image: summary.image.as_deref().map(shown::short).unwrap_or_default(),
            state: summary.state.as_ref().map(ToString::to_string).unwrap_or_default(),
            ports,
            created: moment::shown(summary.created.unwrap_or_default()),
            health: health(&status),
            compose: label(PROJECT_LABEL)
                .map(|project| Compose { project, service: label(SERVICE_LABEL).unwrap_or_default() }),
            cpu: measured.get(&id).map(|usage| usage.cpu_percent),
            memory: measured.get(&id).map(|usage| usage.memory.clone()),
            id: container::short(&id).to_owned(),
            status,
        }
    }
}

/// What the engine says of the health in its status.
fn health(status: &str) -> Option<&'static str> {
    let words = [("(healthy)", "healthy"), ("(unhealthy)", "unhealthy"), ("starting)", "starting")];
    words.into_iter().find(|(text, _)| status.ends_with(text)).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(input: serde_json::Value, container: serde_json::Value) -> bool {
        let input: Input = serde_json::from_value(input).unwrap();
        let container: ContainerSummary = serde_json::from_value(container).unwrap();
        Wanted::of(&input).unwrap().has(&container)
    }

    #[test]
    fn filters_say_which_containers_are_wanted() {
        let web = || json!({"Names": ["/shop-web-1"], "State": "running", "Labels": {"tier": "front"}});
        let done = || json!({"Names": ["/done"], "State": "exited"});
        assert!(wanted(json!({}), web()) && !wanted(json!({}), done()));
        assert!(wanted(json!({"all": true}), done()));
        assert!(wanted(json!({"status": "exited"}), done()) && wanted(json!({"status": "stopped"}), done()));
        assert!(wanted(json!({"filters": {"status": "exited", "name": "do"}}), done()));
        assert!(!wanted(json!({"status": "paused"}), web()));
        assert!(wanted(json!({"name": "web"}), web()) && !wanted(json!({"name": "db"}), web()));
        assert!(wanted(json!({"label": "tier"}), web()) && wanted(json!({"label": "tier=front"}), web()));
        assert!(!wanted(json!({"label": "tier=back"}), web()) && !wanted(json!({"label": "other"}), web()));
    }

    #[test]
    fn two_values_for_one_filter_are_refused() {
        let input: Input = serde_json::from_value(json!({"name": "a", "filters": {"name": "b"}})).unwrap();
        assert_eq!(Wanted::of(&input).err().and_then(|failure| failure.field), Some("name".to_owned()));
    }

    #[test]
    fn health_is_read_from_the_status() {
        assert_eq!(health("Up 3 minutes (healthy)"), Some("healthy"));
        assert_eq!(health("Up 3 minutes (unhealthy)"), Some("unhealthy"));
        assert_eq!(health("Up 1 second (health: starting)"), Some("starting"));
        assert_eq!(health("Up 3 minutes"), None);
    }
}
