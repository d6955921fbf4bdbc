//! The addresses: free, or taken by a node of ours.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::Path,
};

use bytes::Bytes;
use config::Listen;
use egress::{Client, Options, Rules, Target};
use http_body_util::Full;

use super::{Finding, Patient, State};
use crate::taken;

const AREA: &str = "addresses";

pub(super) async fn look(patient: &Patient) -> Vec<Finding> {
    let config = &patient.loaded.config;
    let mut findings = Vec::new();
    let mut node_runs = false;
    for listen in &config.gateway.listen {
        let runs = matches!(listen, Listen::Tcp(address) if answers(&format!("http://{address}/healthz")).await);
        findings.push(address("gateway.listen", listen, runs));
        node_runs |= runs;
    }
    // gRPC has no page to ask: a node that runs beside it is the one that took the address
    findings.extend(config.grpc.listen.as_ref().map(|listen| address("grpc.listen", listen, node_runs)));
    findings
}

/// How the address of the option `key` stands; `node_runs` says who has taken it.
fn address(key: &str, listen: &Listen, node_runs: bool) -> Finding {
    let address = match listen {
        Listen::Tcp(address) => address,
        Listen::Unix(path) => return socket(path),
    };
    match TcpListener::bind(address) {
        Ok(_) => Finding::new(AREA, State::Good, format!("{address} is free")),
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            Finding::new(AREA, State::Bad, format!("cannot listen on {address}: {error}"))
                .hint(format!("name another address in `{key}`"))
        }
        Err(_) if node_runs => Finding::new(AREA, State::Good, format!("a node runs at {address}")),
        Err(_) => Finding::new(AREA, State::Bad, format!("{address} is taken by {}", other(*address)))
            .hint(format!("name another address in `{key}`")),
    }
}

fn other(address: SocketAddr) -> String {
    taken::by_whom(address).unwrap_or_else(|| "a program of another user".to_owned())
}

async fn answers(url: &str) -> bool {
    let Ok(target) = Target::parse(url) else { return false };
    let client = Client::new(Options { connect_ms_max: 1_000, rules: Rules::CONFIGURED, ..Options::default() });
    let request = http::Request::new(Full::new(Bytes::new()));
    let asked = tokio::time::timeout(std::time::Duration::from_secs(2), client.send(request, &target)).await;
    asked.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status().is_success()))
}

fn socket(path: &Path) -> Finding {
    let shown = path.display();
    match path.parent().map(std::fs::metadata) {
        Some(Ok(facts)) if facts.is_dir() => Finding::new(AREA, State::Good, format!("the folder of {shown} is there")),
        _ => Finding::new(AREA, State::Bad, format!("the folder of the socket {shown} is not there"))
            .hint(format!("mkdir -p '{}'", path.parent().unwrap_or(Path::new(".")).display())),
    }
}
