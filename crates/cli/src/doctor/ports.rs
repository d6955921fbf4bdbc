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
    let mut findings = Vec::new();
    for listen in &patient.loaded.config.gateway.listen {
        findings.push(match listen {
            Listen::Tcp(address) => match TcpListener::bind(address) {
                Ok(_) => Finding::new(AREA, State::Good, format!("{address} is free")),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken(*address).await,
                Err(error) => Finding::new(AREA, State::Bad, format!("cannot listen on {address}: {error}"))
                    .hint("name another address in `gateway.listen`"),
            },
            Listen::Unix(path) => socket(path),
        });
    }
    findings
}

async fn taken(address: SocketAddr) -> Finding {
    if answers(&format!("http://{address}/healthz")).await {
        return Finding::new(AREA, State::Good, format!("a node runs at {address}"));
    }
    let by = taken::by_whom(address).unwrap_or_else(|| "a program of another user".to_owned());
    Finding::new(AREA, State::Bad, format!("{address} is taken by {by}"))
        .hint("name another address in `gateway.listen`")
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
