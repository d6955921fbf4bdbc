//! `/faults`: the rules by which faults are made on purpose; who makes one is noted.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use client::{FaultRule, Problem};
use config::Glob;
use gateway::moment;
use gateway::pipeline::faults::{DELAY_MAX, Effect, Faults, LASTS_MAX, Rule, Wish};
use http::StatusCode;
use url::form_urlencoded;

use crate::Api;
use crate::reply::{Outcome, json, problem};
use crate::socket::Peer;

/// What a rule may say.
const KEYS: [&str; 7] = ["server", "tool", "principal", "percent", "effect", "delay_ms", "for_s"];

/// `GET /faults`: the rules in force, by number.
pub(crate) fn list(api: &Api) -> Outcome {
    json(&faults(api).all().iter().map(|rule| told(rule)).collect::<Vec<_>>())
}

/// `POST /faults`: the answer is the rule as it is in force.
pub(crate) fn add(api: &Api, query: &str, peer: Peer) -> Outcome {
    let wish = wish(query, peer)?;
    let known = api.configuration.current().now();
    if !known.members().iter().any(|member| wish.server.matches(&member.upstream.name)) {
        return Err(invalid(format!("no server matches `{}`", wish.server.as_str())));
    }
    match faults(api).add(wish) {
        Ok(rule) => json(&told(&rule)),
        Err(too_many) => Err(problem(StatusCode::CONFLICT, "CONFLICT", too_many.to_string())),
    }
}

/// `POST /faults/{id}/remove`: the answer is the rule as it was.
pub(crate) fn remove(api: &Api, id: &str, peer: Peer) -> Outcome {
    let removed = id.parse().ok().and_then(|id| faults(api).remove(id, &peer.to_string()));
    match removed {
        Some(rule) => json(&told(&rule)),
        None => Err(problem(StatusCode::NOT_FOUND, "NOT_FOUND", format!("there is no fault rule {id}"))),
    }
}

fn faults(api: &Api) -> std::sync::Arc<Faults> {
    api.configuration.current().now().traffic.faults.clone()
}

fn wish(query: &str, peer: Peer) -> Result<Wish, Problem> {
    let said: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if let Some(unknown) = said.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(invalid(format!("unknown parameter `{unknown}`: known are {}", KEYS.join(", "))));
    }
    let lasts = number(&said, "for_s", 1..=LASTS_MAX.as_secs())?.ok_or_else(|| invalid("`for_s` is missing".into()))?;
    Ok(Wish {
        server: glob(&said, "server")?.ok_or_else(|| invalid("`server` is missing".into()))?,
        tool: glob(&said, "tool")?.map_or_else(|| "*".parse().map_err(|_| invalid("`*` is no glob".into())), Ok)?,
        principal: said.get("principal").cloned(),
        percent: number(&said, "percent", 1..=100)?.unwrap_or(100),
        effect: effect(&said)?,
        lasts: Duration::from_secs(lasts),
        by: peer.to_string(),
    })
}

fn effect(said: &HashMap<String, String>) -> Result<Effect, Problem> {
    let most = u64::try_from(DELAY_MAX.as_millis()).unwrap_or(u64::MAX);
    let delay = number(said, "delay_ms", 1..=most)?;
    match (said.get("effect").map(String::as_str), delay) {
        (Some("delay"), Some(ms)) => Ok(Effect::Delay(Duration::from_millis(ms))),
        (Some("delay"), None) => Err(invalid("`delay` needs `delay_ms`".into())),
        (Some("error" | "drop"), Some(_)) => Err(invalid("`delay_ms` is for `delay` only".into())),
        (Some("error"), None) => Ok(Effect::Error),
        (Some("drop"), None) => Ok(Effect::Drop),
        _ => Err(invalid("`effect` must be one of delay, error, drop".into())),
    }
}

fn glob(said: &HashMap<String, String>, key: &str) -> Result<Option<Glob>, Problem> {
    let read =
        |text: &String| text.parse().map_err(|_| invalid(format!("`{key}`: `{text}` is no glob: {}", Glob::HINT)));
    said.get(key).map(read).transpose()
}

fn number<T: FromStr + PartialOrd + std::fmt::Display>(
    said: &HashMap<String, String>,
    key: &str,
    range: std::ops::RangeInclusive<T>,
) -> Result<Option<T>, Problem> {
    let Some(text) = said.get(key) else { return Ok(None) };
    let within = text.parse().ok().filter(|number| range.contains(number));
    let (least, most) = (range.start(), range.end());
    let refused = || invalid(format!("`{key}` must be a number from {least} to {most}, not `{text}`"));
    within.map(Some).ok_or_else(refused)
}

fn told(rule: &Rule) -> FaultRule {
    let Wish { server, tool, principal, percent, effect, by, .. } = &rule.wish;
    FaultRule {
        id: rule.id,
        server: server.as_str().to_owned(),
        tool: tool.as_str().to_owned(),
        principal: principal.clone(),
        percent: *percent,
        effect: effect.name().to_owned(),
        delay_ms: match effect {
            Effect::Delay(delay) => Some(delay.as_millis() as u64),
            Effect::Error | Effect::Drop => None,
        },
        by: by.clone(),
        since: moment::rfc3339(rule.since),
        left_ms: rule.left().as_millis() as u64,
        met: rule.met(),
    }
}

fn invalid(detail: String) -> Problem {
    problem(StatusCode::BAD_REQUEST, "INVALID_INPUT", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Peer = Peer { user: 0, process: Some(7) };

    #[test]
    fn a_rule_is_read_as_it_was_wished_for() {
        let wish = wish("server=git*&effect=delay&delay_ms=250&for_s=60&percent=10&principal=ada", PEER).unwrap();
        assert_eq!((wish.server.as_str(), wish.tool.as_str()), ("git*", "*"));
        assert_eq!((wish.principal.as_deref(), wish.percent), (Some("ada"), 10));
        assert_eq!(wish.effect, Effect::Delay(Duration::from_millis(250)));
        assert_eq!((wish.lasts.as_secs(), wish.by.as_str()), (60, "user 0, process 7"));
    }

    #[test]
    fn what_is_no_rule_is_refused_by_name() {
        let check = |query: &str, expected: &str| {
            let refused = wish(query, PEER).err().map(|problem| problem.detail).unwrap_or_default();
            assert!(refused.starts_with(expected), "{query}: {refused}");
        };
        check("effect=drop&for_s=60", "`server` is missing");
        check("server=*&effect=drop", "`for_s` is missing");
        check("server=*&effect=drop&for_s=3601", "`for_s` must be a number from 1 to 3600, not `3601`");
        check("server=*&effect=drop&for_s=0", "`for_s` must be");
        check("server=*&effect=burn&for_s=60", "`effect` must be one of");
        check("server=*&effect=delay&for_s=60", "`delay` needs `delay_ms`");
        check("server=*&effect=drop&delay_ms=5&for_s=60", "`delay_ms` is for `delay` only");
        check("server=*&effect=drop&for_s=60&percent=101", "`percent` must be a number from 1 to 100");
        check("server=[&effect=drop&for_s=60", "`server`: `[` is no glob");
        check("server=*&effect=drop&for_s=60&share=5", "unknown parameter `share`");
    }
}
