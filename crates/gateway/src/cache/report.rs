//! What is told of the cache: how much it holds, how often it helped, what it is worth keeping. Tools and digests are
//! named, arguments and answers never.

use std::{collections::HashMap, sync::Arc, time::Instant};

use serde::Serialize;
use traffic::cache::{Advice, Tally};

use super::{Cache, Kept, Key};

/// Answers that are named as the most wanted.
const TOP_KEYS: usize = 10;

/// What is told of the cache.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Bytes in memory, what it costs to keep them included.
    pub memory_bytes: u64,
    /// Bytes that there is room for.
    pub memory_bytes_max: u64,
    /// Answers in memory.
    pub answers: u64,
    /// Calls that a kept answer was given to.
    pub hits: u64,
    /// Those of them whose answer was past its time.
    pub stale: u64,
    /// Calls that had to be made.
    pub misses: u64,
    /// Hits in a hundred calls.
    pub hit_percent: Option<f64>,
    /// How long the calls would have taken that were not made.
    pub saved_ms: u64,
    /// Each tool of which answers are or were kept, the most useful first.
    pub tools: Vec<ToolReport>,
    /// The answers that were given most often.
    pub top: Vec<TopKey>,
}

/// What is told of one tool.
#[derive(Clone, Debug, Serialize)]
pub struct ToolReport {
    /// The name of its server.
    pub server: Arc<str>,
    /// Its own name; `resources/read` for all resources.
    pub tool: Arc<str>,
    /// Answers in memory.
    pub answers: u64,
    /// Their bytes.
    pub memory_bytes: u64,
    /// The age of the oldest.
    pub oldest_ms: u64,
    /// Calls that a kept answer was given to.
    pub hits: u64,
    /// Those of them whose answer was past its time.
    pub stale: u64,
    /// Calls that had to be made.
    pub misses: u64,
    /// Hits in a hundred calls.
    pub hit_percent: Option<f64>,
    /// How long the calls would have taken that were not made.
    pub saved_ms: u64,
    /// What the counts say about its settings.
    pub advice: Option<&'static str>,
}

/// One of the answers that were given most often.
#[derive(Clone, Debug, Serialize)]
pub struct TopKey {
    /// The start of its digest.
    pub key: String,
    /// The name of its server.
    pub server: Arc<str>,
    /// The tool.
    pub tool: Arc<str>,
    /// How often it was given.
    pub hits: u64,
    /// Its bytes.
    pub bytes: u64,
    /// How old it is.
    pub age_ms: u64,
}

/// What is in memory of one tool.
#[derive(Clone, Copy, Debug, Default)]
struct Holding {
    answers: u64,
    bytes: u64,
    oldest_ms: u64,
}

impl Cache {
    /// What there is to tell.
    pub fn report(&self, now: Instant) -> Report {
        let answers: Vec<(Key, Arc<Kept>)> = self.answers.iter().filter(|(_, kept)| kept.is_good()).collect();
        let holdings = holdings(&answers, now);
        let mut tools = Vec::new();
        let mut total = Tally::default();
        for drawer in self.drawers().values() {
            for (tool, tally) in drawer.tallies() {
                total = total.and(tally);
                let holding = holdings.get(&(drawer.number(), tool.clone())).copied().unwrap_or_default();
                tools.push(ToolReport::new(drawer.server().clone(), tool, tally, holding));
            }
        }
        tools.sort_by(|one, other| {
            other.saved_ms.cmp(&one.saved_ms).then_with(|| (&one.server, &one.tool).cmp(&(&other.server, &other.tool)))
        });
        Report {
            memory_bytes: self.answers.weight(),
            memory_bytes_max: self.answers.capacity(),
            answers: answers.len() as u64,
            hits: total.hits,
            stale: total.stale,
            misses: total.misses,
            hit_percent: total.hit_percent(),
            saved_ms: total.saved.as_millis() as u64,
            tools,
            top: top(answers, now),
        }
    }
}

impl ToolReport {
    fn new(server: Arc<str>, tool: Arc<str>, tally: Tally, holding: Holding) -> Self {
        Self {
            server,
            tool,
            answers: holding.answers,
            memory_bytes: holding.bytes,
            oldest_ms: holding.oldest_ms,
            hits: tally.hits,
            stale: tally.stale,
            misses: tally.misses,
            hit_percent: tally.hit_percent(),
            saved_ms: tally.saved.as_millis() as u64,
            advice: tally.advice().map(in_words),
        }
    }
}

fn in_words(advice: Advice) -> &'static str {
    match advice {
        Advice::KeepNone => "its answers are hardly ever asked for again: `cache_s = 0` would save the memory",
        Advice::KeepLonger => "its answers were the same when they were fetched again: a longer `cache_s` would do",
    }
}

fn holdings(answers: &[(Key, Arc<Kept>)], now: Instant) -> HashMap<(u64, Arc<str>), Holding> {
    let mut holdings: HashMap<_, Holding> = HashMap::new();
    for (_, kept) in answers {
        let holding = holdings.entry((kept.drawer.number(), kept.about.label())).or_default();
        holding.answers += 1;
        holding.bytes += kept.bytes();
        holding.oldest_ms = holding.oldest_ms.max(kept.age(now).as_millis() as u64);
    }
    holdings
}

fn top(mut answers: Vec<(Key, Arc<Kept>)>, now: Instant) -> Vec<TopKey> {
    answers.sort_by_key(|(_, kept)| std::cmp::Reverse(kept.hits()));
    let wanted = answers.into_iter().filter(|(_, kept)| kept.hits() > 0).take(TOP_KEYS);
    let top = wanted.map(|(key, kept)| TopKey {
        key: key.short(),
        server: kept.drawer.server().clone(),
        tool: kept.about.label(),
        hits: kept.hits(),
        bytes: kept.bytes(),
        age_ms: kept.age(now).as_millis() as u64,
    });
    top.collect()
}
