//! What a new container is to be like, as callers write it, and as an engine reads it.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{ContainerCreateBody, HostConfig, PortBinding, PortMap, RestartPolicy, RestartPolicyNameEnum};
use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::Failure;
use workbench::Roots;

use crate::{name::Name, shown};

/// Where ports of containers are opened if nobody says: only programs of this machine reach them.
const LOOPBACK: &str = "127.0.0.1";
/// Processors are counted in billionths.
const NANO: f64 = 1e9;
/// Processors that a container may be limited to.
const CPUS_MAX: f64 = 4_096.0;

/// When the engine starts a container again by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Restart {
    /// Never.
    #[default]
    No,
    /// Always.
    Always,
    /// When it has failed.
    OnFailure,
    /// Always, until somebody stops it.
    UnlessStopped,
}

/// What a container may use.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// Bytes of memory.
    #[schemars(range(min = 6_291_456))]
    memory_bytes: Option<i64>,
    /// Processors: `0.5` is half of one.
    cpus: Option<f64>,
    /// Processes and threads.
    pids: Option<i64>,
}

/// What a container is to be like.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Wish {
    /// The image: `nginx:1.27`.
    pub(crate) image: String,
    /// Its name. Default one that the engine makes up.
    pub(crate) name: Option<String>,
    /// The program and its arguments, instead of those of the image; no shell reads them.
    #[serde(default)]
    command: Vec<String>,
    /// Its environment: values by name.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Ports that lead to it: `8080:80`, `0.0.0.0:8080:80`, `5353:53/udp`. Without an address only this machine reaches them.
    #[serde(default)]
    ports: Vec<String>,
    /// What it sees: `volume:/data`, or a folder beneath an allowed one `/home/me/projects/app:/app:ro`.
    #[serde(default)]
    volumes: Vec<String>,
    /// What it may use. Default all there is.
    #[serde(default)]
    limits: Limits,
    /// The network it belongs to. Default that of the engine.
    network: Option<String>,
    /// When the engine starts it again by itself.
    #[serde(default)]
    restart: Restart,
    /// Remove it when it ends.
    #[serde(default)]
    rm: bool,
}

impl Wish {
    /// Whether it is removed as soon as it ends.
    pub(crate) fn is_fleeting(&self) -> bool {
        self.rm
    }

    /// As an engine reads it.
    pub(crate) fn body(&self, roots: &Roots) -> Result<ContainerCreateBody, Failure> {
        let ports: Vec<Port> = self.ports.iter().map(|text| Port::parse(text)).collect::<Result<_, _>>()?;
        let env: Vec<String> = self.env.iter().map(written).collect::<Result<_, _>>()?;
        let host = HostConfig {
            binds: Some(self.volumes.iter().map(|text| bind(text, roots)).collect::<Result<_, _>>()?),
            port_bindings: Some(bindings(&ports)),
            network_mode: self.network.as_deref().map(network).transpose()?,
            restart_policy: Some(RestartPolicy { name: Some(self.restart.policy()), maximum_retry_count: None }),
            auto_remove: Some(self.rm),
            memory: positive("limits", self.limits.memory_bytes)?,
            nano_cpus: self.limits.nano_cpus()?,
            pids_limit: positive("limits", self.limits.pids)?,
            ..HostConfig::default()
        };
        if self.rm && self.restart != Restart::No {
            return Err(Failure::invalid("restart", "one that is removed when it ends cannot be started again"));
        }
        Ok(ContainerCreateBody {
            image: Some(self.image.clone()),
            cmd: Some(self.command.clone()).filter(|command| !command.is_empty()),
            env: Some(env),
            exposed_ports: Some(ports.iter().map(|port| port.inner.clone()).collect()),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        })
    }
}

impl Restart {
    fn policy(self) -> RestartPolicyNameEnum {
        match self {
            Self::No => RestartPolicyNameEnum::NO,
            Self::Always => RestartPolicyNameEnum::ALWAYS,
            Self::OnFailure => RestartPolicyNameEnum::ON_FAILURE,
            Self::UnlessStopped => RestartPolicyNameEnum::UNLESS_STOPPED,
        }
    }
}

impl Limits {
    fn nano_cpus(&self) -> Result<Option<i64>, Failure> {
        match self.cpus {
            Some(cpus) if !(cpus > 0.0 && cpus <= CPUS_MAX) => {
                Err(Failure::invalid("limits", format!("`limits.cpus` must be more than 0 and at most {CPUS_MAX}")))
            }
            cpus => Ok(cpus.map(|cpus| (cpus * NANO) as i64)),
        }
    }
}

fn positive(field: &str, number: Option<i64>) -> Result<Option<i64>, Failure> {
    match number {
        Some(number) if number <= 0 => {
            Err(Failure::invalid(field, format!("`{field}` has a number that is not positive")))
        }
        number => Ok(number),
    }
}

fn written((name, value): (&String, &String)) -> Result<String, Failure> {
    if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
        return Err(Failure::invalid("env", format!("`{}` cannot name a variable", shown::short(name))));
    }
    Ok(format!("{name}={value}"))
}

/// A network by its name; the namespaces of the machine and of other containers have names too.
fn network(text: &str) -> Result<String, Failure> {
    let name = text.strip_prefix("container:").unwrap_or(text);
    Name::parse("network", name).map(|_| text.to_owned())
}

/// A port of a container and what leads to it.
#[derive(Debug, PartialEq, Eq)]
struct Port {
    ip: String,
    outer: String,
    inner: String,
}

impl Port {
    fn parse(text: &str) -> Result<Self, Failure> {
        Self::read(text).ok_or_else(|| {
            let failure = Failure::invalid("ports", format!("`{}` is no port", shown::short(text)));
            failure.hint("write `8080:80`, `127.0.0.1:8080:80` or `5353:53/udp`")
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (numbers, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let (outside, inner) = numbers.rsplit_once(':').unwrap_or(("0", numbers));
        let (ip, outer) = outside.rsplit_once(':').unwrap_or((LOOPBACK, outside));
        let ip: std::net::IpAddr = ip.trim_matches(['[', ']']).parse().ok()?;
        let (outer, inner): (u16, u16) = (outer.parse().ok()?, inner.parse().ok()?);
        let fits = inner > 0 && ["tcp", "udp", "sctp"].contains(&protocol);
        fits.then(|| Self { ip: ip.to_string(), outer: outer.to_string(), inner: format!("{inner}/{protocol}") })
    }
}

fn bindings(ports: &[Port]) -> PortMap {
    let mut map: PortMap = HashMap::new();
    for port in ports {
        let binding = PortBinding { host_ip: Some(port.ip.clone()), host_port: Some(port.outer.clone()) };
        map.entry(port.inner.clone()).or_default().get_or_insert_default().push(binding);
    }
    map
}

/// A mount as engines write it, with the folder as the kernel calls it. Whether it is allowed is for `privilege` to say.
fn bind(text: &str, roots: &Roots) -> Result<String, Failure> {
    let refuse = || {
        let failure = Failure::invalid("volumes", format!("`{}` is no mount", shown::short(text)));
        failure.hint("write `volume:/data`, `/folder:/data` or `/folder:/data:ro`")
    };
    let mut parts = text.split(':');
    let (source, target, mode) = (parts.next().unwrap_or_default(), parts.next().ok_or_else(refuse)?, parts.next());
    if parts.next().is_some() || !target.starts_with('/') || !matches!(mode, None | Some("ro" | "rw")) {
        return Err(refuse());
    }
    let source = if source.starts_with(['/', '.', '~']) {
        match roots.place("volumes", source) {
            Ok(place) => place.display(),
            // an absolute path that the operator may have allowed
            Err(_) if source.starts_with('/') => source.to_owned(),
            Err(failure) => return Err(failure),
        }
    } else {
        Name::parse("volumes", source)?.as_str().to_owned()
    };
    Ok(format!("{source}:{target}:{}", mode.unwrap_or("rw")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use workbench::Denied;

    use super::*;

    #[test]
    fn ports_are_opened_where_they_were_asked_for() {
        let check = |text: &str, expected: Option<(&str, &str, &str)>| {
            let read = Port::read(text);
            let read = read.as_ref().map(|port| (port.ip.as_str(), port.outer.as_str(), port.inner.as_str()));
            assert_eq!(read, expected, "{text}");
        };
        check("8080:80", Some(("127.0.0.1", "8080", "80/tcp")));
        check("80", Some(("127.0.0.1", "0", "80/tcp")));
        check("0.0.0.0:8080:80", Some(("0.0.0.0", "8080", "80/tcp")));
        check("[::1]:8080:80/udp", Some(("::1", "8080", "80/udp")));
        for wrong in ["", ":", "80:", "8080:0", "99999:80", "host:8080:80", "8080:80/x", "8080:80;id", "8080-8090:80"] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_wish_is_written_as_engines_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let roots = Roots::open([folder.path()], Denied::system()).unwrap();
        let body = |wish: serde_json::Value| serde_json::from_value::<Wish>(wish).unwrap().body(&roots);
        let good = body(json!({"image": "app", "env": {"A": "b=c"}, "ports": ["8080:80"], "limits": {"cpus": 0.5},
            "volumes": ["data:/data:ro", "./src:/src"], "restart": "on-failure"}))
        .unwrap();
        let host = good.host_config.unwrap();
        assert_eq!(good.env, Some(vec!["A=b=c".to_owned()]));
        assert_eq!(host.nano_cpus, Some(500_000_000));
        let src = format!("{}/src:/src:rw", roots.paths().next().unwrap().display());
        assert_eq!(host.binds, Some(vec!["data:/data:ro".to_owned(), src]));
        for (wrong, field) in [
            (json!({"volumes": ["data"]}), "volumes"),
            (json!({"volumes": ["data:relative"]}), "volumes"),
            (json!({"volumes": ["data:/data:exec"]}), "volumes"),
            (json!({"volumes": ["a b:/data"]}), "volumes"),
            (json!({"volumes": ["../x:/data"]}), "volumes"),
            (json!({"env": {"A=B": ""}}), "env"),
            (json!({"network": "a b"}), "network"),
            (json!({"limits": {"cpus": -1.0}}), "limits"),
            (json!({"limits": {"pids": 0}}), "limits"),
            (json!({"rm": true, "restart": "always"}), "restart"),
        ] {
            let mut wish = wrong.clone();
            wish["image"] = json!("app");
            assert_eq!(body(wish).unwrap_err().field.as_deref(), Some(field), "{wrong}");
        }
    }
}
