//! What the containers of Compose projects do, as the engine knows it by their labels.

use std::collections::BTreeMap;

use bollard::models::ContainerSummary;
use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Code, Failure};

use crate::{
    container::{self, Container, PROJECT_LABEL, SERVICE_LABEL},
    engine::Engine,
    name::Name,
};

/// One container of a service.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Service {
    /// The service.
    pub(crate) name: String,
    /// The container.
    pub(crate) container: String,
    /// `running`, `exited`, `paused` and so on.
    pub(crate) state: String,
    /// What the engine says of it: `Up 3 minutes (healthy)`.
    pub(crate) health: String,
    /// `127.0.0.1:8080->80/tcp`.
    pub(crate) ports: Vec<String>,
}

impl Service {
    fn of(summary: &ContainerSummary) -> Self {
        let mut ports: Vec<String> = summary.ports.iter().flatten().map(container::port).collect();
        ports.sort();
        ports.dedup();
        Self {
            name: label(summary, SERVICE_LABEL).to_owned(),
            container: container::name(summary),
            state: summary.state.as_ref().map(ToString::to_string).unwrap_or_default(),
            health: summary.status.clone().unwrap_or_default(),
            ports,
        }
    }
}

/// The containers of a project, by service.
pub(crate) async fn of(project: &Name, engine: &Engine) -> Result<Vec<Service>, Failure> {
    let mut services: Vec<Service> = there(project, engine).await?.iter().map(Service::of).collect();
    services.sort_by(|one, other| (&one.name, &one.container).cmp(&(&other.name, &other.container)));
    Ok(services)
}

/// The containers of one service, or of all.
pub(crate) async fn containers(
    project: &Name,
    service: Option<&str>,
    engine: &Engine,
) -> Result<Vec<Container>, Failure> {
    let mut there = there(project, engine).await?;
    there.retain(|summary| service.is_none_or(|service| label(summary, SERVICE_LABEL) == service));
    if there.is_empty() {
        let what = service.map_or_else(|| "no container".to_owned(), |service| format!("no service `{service}`"));
        let failure = Failure::new(Code::NotFound, format!("the project `{}` has {what}", project.as_str()));
        return Err(failure.hint("look with `compose_ps`, and bring it up with `compose_up`"));
    }
    Ok(there.iter().map(Container::of).collect())
}

/// The names of all projects, with how many of their containers run, and how many there are.
pub(crate) async fn projects(engine: &Engine) -> Result<BTreeMap<String, (usize, usize)>, Failure> {
    let mut projects = BTreeMap::new();
    for summary in container::all(engine).await? {
        let name = label(&summary, PROJECT_LABEL);
        if !name.is_empty() {
            let counted: &mut (usize, usize) = projects.entry(name.to_owned()).or_default();
            counted.0 += usize::from(summary.state.is_some_and(|state| state.to_string() == "running"));
            counted.1 += 1;
        }
    }
    Ok(projects)
}

async fn there(project: &Name, engine: &Engine) -> Result<Vec<ContainerSummary>, Failure> {
    let mut all = container::all(engine).await?;
    all.retain(|summary| label(summary, PROJECT_LABEL) == project.as_str());
    Ok(all)
}

fn label<'a>(summary: &'a ContainerSummary, name: &str) -> &'a str {
    summary.labels.as_ref().and_then(|labels| labels.get(name)).map_or("", String::as_str)
}
