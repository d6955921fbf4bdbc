//! What is told of the cache: how much it holds, how often it helped, what it is worth keeping. Tools and digests are
//! named, arguments and answers never.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use traffic::cache::{Tally, Tuning};

use super::{Cache, Kept, Key, SharedReport};

/// Answers that are named as the most wanted.
const TOP_KEYS: usize = 10;

/// What is told of the cache.
#[derive(Clone, Debug)]
pub struct Report {
    /// Bytes in memory, what it costs to keep them included.
    pub memory_bytes: u64,
    /// Bytes that there is room for.
    pub memory_bytes_max: u64,
    /// Answers in memory.
    pub answers: u64,
    /// The counts of all tools together.
    pub total: Tally,
    /// Each tool of which answers are or were kept, the most useful first.
    pub tools: Vec<ToolReport>,
    /// The answers that were given most often.
    pub top: Vec<TopKey>,
    /// What several nodes keep together, where they do.
    pub shared: Option<SharedReport>,
}

/// What is told of one tool.
#[derive(Clone, Debug)]
pub struct ToolReport {
    /// The name of its server.
    pub server: Arc<str>,
    /// Its own name; `resources/read` for all resources.
    pub tool: Arc<str>,
    /// Its counts.
    pub tally: Tally,
    /// What is in memory of it.
    pub holding: Holding,
    /// The time of its answers, where the node has changed it by itself.
    pub tuning: Option<Tuning>,
}

/// What is in memory of one tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Answers.
    pub answers: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The age of the oldest.
    pub oldest: Duration,
    /// Those that were fetched before anybody asked, and that nobody has asked for yet.
    pub unasked: u64,
}

/// One of the answers that were given most often.
#[derive(Clone, Debug)]
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
    pub age: Duration,
}

impl Cache {
    /// What there is to tell.
    pub fn report(&self, now: Instant) -> Report {
        let answers: Vec<(Key, Arc<Kept>)> = self.answers.iter().filter(|(_, kept)| kept.is_good()).collect();
        let holdings = holdings(&answers, now);
        let mut tools = Vec::new();
        self.drawers.each(|drawer| {
            let tunings = drawer.tunings().clone();
            for (tool, tally) in drawer.tallies() {
                let holding = holdings.get(&(drawer.number(), tool.clone())).copied().unwrap_or_default();
                let tuning = tunings.get(&tool).copied();
                tools.push(ToolReport { server: drawer.server().clone(), tool, tally, holding, tuning });
            }
        });
        tools.sort_by_key(|report| (Reverse(report.tally.saved), report.server.clone(), report.tool.clone()));
        Report {
            memory_bytes: self.answers.weight(),
            memory_bytes_max: self.answers.capacity(),
            answers: answers.len() as u64,
            total: tools.iter().fold(Tally::default(), |total, report| total.and(report.tally)),
            tools,
            top: top(answers, now),
            shared: self.others.load().as_ref().map(|shared| shared.report()),
        }
    }
}

fn holdings(answers: &[(Key, Arc<Kept>)], now: Instant) -> HashMap<(u64, Arc<str>), Holding> {
    let mut holdings: HashMap<_, Holding> = HashMap::new();
    for (_, kept) in answers {
        let holding = holdings.entry((kept.drawer.number(), kept.about.label())).or_default();
        holding.answers += 1;
        holding.bytes += kept.bytes();
        holding.unasked += u64::from(kept.is_unasked());
        holding.oldest = holding.oldest.max(kept.age(now));
    }
    holdings
}

fn top(mut answers: Vec<(Key, Arc<Kept>)>, now: Instant) -> Vec<TopKey> {
    answers.sort_by_key(|(_, kept)| Reverse(kept.hits()));
    let wanted = answers.into_iter().filter(|(_, kept)| kept.hits() > 0).take(TOP_KEYS);
    let top = wanted.map(|(key, kept)| TopKey {
        key: key.short(),
        server: kept.drawer.server().clone(),
        tool: kept.about.label(),
        hits: kept.hits(),
        bytes: kept.bytes(),
        age: kept.age(now),
    });
    top.collect()
}
