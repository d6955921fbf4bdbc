//! `inspect_container`: all that decides how a container behaves, and why it ended. Values of its environment are not told.

use std::collections::BTreeMap;

use bollard::models::{ContainerInspectResponse, ContainerState, HostConfig};
use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Roots};

use super::one_container::Input;
use crate::{
    container::{Container, short},
    engine::{Engine, Kind},
    privilege, shown, state,
};

/// Processors are counted in billionths.
const NANO: f64 = 1e9;

/// Looks at containers.
pub(crate) struct InspectContainer(pub(crate) Bench);

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The beginning of its id.
    id: String,
    /// Its name.
    name: String,
    /// What it was made of.
    image: String,
    /// When it was made, as RFC 3339 in UTC.
    created: String,
    /// How it is, and how it ended the last time.
    state: State,
    /// The program that it runs, with its arguments.
    command: Vec<String>,
    /// Who it runs as; empty is root.
    user: String,
    /// Where it runs.
    workdir: String,
    /// Its environment: names only, values are not told.
    env: BTreeMap<String, String>,
    /// Its labels.
    labels: BTreeMap<String, String>,
    /// What of the machine leads to it: `127.0.0.1:8080->80/tcp`.
    ports: Vec<String>,
    /// What it sees of volumes and folders.
    mounts: Vec<Mount>,
    /// The networks it belongs to.
    networks: Vec<Network>,
    /// When the engine starts it again by itself.
    restart_policy: String,
    /// What it may use; absent is all there is.
    limits: Limits,
    /// What gives it the machine itself; empty is as it should be.
    privileges: Vec<String>,
    /// Which engine it belongs to.
    engine: Kind,
}

#[derive(Serialize, JsonSchema)]
struct State {
    /// `running`, `exited`, `paused` and so on.
    status: String,
    /// Whether its main process runs.
    running: bool,
    /// How its main process ended the last time.
    exit_code: i64,
    /// Whether it was killed because there was no memory left.
    oom_killed: bool,
    /// What the engine says of its last start, if that failed.
    error: String,
    /// When it was started, as RFC 3339 in UTC.
    started_at: String,
    /// When it ended, as RFC 3339 in UTC.
    finished_at: String,
    /// How often the engine has started it again by itself.
    restarts: i64,
    /// What its health check says; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<String>,
    /// What its health check wrote the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_health_check: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Mount {
    /// `volume`, `bind` or `tmpfs`.
    kind: String,
    /// The volume, or the folder of the machine.
    source: String,
    /// Where it is in the container.
    target: String,
    /// Whether the container cannot change it.
    read_only: bool,
}

#[derive(Serialize, JsonSchema)]
struct Network {
    /// Its name.
    name: String,
    /// The address of the container in it.
    ip: String,
}

#[derive(Serialize, JsonSchema)]
struct Limits {
    /// Bytes of memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<i64>,
    /// Processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpus: Option<f64>,
    /// Processes and threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pids: Option<i64>,
}

impl Tool for InspectContainer {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "inspect_container";
    const ABOUT: &'static str = "Tells all that decides how a container behaves: state, exit code, health, command, mounts, networks, \
        limits. Of its environment it tells the names only.";
    const MARKS: Marks = Marks::reads().idempotent().connects();
    const EXAMPLES: &'static [&'static str] = &[r#"{"container": "web"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        let inspected = container.inspect(&engine).await?;
        Ok(Output::of(container, inspected, engine.kind, &self.0.roots))
    }
}

impl Output {
    fn of(container: Container, inspected: ContainerInspectResponse, engine: Kind, roots: &Roots) -> Self {
        let ports = ports(&inspected);
        let networks = networks(&inspected);
        let config = inspected.config.unwrap_or_default();
        let host = inspected.host_config.unwrap_or_default();
        let words = inspected.path.into_iter().chain(inspected.args.unwrap_or_default());
        Self {
            id: short(&container.id).to_owned(),
            name: container.name,
            image: config.image.or(inspected.image).unwrap_or_default(),
            created: inspected.created.unwrap_or_default(),
            state: State::of(inspected.state.unwrap_or_default(), inspected.restart_count),
            command: words.map(|word| shown::short(&word)).collect(),
            user: config.user.unwrap_or_default(),
            workdir: config.working_dir.unwrap_or_default(),
            env: config.env.iter().flatten().map(|variable| shown::variable(variable)).collect(),
            labels: config.labels.unwrap_or_default().into_iter().collect(),
            ports,
            mounts: inspected.mounts.unwrap_or_default().into_iter().map(Mount::of).collect(),
            networks,
            restart_policy: restart_policy(&host),
            limits: Limits::of(&host),
            privileges: privilege::of(&host, roots).iter().map(ToString::to_string).collect(),
            engine,
        }
    }
}

impl State {
    fn of(state: ContainerState, restarts: Option<i64>) -> Self {
        let health = state::health(&state).map(|health| health.to_string());
        let last_health_check = state::last_check(&state);
        Self {
            status: state.status.map(|status| status.to_string()).unwrap_or_default(),
            running: state.running.unwrap_or_default(),
            exit_code: state.exit_code.unwrap_or_default(),
            oom_killed: state.oom_killed.unwrap_or_default(),
            error: shown::short(&state.error.unwrap_or_default()),
            started_at: state.started_at.unwrap_or_default(),
            finished_at: state.finished_at.unwrap_or_default(),
            restarts: restarts.unwrap_or_default(),
            health,
            last_health_check,
        }
    }
}

impl Mount {
    fn of(mount: bollard::models::MountPoint) -> Self {
        let named = mount.name.filter(|name| !name.is_empty());
        Self {
            kind: mount.typ.unwrap_or_default(),
            source: named.or(mount.source).unwrap_or_default(),
            target: mount.destination.unwrap_or_default(),
            read_only: mount.rw == Some(false),
        }
    }
}

impl Limits {
    fn of(host: &HostConfig) -> Self {
        let set = |limit: Option<i64>| limit.filter(|limit| *limit > 0);
        Self {
            memory_bytes: set(host.memory),
            cpus: set(host.nano_cpus).map(|nano| nano as f64 / NANO),
            pids: set(host.pids_limit),
        }
    }
}

fn ports(inspected: &ContainerInspectResponse) -> Vec<String> {
    let all = inspected.network_settings.as_ref().and_then(|settings| settings.ports.as_ref());
    let lines = |(inner, outer): (&String, &Option<Vec<bollard::models::PortBinding>>)| {
        let outer = outer.iter().flatten().map(|binding| {
            let ip = binding.host_ip.as_deref().filter(|ip| !ip.is_empty()).unwrap_or("0.0.0.0");
            format!("{ip}:{}->{inner}", binding.host_port.as_deref().unwrap_or_default())
        });
        let outer: Vec<String> = outer.collect();
        if outer.is_empty() { vec![inner.clone()] } else { outer }
    };
    let mut ports: Vec<String> = all.into_iter().flatten().flat_map(lines).collect();
    ports.sort();
    ports
}

fn networks(inspected: &ContainerInspectResponse) -> Vec<Network> {
    let all = inspected.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let mut networks: Vec<Network> = all
        .into_iter()
        .flatten()
        .map(|(name, settings)| Network { name: name.clone(), ip: settings.ip_address.clone().unwrap_or_default() })
        .collect();
    networks.sort_by(|one, other| one.name.cmp(&other.name));
    networks
}

fn restart_policy(host: &HostConfig) -> String {
    let name = host.restart_policy.as_ref().and_then(|policy| policy.name.as_ref()).map(ToString::to_string);
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "no".to_owned())
}
