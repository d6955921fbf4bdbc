//! `/servers`: how each server is, and the acts on one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use client::{Breaker, Check, Copies, Detour, InstanceReport, LogLine, Processes, Server, ServerReport, State, Step};
use config::nearest;
use gateway::catalogue::Member;
use gateway::catalogue::listing::{self, ListKind};
use gateway::current::NoServer;
use gateway::pipeline::breaker::{Passes, Report};
use gateway::pipeline::detours;
use gateway::upstream::{Upstream, instances::InstanceStatus, processes::PoolStatus};
use gateway::{Current, Gateway, moment};
use http::StatusCode;
use supervisor::backoff;
use traffic::pool::Bounds;

use crate::Api;
use crate::reply::{Outcome, json, problem};

/// `GET /servers`
pub(crate) fn list(api: &Api) -> Outcome {
    json(&all(api).into_iter().map(|report| report.server).collect::<Vec<_>>())
}

/// `GET /servers/{name}`
pub(crate) fn get(api: &Api, name: &str) -> Outcome {
    match all(api).into_iter().find(|report| report.server.name == name) {
        Some(report) => json(&report),
        None => Err(unknown(api, name)),
    }
}

/// `POST /servers/{name}/start|stop|restart`: the answer is how the server is then.
pub(crate) fn act(api: &Api, name: &str, act: impl FnOnce(&Current) -> Result<(), NoServer>) -> Outcome {
    act(api.configuration.current()).map_err(|_| unknown(api, name))?;
    match all(api).into_iter().find(|report| report.server.name == name) {
        Some(report) => json(&report.server),
        None => Err(unknown(api, name)),
    }
}

/// `POST /servers/{name}/breaker/reset`: the answer is how the server is then.
pub(crate) fn reset_breaker(api: &Api, name: &str) -> Outcome {
    running(api, name)?.reset_breaker();
    match all(api).into_iter().find(|report| report.server.name == name) {
        Some(report) => json(&report.server),
        None => Err(unknown(api, name)),
    }
}

/// `POST /servers/{name}/test`: the steps end with the first that fails.
pub(crate) async fn test(api: &Api, name: &str) -> Outcome {
    let upstream = running(api, name)?;
    let gateway = api.configuration.current().now();
    let caller = gateway.own_caller();
    let mut steps = Vec::new();
    let reached = step("start and handshake", async {
        let peer = upstream.introduce(&caller).await.map_err(|failure| failure.to_string())?;
        Ok(format!("{:?} {}", peer.era, peer.version).to_lowercase())
    });
    steps.push(reached.await);
    if steps.iter().all(|step| step.error.is_none()) {
        let listed = step("list of tools", async {
            let listing = listing::fetch(&upstream, &caller, ListKind::Tools, &gateway.limits).await;
            Ok(format!("{} tools", listing.map_err(|failure| failure.to_string())?.items.len()))
        });
        steps.push(listed.await);
    }
    json(&Check { steps })
}

/// A server that takes part now.
pub(crate) fn running(api: &Api, name: &str) -> Result<Arc<Upstream>, client::Problem> {
    let gateway = api.configuration.current().now();
    let member = gateway.members().iter().find(|member| *member.upstream.name == *name);
    if let Some(member) = member {
        return Ok(member.upstream.clone());
    }
    let known = all(api).into_iter().find(|report| report.server.name == name);
    let Some(report) = known else { return Err(unknown(api, name)) };
    let mut refused =
        problem(StatusCode::CONFLICT, "CONFLICT", format!("the server `{name}` is {}", report.server.state));
    refused.hint = Some(match report.server.state {
        State::Stopped => format!("`switchboard server start {name}`"),
        State::Disabled => format!("`switchboard server enable {name}`"),
        _ => "`switchboard config check` says what is wrong".to_owned(),
    });
    Err(refused)
}

async fn step(name: &str, work: impl Future<Output = Result<String, String>>) -> Step {
    let since = Instant::now();
    let outcome = work.await;
    let (found, error) = match outcome {
        Ok(found) => (Some(found), None),
        Err(error) => (None, Some(error)),
    };
    Step { name: name.to_owned(), duration_ms: since.elapsed().as_millis() as u64, found, error }
}

/// All servers by name: those that take part, and those that do not, with the reason.
pub(crate) fn all(api: &Api) -> Vec<ServerReport> {
    let current = api.configuration.current();
    let (gateway, config, stopped) = (current.now(), current.config(), current.stopped());
    let left_out = api.configuration.left_out();
    let mut reports: Vec<ServerReport> = gateway
        .members()
        .iter()
        .filter(|member| !member.upstream.is_own())
        .map(|member| of_member(&gateway, member))
        .collect();
    let mut known: BTreeSet<String> = reports.iter().map(|report| report.server.name.clone()).collect();
    for (name, settings) in &config.servers {
        if known.insert(name.clone()) {
            let state = if stopped.contains(name) { State::Stopped } else { State::Disabled };
            reports.push(absent(name, state, None, Some(settings)));
        }
    }
    for (name, problems) in left_out.into_iter().filter(|(name, _)| known.insert(name.clone())).collect::<Vec<_>>() {
        reports.push(absent(&name, State::Misconfigured, Some(problems.join("; ")), None));
    }
    for name in stopped.into_iter().filter(|name| known.insert(name.clone())).collect::<Vec<_>>() {
        reports.push(absent(&name, State::Stopped, None, None));
    }
    reports.sort_by(|a, b| a.server.name.cmp(&b.server.name));
    reports
}

fn of_member(gateway: &Gateway, member: &Member) -> ServerReport {
    let Member { upstream, settings } = member;
    let status = upstream.status();
    let (state, reason) = told(&status.state);
    ServerReport {
        server: Server {
            name: upstream.name.to_string(),
            state,
            reason,
            transport: word(&settings.transport()),
            instances: status.instances,
            calls_running: upstream.calls_running(),
            since: Some(moment::rfc3339(status.since)),
            era: status.era.map(|era| format!("{era:?}").to_lowercase()),
            calls: status.calls,
            stale_lists: gateway.catalogue.shows_copy_of(&upstream.name),
            pool: upstream.pool_status().map(pool),
        },
        version: status.version,
        restarts: status.restarts,
        errors: status.errors,
        last_error: status.last_error.map(|last| LogLine {
            at: moment::rfc3339(last.at),
            text: last.text,
            level: None,
            part: None,
        }),
        calls_max: gateway.traffic.queues.load_of(&upstream.name).room,
        latency_us: status.latency.map(|latency| latency.as_micros() as u64),
        breaker: Some(breaker(upstream, &status.breaker)),
        settings: serde_json::to_value(&**settings).unwrap_or_default(),
        members: upstream.instance_statuses().into_iter().map(of_instance).collect(),
        copies: copies(upstream),
        answered_by: gateway.traffic.detours.of_server(&upstream.name).into_iter().map(of_detour).collect(),
    }
}

fn pool(status: PoolStatus) -> Processes {
    let PoolStatus { bounds, standing, busy, started, ended } = status;
    let Bounds { min, target, max, .. } = bounds;
    Processes { min, target, max, processes: standing, busy, started, ended }
}

fn copies(upstream: &Upstream) -> Copies {
    let (sent, first) = upstream.hedges.counts();
    Copies { sent, first }
}

fn of_detour((tool, detour): (Arc<str>, detours::Detour)) -> (String, Detour) {
    (tool.to_string(), Detour { by: detour.by.to_string(), since: moment::rfc3339(detour.since) })
}

fn of_instance(instance: InstanceStatus) -> InstanceReport {
    let (state, reason) = told(&instance.status.state);
    InstanceReport {
        url: instance.address.url,
        state,
        reason,
        calls_running: instance.outstanding,
        calls: instance.status.calls,
        errors: instance.status.errors,
        out_for_ms: instance.out_for.map(|left| left.as_millis() as u64),
    }
}

fn breaker(upstream: &Upstream, own: &Report) -> Breaker {
    let tools = upstream.breakers.tools_held_back().into_iter();
    Breaker {
        tools: tools.map(|(tool, report)| (tool.to_string(), one_breaker(&report))).collect(),
        ..one_breaker(own)
    }
}

fn one_breaker(report: &Report) -> Breaker {
    let left = match report.state {
        Passes::Open { until } => Some(until.saturating_duration_since(Instant::now())),
        Passes::Closed | Passes::HalfOpen => None,
    };
    Breaker {
        state: report.state.to_string(),
        since: moment::rfc3339(report.since),
        reason: report.reason.clone(),
        retry_after_ms: left.map(|left| left.as_millis() as u64),
        tools: BTreeMap::new(),
    }
}

/// A server that does not take part.
fn absent(name: &str, state: State, reason: Option<String>, settings: Option<&config::Server>) -> ServerReport {
    ServerReport {
        server: Server {
            name: name.to_owned(),
            state,
            reason,
            transport: settings.map(|settings| word(&settings.transport())).unwrap_or_default(),
            instances: 0,
            calls_running: 0,
            since: None,
            era: None,
            calls: 0,
            stale_lists: false,
            pool: None,
        },
        version: None,
        restarts: 0,
        errors: 0,
        last_error: None,
        latency_us: None,
        calls_max: 0,
        breaker: None,
        settings: settings.and_then(|settings| serde_json::to_value(settings).ok()).unwrap_or_default(),
        members: Vec::new(),
        copies: Copies::default(),
        answered_by: BTreeMap::new(),
    }
}

/// The state in the words of the API. A server that was ended because nobody used it is ready to be used.
fn told(state: &backoff::State) -> (State, Option<String>) {
    let word = match state {
        backoff::State::Starting => State::Starting,
        backoff::State::Running => State::Running,
        backoff::State::Degraded { .. } => State::Degraded,
        backoff::State::Stopping => State::Stopping,
        backoff::State::Stopped => State::Idle,
        backoff::State::Failed { .. } => State::Failed,
        backoff::State::Backoff { .. } => State::Backoff,
    };
    (word, state.reason().map(str::to_owned))
}

/// A choice of the configuration as it is written there.
fn word(choice: &impl serde::Serialize) -> String {
    serde_json::to_value(choice).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn unknown(api: &Api, name: &str) -> client::Problem {
    let names: Vec<String> = all(api).into_iter().map(|report| report.server.name).collect();
    let mut unknown = problem(StatusCode::NOT_FOUND, "NOT_FOUND", format!("there is no server `{name}`"));
    unknown.hint = nearest::hint(name, names.iter().map(String::as_str));
    unknown
}
