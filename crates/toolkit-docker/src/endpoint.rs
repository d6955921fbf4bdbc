//! Where an engine answers: a unix socket, or a host over plain HTTP or TLS. It makes the client that speaks its API and
//! keeps nothing; whether somebody answers is found out by `engine`.

use std::{
    env, fmt, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use config::env::DOCKER_HOST;
use toolkit::Connection;

use crate::error::Error;

/// Where the sockets of engines usually are, the first that is there first.
const SOCKETS: [&str; 3] = ["/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock"];
/// Where users who have an engine of their own have its socket, beneath `/run/user/ID`.
const OWN_SOCKETS: [&str; 2] = ["docker.sock", "podman/podman.sock"];
/// What stands for the host in the URLs that the API client builds; `egress` knows the real one.
const HOST: &str = "http://engine";

/// Where an engine answers.
#[derive(Clone)]
pub(crate) struct Endpoint {
    target: egress::Target,
    client: egress::Client,
    connection: Connection,
}

impl Endpoint {
    /// Where this connection leads.
    pub(crate) fn of(connection: &Connection) -> Result<Self, Error> {
        let is_encrypted = connection.ca.is_some() || connection.certificate.is_some();
        let target = target(&connection.url, is_encrypted)?;
        let options = egress::Options {
            authorities_pem: pem(connection.ca.as_deref())?,
            identity_pem: pem(connection.certificate.as_deref())? + &pem(connection.key.as_deref())?,
            rules: egress::Rules::CONFIGURED,
            ..egress::Options::default()
        };
        Ok(Self { target, client: egress::Client::new(options), connection: connection.clone() })
    }

    /// A client of the API that gives a request this much time until its answer begins.
    pub(crate) fn docker(&self, time_max: Duration) -> Result<Docker, bollard::errors::Error> {
        let (client, target) = (self.client.clone(), self.target.clone());
        let send = move |request: BollardRequest| {
            let (client, target) = (client.clone(), target.clone());
            async move {
                let answer = client.send_alone(request, &target).await;
                answer.map_err(|error| bollard::errors::Error::from(io::Error::other(error)))
            }
        };
        Docker::connect_with_custom_transport(send, Some(HOST), time_max.as_secs().max(1), API_DEFAULT_VERSION)
    }

    /// The socket, if it is one of this machine.
    pub(crate) fn socket(&self) -> Option<&Path> {
        self.target.socket()
    }

    /// The connection that leads here.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.socket() {
            Some(socket) => write!(out, "unix://{}", socket.display()),
            None => write!(out, "{}", self.target),
        }
    }
}

/// The address of this machine's engine: what `DOCKER_HOST` says, or the first usual socket that is there.
pub(crate) fn usual() -> String {
    if let Some(host) = env::var(DOCKER_HOST.name).ok().filter(|host| !host.is_empty()) {
        return host;
    }
    let sockets = sockets();
    let there = sockets.iter().find(|socket| socket.exists()).or(sockets.first());
    there.map(|socket| format!("unix://{}", socket.display())).unwrap_or_default()
}

/// Where sockets of engines usually are, for the whole machine and for our own user.
pub(crate) fn sockets() -> Vec<PathBuf> {
    let own = PathBuf::from(format!("/run/user/{}", rustix::process::getuid().as_raw()));
    SOCKETS.iter().map(PathBuf::from).chain(OWN_SOCKETS.iter().map(|socket| own.join(socket))).collect()
}

/// The target of an address as Docker writes them. `tcp` is encrypted if there are certificates for it.
fn target(url: &str, is_encrypted: bool) -> Result<egress::Target, Error> {
    let unusable = |source| Error::Address { url: url.to_owned(), source };
    if let Some(socket) = url.strip_prefix("unix://").or_else(|| url.strip_prefix("unix:")) {
        return egress::Target::unix(socket, "/").map_err(unusable);
    }
    let text = match url.split_once("://") {
        Some(("tcp", host)) if is_encrypted => format!("https://{host}"),
        Some(("tcp", host)) => format!("http://{host}"),
        Some(("http" | "https", _)) => url.to_owned(),
        Some(("ssh", _)) => return Err(Error::Ssh { url: url.to_owned() }),
        _ => return Err(Error::Scheme { url: url.to_owned() }),
    };
    egress::Target::parse(&text).map_err(unusable)
}

fn pem(file: Option<&Path>) -> Result<String, Error> {
    let Some(file) = file else { return Ok(String::new()) };
    fs::read_to_string(file).map_err(|source| Error::Certificate { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_where_docker_would_go() {
        let check = |url: &str, is_encrypted, expected: &str| {
            assert_eq!(target(url, is_encrypted).unwrap().to_string(), expected, "{url}");
        };
        check("unix:///run/docker.sock", false, "unix:/run/docker.sock#/");
        check("unix:/run/docker.sock", false, "unix:/run/docker.sock#/");
        check("tcp://build.example.org:2375", false, "http://build.example.org:2375/");
        check("tcp://build.example.org:2376", true, "https://build.example.org:2376/");
        check("https://build.example.org:2376", false, "https://build.example.org:2376/");
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_is_one() {
        assert!(matches!(target("ssh://build", false), Err(Error::Ssh { .. })));
        for url in ["", "docker", "npipe:////./pipe/docker_engine", "/run/docker.sock"] {
            assert!(matches!(target(url, false), Err(Error::Scheme { .. })), "{url}");
        }
        for url in ["unix://docker.sock", "tcp://", "tcp://user:word@host:1"] {
            assert!(matches!(target(url, false), Err(Error::Address { .. })), "{url}");
        }
    }
}
