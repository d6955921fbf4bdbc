//! Rules of keeping answers: invalidations name servers that are there, and what is said is of some use.

use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Act, Config, Invalidation, LOCAL, Secret, Server, ToolSettings, Window, nearest};

/// Calls of one tool on a schedule: more are an import, which belongs into a job.
const SCHEDULED_MAX: usize = 32;

/// Characters of a key that nobody guesses: 128 bits, written as hexadecimal digits.
const KEY_CHARACTERS_MIN: usize = 32;

/// Reports what is wrong with what is said of keeping answers.
pub(super) fn check(config: &Config, problems: &mut Problems<'_>) {
    check_shared(config, problems);
    for (name, server) in &config.servers {
        for (glob, settings) in &server.tool {
            let path = KeyPath::of(["servers", name, "tool", glob]);
            check_servers(settings, config, &path.key("invalidates"), problems);
            check_contexts(settings, &path, problems);
            check_act(settings, &path, problems);
            check_warm(settings, (config, server, glob.as_str()), &path.key("warm"), problems);
        }
    }
}

/// Reports contexts that nobody could name.
fn check_contexts(settings: &ToolSettings, path: &KeyPath, problems: &mut Problems<'_>) {
    for (key, contexts) in [("changes", &settings.changes), ("depends", &settings.depends)] {
        if contexts.iter().flatten().any(|context| context.trim().is_empty()) {
            problems.add(&path.key(key), "a context has no name".to_owned(), "write a word, such as \"branch\"");
        }
        for window in contexts.iter().flatten().filter(|context| Window::is_meant(context)) {
            if key == "changes" {
                let message = format!("`{window}` changes with the time of day alone");
                problems.add(&path.key(key), message, "remove it");
            } else if let Err(error) = window.parse::<Window>() {
                problems.add(&path.key(key), format!("`{window}`: {error}"), Window::HINT);
            }
        }
    }
}

/// Reports a place that cannot be shared, and keys that could be guessed.
fn check_shared(config: &Config, problems: &mut Problems<'_>) {
    let path = KeyPath::of(["cache"]);
    let cache = &config.cache;
    let is_address = |url: &str| ["redis://", "rediss://", "unix:///"].iter().any(|scheme| url.starts_with(scheme));
    let shown = |secret: &Option<Secret>| secret.clone().filter(|secret| !secret.is_masked());
    if shown(&cache.redis_url).is_some_and(|url| !is_address(url.expose())) {
        let hint = "write redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH";
        problems.add(&path.key("redis_url"), "it is no address of a Redis or Valkey".to_owned(), hint);
    }
    if cache.redis_prefix.is_empty() || !cache.redis_prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "a prefix is made of letters, digits and signs".to_owned();
        problems.add(&path.key("redis_prefix"), message, "write a word, such as \"switchboard\"");
    }
    if shown(&cache.redis_key).is_some_and(|key| key.expose().chars().count() < KEY_CHARACTERS_MIN) {
        let message = format!("a key has at least {KEY_CHARACTERS_MIN} characters");
        problems.add(&path.key("redis_key"), message, "make one with `openssl rand -hex 32`");
    }
}

/// Reports servers of invalidations that do not exist.
fn check_servers(settings: &ToolSettings, config: &Config, path: &KeyPath, problems: &mut Problems<'_>) {
    let is_there = |server: &str| server == Server::OWN || config.servers.contains_key(server);
    for invalidation in settings.invalidates.iter().flatten() {
        if let Invalidation::Tools { server: Some(server), .. } = invalidation
            && !is_there(server)
        {
            let hint = nearest::hint(server, config.servers.keys().map(String::as_str));
            problems.add(path, format!("there is no server `{server}`"), hint);
        }
    }
}

/// Reports calls on a schedule whose answers nobody could be given, or that are made for nobody.
fn check_warm(
    settings: &ToolSettings,
    (config, server, tool): (&Config, &Server, &str),
    path: &KeyPath,
    problems: &mut Problems<'_>,
) {
    let Some(rows) = settings.warm.as_deref().filter(|rows| !rows.is_empty()) else { return };
    let resulting = server.tool_rules().of_tool(tool).unwrap_or_default();
    if tool.contains(['*', '?', '[', '{']) {
        problems.add(path, "a schedule is of one tool".to_owned(), "write it under the tool's own name");
    } else if !resulting.keep() {
        problems.add(path, "the answers are not kept".to_owned(), "say for how long: `cache_s`");
    }
    if config.cache.warm_per_minute == 0 {
        let message = "nothing is fetched before anybody asks".to_owned();
        problems.add(path, message, "say how many in a minute: `cache.warm_per_minute`");
    }
    if rows.len() > SCHEDULED_MAX {
        problems.add(path, format!("at most {SCHEDULED_MAX} calls are made on a schedule"), "leave some out");
    }
    for row in rows {
        match row.principal.as_deref() {
            None if resulting.cache_shared != Some(true) => {
                let message = "the answers are not the same for everybody".to_owned();
                problems.add(path, message, "name a `principal`, or say `cache_shared = true`");
            }
            Some(name) if name != LOCAL && !config.principals.contains_key(name) => {
                let hint = nearest::hint(name, config.principals.keys().map(String::as_str));
                problems.add(path, format!("there is no principal `{name}`"), hint);
            }
            _ => {}
        }
    }
}

/// Reports answers that are to be kept of a tool that is said to act: they never are.
fn check_act(settings: &ToolSettings, path: &KeyPath, problems: &mut Problems<'_>) {
    if settings.keep() && settings.act.is_some_and(|act| act != Act::Reads) {
        let message = "answers of a tool that does more than read are not kept".to_owned();
        problems.add(&path.key("cache_s"), message, "remove it, or say `act = \"reads\"`");
    }
}
