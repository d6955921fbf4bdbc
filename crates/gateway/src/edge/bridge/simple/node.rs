//! `GET /health` and `GET /stats`: what this node is, how long it has been running, and what it has done.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    catalogue::Endpoint,
    edge::bridge::{status, unavailable, visit::Visit},
};

/// What it is, and which tools it has.
pub(super) async fn health(visit: &Visit<'_>) -> Value {
    let gateway = visit.gateway;
    let mut tools: BTreeMap<&str, usize> = BTreeMap::new();
    let view = visit.seen().view(&Endpoint::All).await;
    for tool in view.iter().flat_map(|view| view.toolbox().tools()) {
        *tools.entry(&tool.server).or_default() += 1;
    }
    let mut health = json!({
        "status": "ok",
        "service": gateway.settings.name,
        "version": env!("CARGO_PKG_VERSION"),
        "environment": gateway.bridge.profile.get(),
        "uptime_s": gateway.bridge.started.elapsed().as_secs(),
        "tools": { "total": tools.values().sum::<usize>(), "by_server": tools },
    });
    if let Some(unavailable) = view.as_ref().and_then(|view| unavailable::listed(view.missing.as_bytes())) {
        health["unavailable"] = unavailable;
    }
    health
}

/// What it has done, and what it holds.
pub(super) fn stats(visit: &Visit<'_>) -> Value {
    let gateway = visit.gateway;
    let members = || visit.seen().members(&Endpoint::All);
    let servers: Map<String, Value> =
        members().map(|upstream| (upstream.name.to_string(), status::server(visit, upstream))).collect();
    let total = |count: fn(&crate::upstream::Status) -> u64| -> u64 {
        members().map(|upstream| count(&upstream.status())).sum()
    };
    json!({
        "uptime_s": gateway.bridge.started.elapsed().as_secs(),
        "calls": total(|status| status.calls),
        "errors": total(|status| status.errors),
        "sessions": { "open": gateway.sessions.all().len(), "max": gateway.limits.sessions_max },
        "cache": status::cache(visit, &Endpoint::All),
        "servers": servers,
        "memory": memory(),
    })
}

/// The memory of this process, in bytes; nothing where the system does not tell.
fn memory() -> Value {
    const FIELDS: [(&str, &str); 2] = [("VmRSS:", "resident_bytes"), ("VmHWM:", "resident_bytes_max")];
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = |field: &str| -> Option<u64> {
        status.lines().find_map(|line| line.strip_prefix(field))?.trim().strip_suffix(" kB")?.parse().ok()
    };
    let told = FIELDS.iter().filter_map(|(field, name)| Some(((*name).to_owned(), (kilobytes(field)? * 1_024).into())));
    Value::Object(told.collect())
}
