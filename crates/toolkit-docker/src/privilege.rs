//! What gives a container the machine itself: whole privilege, the machine's network, processes or folders, the engine's
//! socket. Containers that have it are neither made nor entered, unless the operator allows it by name.

use std::{env, fmt, path::Path};

use bollard::models::HostConfig;
use config::env::DOCKER_ALLOW;
use toolkit::{Code, Failure};
use workbench::Roots;

/// What the socket of an engine is called.
const SOCKETS: [&str; 3] = ["docker.sock", "podman.sock", "containerd.sock"];
/// The namespaces of the machine.
const HOST: &str = "host";

/// A privilege by the name with which it is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Privilege {
    /// All of it: `privileged`, devices, capabilities, or a profile that is switched off.
    Privileged,
    /// The network of the machine.
    HostNetwork,
    /// The processes, the users or the shared memory of the machine.
    HostProcesses,
    /// Folders of the machine that are not beneath an allowed folder.
    HostFolders,
    /// The socket of an engine, which makes containers with every privilege.
    EngineSocket,
}

impl Privilege {
    const ALL: [Self; 5] =
        [Self::Privileged, Self::HostNetwork, Self::HostProcesses, Self::HostFolders, Self::EngineSocket];

    fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::HostNetwork => "host_network",
            Self::HostProcesses => "host_processes",
            Self::HostFolders => "host_folders",
            Self::EngineSocket => "engine_socket",
        }
    }
}

/// A privilege that a container has or is to have, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Which one.
    pub(crate) privilege: Privilege,
    /// By what.
    pub(crate) by: String,
}

impl fmt::Display for Held {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.by, self.privilege.name())
    }
}

/// A privilege by something.
pub(crate) fn held(privilege: Privilege, by: impl Into<String>) -> Held {
    Held { privilege, by: by.into() }
}

/// The privileges of a container with these settings.
pub(crate) fn of(host: &HostConfig, roots: &Roots) -> Vec<Held> {
    let mut all = Vec::new();
    if host.privileged == Some(true) {
        all.push(held(Privilege::Privileged, "it is privileged"));
    }
    for capability in host.cap_add.iter().flatten() {
        all.push(held(Privilege::Privileged, format!("the capability {capability}")));
    }
    for device in host.devices.iter().flatten().filter_map(|device| device.path_on_host.as_deref()) {
        all.push(held(Privilege::Privileged, format!("the device {device}")));
    }
    for option in host.security_opt.iter().flatten().filter(|option| loosens(option)) {
        all.push(held(Privilege::Privileged, option.as_str()));
    }
    let is_host = |mode: &Option<String>| mode.as_deref() == Some(HOST);
    if is_host(&host.network_mode) {
        all.push(held(Privilege::HostNetwork, "the network of the machine"));
    }
    for (mode, what) in [
        (&host.pid_mode, "processes"),
        (&host.ipc_mode, "shared memory"),
        (&host.userns_mode, "users"),
        (&host.uts_mode, "name"),
    ] {
        if is_host(mode) {
            all.push(held(Privilege::HostProcesses, format!("the {what} of the machine")));
        }
    }
    for bind in host.binds.iter().flatten() {
        all.extend(folder(bind.split(':').next().unwrap_or_default(), roots));
    }
    for mount in host.mounts.iter().flatten().filter(|mount| is_bind(mount)) {
        all.extend(folder(mount.source.as_deref().unwrap_or_default(), roots));
    }
    all
}

/// Whether an option takes a protection away.
pub(crate) fn loosens(option: &str) -> bool {
    option.ends_with("unconfined") || option.ends_with("=disable") || option.ends_with(":disable")
}

/// The privilege of a container that sees this folder of the machine; a name without `/` is a volume.
pub(crate) fn folder(source: &str, roots: &Roots) -> Option<Held> {
    if !source.starts_with('/') {
        return None;
    }
    if SOCKETS.iter().any(|socket| source.ends_with(socket)) {
        return Some(held(Privilege::EngineSocket, format!("the socket {source}")));
    }
    // what is not there yet is made by the engine; what is there must not be a way out
    let is_allowed = roots.place("volumes", source).and_then(|place| place.stat());
    let is_allowed = is_allowed.map_or_else(|failure| failure.code == Code::NotFound, |_| true);
    (!is_allowed).then(|| held(Privilege::HostFolders, format!("the folder {}", Path::new(source).display())))
}

fn is_bind(mount: &bollard::models::Mount) -> bool {
    mount.typ.as_ref().is_some_and(|kind| kind.to_string() == "bind")
}

/// Refuses what the operator has not allowed.
pub(crate) fn check(privileges: &[Held], act: &str) -> Result<(), Failure> {
    check_with(privileges, act, &env::var(DOCKER_ALLOW.name).unwrap_or_default())
}

fn check_with(privileges: &[Held], act: &str, allowed: &str) -> Result<(), Failure> {
    let is_allowed = |privilege: Privilege| allowed.split(',').any(|name| name.trim() == privilege.name());
    let refused: Vec<&Held> = privileges.iter().filter(|held| !is_allowed(held.privilege)).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let what = refused.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let names: Vec<&str> = Privilege::ALL
        .into_iter()
        .filter(|one| refused.iter().any(|held| held.privilege == *one))
        .map(Privilege::name)
        .collect();
    let failure = Failure::new(Code::Forbidden, format!("cannot {act}: it would have the machine itself by {what}"));
    let list = names.join(",");
    Err(failure
        .hint(format!("the operator can allow it: `env.{} = \"{list}\"` in the server's section", DOCKER_ALLOW.name)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use workbench::Denied;

    use super::*;

    fn roots() -> (tempfile::TempDir, Roots) {
        let folder = tempfile::tempdir().unwrap();
        let roots = Roots::open([folder.path()], Denied::system()).unwrap();
        (folder, roots)
    }

    #[test]
    fn every_way_to_the_machine_is_seen() {
        let (folder, roots) = roots();
        std::os::unix::fs::symlink("/etc", folder.path().join("link")).unwrap();
        let check = |host: serde_json::Value, expected: Option<Privilege>| {
            let host: HostConfig = serde_json::from_value(host).unwrap();
            let all = of(&host, &roots);
            assert_eq!(all.first().map(|held| held.privilege), expected, "{host:?}");
        };
        check(json!({}), None);
        check(json!({"Privileged": true}), Some(Privilege::Privileged));
        check(json!({"CapAdd": ["SYS_ADMIN"]}), Some(Privilege::Privileged));
        check(json!({"Devices": [{"PathOnHost": "/dev/sda"}]}), Some(Privilege::Privileged));
        check(json!({"SecurityOpt": ["seccomp=unconfined"]}), Some(Privilege::Privileged));
        check(json!({"SecurityOpt": ["label=disable"]}), Some(Privilege::Privileged));
        check(json!({"SecurityOpt": ["no-new-privileges"]}), None);
        check(json!({"NetworkMode": "host"}), Some(Privilege::HostNetwork));
        check(json!({"NetworkMode": "bridge"}), None);
        check(json!({"PidMode": "host"}), Some(Privilege::HostProcesses));
        check(json!({"IpcMode": "host"}), Some(Privilege::HostProcesses));
        check(json!({"UsernsMode": "host"}), Some(Privilege::HostProcesses));
        check(json!({"Binds": ["/:/machine"]}), Some(Privilege::HostFolders));
        check(json!({"Binds": ["/var/run/docker.sock:/var/run/docker.sock"]}), Some(Privilege::EngineSocket));
        check(json!({"Binds": ["data:/data"]}), None);
        let at = |name: &str| format!("{}/{name}:/data", folder.path().display());
        check(json!({"Binds": [at("new")]}), None);
        check(json!({"Binds": [at("link")]}), Some(Privilege::HostFolders));
        check(json!({"Binds": [at("../..")]}), Some(Privilege::HostFolders));
        check(json!({"Mounts": [{"Type": "bind", "Source": "/etc"}]}), Some(Privilege::HostFolders));
        check(json!({"Mounts": [{"Type": "volume", "Source": "/etc"}]}), None);
    }

    #[test]
    fn the_operator_allows_privileges_one_by_one() {
        let both = [held(Privilege::HostNetwork, "a"), held(Privilege::Privileged, "b")];
        assert!(check_with(&both, "run it", "host_network, privileged").is_ok());
        assert!(check_with(&[], "run it", "").is_ok());
        let failure = check_with(&both, "run it", "host_network").unwrap_err();
        assert_eq!(failure.code, Code::Forbidden);
        assert!(failure.hint.contains("\"privileged\""), "{}", failure.hint);
    }
}
