//! `GET /mcp/status`: the bridge, its sessions, the queue, the breakers, the cache and the servers behind this endpoint at one
//! glance. What it counts is of the servers that the caller may see.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use traffic::{cache::Tally, queue::Place};

use super::visit::Visit;
use crate::{
    catalogue::Endpoint,
    edge::told::milliseconds,
    moment::rfc3339,
    pipeline::{breaker::Passes, queue::Load},
    upstream::Upstream,
};

/// What the caller may know.
pub(super) fn of(visit: &Visit<'_>) -> Value {
    let gateway = visit.gateway;
    let members = || visit.seen().members(&visit.endpoint);
    let servers: Map<String, Value> =
        members().map(|upstream| (upstream.name.to_string(), server(visit, upstream))).collect();
    let held_back: Vec<&str> = members()
        .filter(|upstream| upstream.breakers.report().state != Passes::Closed)
        .map(|upstream| &*upstream.name)
        .collect();
    json!({
        "bridge": { "enabled": true, "sessionless": gateway.bridge.settings.sessionless, "version": env!("CARGO_PKG_VERSION") },
        "sessions": { "open": gateway.sessions.all().len(), "max": gateway.limits.sessions_max },
        "queue": queue(visit),
        "breaker": { "held_back": held_back },
        "cache": cache(visit, &visit.endpoint),
        "servers": servers,
    })
}

/// Where a call would stand that came now, at the busiest of the servers.
pub(super) fn next_place(visit: &Visit<'_>) -> Place {
    let nowhere = Place { ahead: 0, wait: Some(Duration::ZERO) };
    let places = loads(visit).map(|load| Place { ahead: load.waiting, wait: load.wait });
    places.max_by_key(|place| (place.ahead, place.wait)).unwrap_or(nowhere)
}

fn loads(visit: &Visit<'_>) -> impl Iterator<Item = Load> {
    let queues = &visit.gateway.traffic.queues;
    visit.seen().members(&visit.endpoint).map(|upstream| queues.load_of(&upstream.name))
}

/// How many calls run and wait at these servers.
fn queue(visit: &Visit<'_>) -> Value {
    let sum = |count: fn(Load) -> u32| loads(visit).map(count).sum::<u32>();
    json!({ "running": sum(|load| load.running), "waiting": sum(|load| load.waiting) })
}

/// How much the cache helps at the servers of an endpoint, and how full it is with their answers.
pub(super) fn cache(visit: &Visit<'_>, endpoint: &Endpoint) -> Value {
    let mut report = visit.gateway.traffic.cache.report(Instant::now());
    report.tools.retain(|tool| visit.seen().members(endpoint).any(|upstream| upstream.name == tool.server));
    let total = report.tools.iter().fold(Tally::default(), |total, tool| total.and(tool.tally));
    let (answers, bytes) = report
        .tools
        .iter()
        .map(|tool| tool.holding)
        .fold((0, 0), |(answers, bytes), holding| (answers + holding.answers, bytes + holding.bytes));
    json!({
        "answers": answers, "memory_bytes": bytes, "memory_bytes_max": report.memory_bytes_max,
        "hits": total.hits, "stale": total.stale, "misses": total.misses,
    })
}

/// How one server is.
pub(super) fn server(visit: &Visit<'_>, upstream: &Upstream) -> Value {
    let status = upstream.status();
    let load = visit.gateway.traffic.queues.load_of(&upstream.name);
    let mut said = json!({
        "state": status.state.to_string(),
        "reason": status.state.reason(),
        "since": rfc3339(status.since),
        "calls": status.calls,
        "errors": status.errors,
        "calls_running": upstream.calls_running(),
        "queue": {
            "running": load.running, "waiting": load.waiting, "concurrency": load.room,
            "estimated_wait_ms": load.wait.map(milliseconds),
        },
        "breaker": status.breaker.state.to_string(),
    });
    if let Some(pool) = upstream.pool_status() {
        said["pool"] = json!({
            "processes": pool.standing, "busy": pool.busy, "started": pool.started, "ended": pool.ended,
            "min": pool.bounds.min, "target": pool.bounds.target, "max": pool.bounds.max,
        });
    }
    said
}
