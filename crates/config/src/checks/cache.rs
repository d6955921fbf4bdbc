//! Rules of keeping answers: invalidations name servers that are there, and what is said is of some use.

use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Act, Config, Invalidation, Secret, Server, ToolSettings, nearest};

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
        }
    }
}

/// Reports contexts that nobody could name.
fn check_contexts(settings: &ToolSettings, path: &KeyPath, problems: &mut Problems<'_>) {
    for (key, contexts) in [("changes", &settings.changes), ("depends", &settings.depends)] {
        if contexts.iter().flatten().any(|context| context.trim().is_empty()) {
            problems.add(&path.key(key), "a context has no name".to_owned(), "write a word, such as \"branch\"");
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

/// Reports answers that are to be kept of a tool that is said to act: they never are.
fn check_act(settings: &ToolSettings, path: &KeyPath, problems: &mut Problems<'_>) {
    if settings.keep() && settings.act.is_some_and(|act| act != Act::Reads) {
        let message = "answers of a tool that does more than read are not kept".to_owned();
        problems.add(&path.key("cache_s"), message, "remove it, or say `act = \"reads\"`");
    }
}
