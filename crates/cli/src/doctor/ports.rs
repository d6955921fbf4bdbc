//! The addresses: free, or taken by a node of ours.

use std::{io, net::TcpListener, path::Path};

use bytes::Bytes;
use config::Listen;
use egress::{Client, Options, Rules, Target};
use http_body_util::Full;

use super::{Finding, Patient, State};

const AREA: &str = "addresses";

pub(super) async fn look(patient: &Patient) -> Vec<Finding> {
    let mut findings = Vec::new();
    for listen in &patient.loaded.config.gateway.listen {
        findings.push(match listen {
            Listen::Tcp(address) => match TcpListener::bind(address) {
                Ok(_) => Finding::new(AREA, State::Good, format!("{address} is free")),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    taken(&address.to_string(), &format!("http://{address}/healthz"), address.port()).await
                }
                Err(error) => Finding::new(AREA, State::Bad, format!("cannot listen on {address}: {error}"))
                    .hint("name another address in `gateway.listen`"),
            },
            Listen::Unix(path) => socket(path),
        });
    }
    findings
}

async fn taken(address: &str, health: &str, port: u16) -> Finding {
    if answers(health).await {
        return Finding::new(AREA, State::Good, format!("a node runs at {address}"));
    }
    Finding::new(AREA, State::Bad, format!("{address} is taken by another program"))
        .hint(format!("`ss -ltnp 'sport = :{port}'` says by which; or name another address in `gateway.listen`"))
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
