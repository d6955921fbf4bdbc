//! `GET /mcp/status`: the bridge, its sessions and the servers behind this endpoint at one glance.

use serde_json::{Map, Value, json};

use super::visit::Visit;
use crate::{moment::rfc3339, upstream::Upstream};

/// What the caller may know.
pub(super) fn of(visit: &Visit<'_>) -> Value {
    let gateway = visit.gateway;
    let servers: Map<String, Value> = gateway
        .catalogue
        .members(&visit.endpoint)
        .map(|upstream| (upstream.name.to_string(), server(upstream)))
        .collect();
    json!({
        "bridge": { "enabled": true, "sessionless": gateway.bridge.settings.sessionless, "version": env!("CARGO_PKG_VERSION") },
        "sessions": { "open": gateway.sessions.all().len(), "max": gateway.limits.sessions_max },
        "servers": servers,
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
