//! `/cache`: what is kept of answers, and dropping it.

use std::time::{Duration, Instant};

use client::{CacheCounts, CacheStatus, CachedAnswer, CachedTool, Cleared, ListCopies, SharedCache, SharedState};
use config::{Config, nearest};
use gateway::cache::{SharedReport, State, ToolReport, TopKey};
use http::StatusCode;
use traffic::cache::{Advice, Tally};
use url::form_urlencoded;

use crate::reply::{Outcome, json, problem};
use crate::{Api, servers};

/// `GET /cache`
pub(crate) fn get(api: &Api) -> Outcome {
    let (gateway, config) = (api.configuration.current().now(), api.configuration.current().config());
    let report = gateway.traffic.cache.report(Instant::now());
    let (stale, dropped) = gateway.catalogue.copied();
    json(&CacheStatus {
        memory_bytes: report.memory_bytes,
        memory_bytes_max: report.memory_bytes_max,
        answers: report.answers,
        total: counts(&report.total, report.tools.iter().map(|report| report.holding.unasked).sum()),
        tools: report.tools.iter().map(|report| tool(report, &config)).collect(),
        top: report.top.into_iter().map(answer).collect(),
        lists: ListCopies { stale: stale.iter().map(ToString::to_string).collect(), dropped },
        shared: report.shared.map(shared),
    })
}

/// `POST /cache/clear`: everything, or with `server=NAME` what is kept of one server, whose lists are asked for anew; or with
/// `context=NAME` what depends on that.
pub(crate) fn clear(api: &Api, query: &str) -> Outcome {
    let said = |wanted: &str| form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == wanted);
    if let Some((_, context)) = said("context") {
        return change(api, &context);
    }
    let named = said("server").map(|(_, name)| name);
    if let Some(name) = &named {
        servers::running(api, name)?;
    }
    let gateway = api.configuration.current().now();
    let answers = gateway.traffic.cache.clear(named.as_deref()) as u64;
    gateway.catalogue.ask_anew(named.as_deref());
    json(&Cleared { answers })
}

/// A context has changed.
fn change(api: &Api, context: &str) -> Outcome {
    let gateway = api.configuration.current().now();
    let contexts = gateway.traffic.cache.contexts();
    if !contexts.is_known(context) {
        let detail = format!("no tool depends on a context `{context}`");
        let mut unknown = problem(StatusCode::NOT_FOUND, "NOT_FOUND", detail);
        unknown.hint = nearest::hint(context, contexts.names());
        return Err(unknown);
    }
    json(&Cleared { answers: gateway.traffic.cache.change(context) as u64 })
}

fn tool(report: &ToolReport, config: &Config) -> CachedTool {
    let settings = config.servers.get(&*report.server).and_then(|server| server.tool_rules().of_tool(&report.tool));
    let kept_s = settings.and_then(|settings| settings.cache_s);
    CachedTool {
        server: report.server.to_string(),
        tool: report.tool.to_string(),
        answers: report.holding.answers,
        memory_bytes: report.holding.bytes,
        oldest_ms: ms(report.holding.oldest),
        counts: counts(&report.tally, report.holding.unasked),
        tuned_cache_s: report.tuning.map(|tuning| tuning.kept_s),
        advice: advice(report),
        advised_cache_s: kept_s.and_then(|kept_s| match report.tuning {
            Some(tuning) => Some(tuning.kept_s).filter(|tuned_s| *tuned_s != kept_s),
            None => report.tally.advised_s(kept_s),
        }),
    }
}

fn advice(report: &ToolReport) -> Option<String> {
    let Some(tuning) = report.tuning else { return report.tally.advice().map(|advice| in_words(advice).to_owned()) };
    let reason = match tuning.reason {
        Advice::KeepNone => "hardly ever asked for again",
        Advice::KeepLonger => "the same when fetched again",
    };
    Some(format!("kept for {} s instead of {}: {reason}", tuning.kept_s, tuning.configured_s))
}

fn answer(top: TopKey) -> CachedAnswer {
    CachedAnswer {
        key: top.key,
        server: top.server.to_string(),
        tool: top.tool.to_string(),
        hits: top.hits,
        memory_bytes: top.bytes,
        age_ms: ms(top.age),
    }
}

fn shared(report: SharedReport) -> SharedCache {
    let SharedReport { state, found, written, unreadable, heard, unanswered } = report;
    let state = match state {
        State::Up => SharedState::Up,
        State::Slow => SharedState::Slow,
        State::Down => SharedState::Down,
    };
    SharedCache { state, found, written, unreadable, heard, unanswered }
}

/// `unasked` are there, fetched for somebody who may still ask.
fn counts(tally: &Tally, unasked: u64) -> CacheCounts {
    CacheCounts {
        hits: tally.hits,
        stale: tally.stale,
        misses: tally.misses,
        hit_percent: tally.hit_percent(),
        saved_ms: ms(tally.saved),
        warmed: tally.warmed,
        warmed_used: tally.warmed_used,
        warmed_wasted: tally.warmed.saturating_sub(tally.warmed_used).saturating_sub(unasked),
    }
}

fn in_words(advice: Advice) -> &'static str {
    match advice {
        Advice::KeepNone => "hardly ever asked for again: without `cache_s` the memory would be free",
        Advice::KeepLonger => "the same when fetched again: a longer `cache_s` would do",
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
