//! Where is looked: the folders of this user, sockets, addresses and the size of the machine. It names places only, so
//! that tests can name others.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use adoption::Places;
use config::env;

use super::models::{self, ModelServer};
use crate::{Error, clients, programs};

/// The port where Ollama listens.
const OLLAMA_PORT: u16 = 11434;

/// The port where Home Assistant listens.
const HOME_ASSISTANT_PORT: u16 = 8123;

/// What this process could look at.
pub(crate) struct Surroundings {
    /// The folders of this user, and the one it works in.
    pub(crate) places: Places,
    /// Where a node of this user is reached, so that entries that lead back to it are known.
    pub(crate) addresses: Vec<String>,
    /// Sockets at which container engines may listen.
    pub(crate) sockets: Vec<PathBuf>,
    /// Addresses at which model servers may listen.
    pub(crate) models: Vec<ModelServer>,
    /// The address at which Home Assistant may listen.
    pub(crate) home_assistant: SocketAddr,
    /// Where the program of a command is.
    pub(crate) program: fn(&str) -> Option<PathBuf>,
    /// The memory of the machine; none where it cannot be told.
    pub(crate) memory_bytes: Option<u64>,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process() -> Result<Self, Error> {
        let places = clients::places()?;
        let variable = |variable: env::Variable| std::env::var(variable.name).ok().filter(|text| !text.is_empty());
        let sockets = sockets(&places, variable(env::DOCKER_HOST).as_deref(), variable(env::XDG_RUNTIME_DIR));
        let ollama = variable(env::OLLAMA_HOST).map_or(Some(loopback(OLLAMA_PORT)), |text| ollama(&text));
        let defaults = config::Config::default().gateway.listen;
        Ok(Self {
            places,
            addresses: defaults.iter().map(|address| format!("http://{address}")).collect(),
            sockets,
            models: models::servers(ollama),
            home_assistant: loopback(HOME_ASSISTANT_PORT),
            program: programs::find,
            memory_bytes: Some(memory_bytes()),
        })
    }
}

/// The sockets of Docker and Podman, of this user first.
fn sockets(places: &Places, docker_host: Option<&str>, runtime: Option<String>) -> Vec<PathBuf> {
    let named = docker_host.and_then(|host| host.strip_prefix("unix://")).map(PathBuf::from);
    let of_user = runtime.map(PathBuf::from).filter(|folder| folder.is_absolute());
    let of_user = of_user.iter().flat_map(|folder| [folder.join("docker.sock"), folder.join("podman/podman.sock")]);
    let at_home = [".docker/run/docker.sock", ".docker/desktop/docker.sock"].map(|path| places.home.join(path));
    let of_machine = ["/var/run/docker.sock", "/run/podman/podman.sock"].map(PathBuf::from);
    named.into_iter().chain(of_user).chain(at_home).chain(of_machine).collect()
}

/// The address that Ollama's own variable names, where it is on this machine.
fn ollama(text: &str) -> Option<SocketAddr> {
    let text = text.trim().trim_start_matches("http://");
    let text = text.split('/').next().unwrap_or_default();
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (text, OLLAMA_PORT),
    };
    let host = host.trim_matches(['[', ']']);
    if ["", "localhost"].contains(&host) {
        return Some(loopback(port));
    }
    let address: IpAddr = host.parse().ok()?;
    // it may be told to listen everywhere, and is then here as well
    if address.is_unspecified() {
        return Some(loopback(port));
    }
    address.is_loopback().then_some(SocketAddr::new(address, port))
}

/// A port of this machine.
pub(super) fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn memory_bytes() -> u64 {
    let facts = rustix::system::sysinfo();
    facts.totalram.saturating_mul(facts.mem_unit.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ollama_is_looked_for_on_this_machine_only() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(ollama(text).map(|address| address.to_string()).as_deref(), expected, "{text}");
        };
        check("127.0.0.1:1", Some("127.0.0.1:1"));
        check("http://localhost:8080/", Some("127.0.0.1:8080"));
        check("0.0.0.0", Some("127.0.0.1:11434"));
        check(":9000", Some("127.0.0.1:9000"));
        check("[::1]:5", Some("[::1]:5"));
        check("[::1]", Some("[::1]:11434"));
        check("10.0.0.7:11434", None);
        check("ollama.example.org", None);
        check("127.0.0.1:many", None);
    }

    #[test]
    fn sockets_of_the_user_come_before_those_of_the_machine() {
        let places = Places { home: "/h".into(), config: "/h/.config".into(), project: "/p".into() };
        let check = |host, runtime: Option<&str>, expected: &[&str]| {
            let found = sockets(&places, host, runtime.map(str::to_owned));
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(&found[..expected.len()], expected, "{host:?} {runtime:?}");
        };
        check(Some("unix:///d.sock"), Some("/r"), &["/d.sock", "/r/docker.sock", "/r/podman/podman.sock"]);
        check(Some("tcp://10.0.0.1:2375"), None, &["/h/.docker/run/docker.sock"]);
        check(None, Some("relative"), &["/h/.docker/run/docker.sock"]);
    }
}
