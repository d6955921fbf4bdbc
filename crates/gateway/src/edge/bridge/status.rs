//! `GET /mcp/status`: the bridge, its sessions, the cache and the servers behind this endpoint at one glance.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::visit::Visit;
use crate::{gateway::Gateway, moment::rfc3339, upstream::Upstream};

/// What the caller may know.
pub(super) fn of(visit: &Visit<'_>) -> Value {
    let gateway = visit.gateway;
    let servers: Map<String, Value> =
        visit.seen().members(&visit.endpoint).map(|upstream| (upstream.name.to_string(), server(upstream))).collect();
    json!({
        "bridge": { "enabled": true, "sessionless": gateway.bridge.settings.sessionless, "version": env!("CARGO_PKG_VERSION") },
        "sessions": { "open": gateway.sessions.all().len(), "max": gateway.limits.sessions_max },
        "cache": cache(gateway),
        "servers": servers,
    })
}

/// How much the cache helps, and how full it is.
pub(super) fn cache(gateway: &Gateway) -> Value {
    let report = gateway.traffic.cache.report(Instant::now());
    json!({
        "answers": report.answers, "memory_bytes": report.memory_bytes, "memory_bytes_max": report.memory_bytes_max,
        "hits": report.total.hits, "stale": report.total.stale, "misses": report.total.misses,
    })
}

/// How one server is.
pub(super) fn server(upstream: &Upstream) -> Value {
    let status = upstream.status();
    json!({
        "state": status.state.to_string(),
        "reason": status.state.reason(),
        "since": rfc3339(status.since),
        "calls": status.calls,
        "errors": status.errors,
        "calls_running": upstream.calls_running(),
    })
}
