//! Sections `[servers.NAME.tool."GLOB"]`: how calls of some tools of a server are treated, by the tool's own name.
//! Where several globs match a tool, what the more exact one says goes over what the others say.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Degraded, Glob, Invalidation, Scheduled, Server};

/// How calls of some tools are treated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ToolSettings {
    /// What the tool does to the world, where its own annotations say nothing or cannot be believed. Default what they
    /// say.
    pub act: Option<Act>,
    /// Calls of each of these tools that run at one time. Default as many as at the server.
    #[schemars(range(min = 1, max = 100_000))]
    pub concurrency: Option<u32>,
    /// What calls work on one after the other: `"arg:NAME"`, the value of an argument. Calls for other values run beside
    /// them. Default none.
    pub lock: Option<String>,
    /// Seconds a call may be silent: neither answer nor progress. Default what the server says.
    #[schemars(range(min = 1, max = 86_400))]
    pub timeout_s: Option<u64>,
    /// Calls of each of these tools in a minute at most, from everybody together. Default none: any number.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub calls_per_minute: Option<u32>,
    /// Calls of each of these tools at once at most, where there is `calls_per_minute`. Default a sixth of that, and at
    /// least 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub burst: Option<u32>,
    /// Whether calls of the tool are held back when it fails, beside those of its server as a whole: for a tool that
    /// breaks alone. Default `false`.
    pub breaker: Option<bool>,
    /// Whether a second copy is sent of a call that takes longer than 95 of 100 before it, for tools that only read: the first
    /// answer counts. Default `false`.
    pub hedge: Option<bool>,
    /// Whether clients of revision 2025-11-25 are told that calls of the tool can be tasks (`execution.taskSupport`), for tools
    /// that take long: some of these clients then make a task of every call. A call that asks to be one is a task in any
    /// case. Default what the tool says, and what its server can do.
    pub task: Option<bool>,
    /// Seconds an answer is kept and given again to calls with the same arguments, for tools that only read. 0 keeps
    /// none. Default none are kept.
    #[schemars(range(max = 604_800))]
    pub cache_s: Option<u64>,
    /// Whether kept answers are the same for everybody; otherwise each principal has its own. Default `false`.
    pub cache_shared: Option<bool>,
    /// Seconds after its time in which an answer is still given, while a new one is fetched behind the scenes. Default 0.
    #[schemars(range(max = 604_800))]
    pub stale_s: Option<u64>,
    /// Seconds after its time in which an answer is given where the server cannot give a new one. Default 0.
    #[schemars(range(max = 604_800))]
    pub stale_on_error_s: Option<u64>,
    /// The kept answers that a call of this tool makes void: globs over tools of its server, `SERVER:GLOB` over those of
    /// another, and `arg:NAME` to spare answers that are about another value of this argument. Default what the tool says
    /// itself, and else those of its whole server, for tools that do more than read.
    pub invalidates: Option<Vec<Invalidation>>,
    /// What calls of this tool change for answers elsewhere: names of contexts, such as `branch`. Kept answers of all tools
    /// that depend on one of them are void. Default none.
    pub changes: Option<Vec<String>>,
    /// The contexts on which answers of this tool depend; `window:HH:MM-HH:MM` is one that changes at these times of the day,
    /// in UTC. Default none.
    pub depends: Option<Vec<String>>,
    /// Calls of this tool that are made again and again, inside `cache.warm_per_minute`, so that their answers are there: up to 32
    /// rows of `arguments`, `every_s`, and for whom, `principal`. For a tool that is named in full and whose answers are kept.
    /// Default none.
    pub warm: Option<Vec<Scheduled>>,
    /// Servers that are asked, one after the other, where this one has no answer, instead of those of `equivalent` of the
    /// server; an empty list says none. Default those.
    pub equivalent: Option<Vec<String>>,
    /// What is answered where nobody else has an answer, for tools that only read: `text`, `structured`, or both. Default
    /// nothing: the call fails.
    pub degraded: Option<Degraded>,
}

/// What a tool does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// It only reads: its answers may be shared and kept, and a lost call may be sent again.
    Reads,
    /// Done twice it is as done once: a lost call may be sent again.
    Repeatable,
    /// It changes something: it is sent once.
    Acts,
}

impl ToolSettings {
    /// Whether answers may be kept by them.
    pub fn keep(&self) -> bool {
        [self.cache_s, self.stale_s, self.stale_on_error_s].into_iter().flatten().any(|seconds| seconds > 0)
    }

    /// Whether they say anything of how long answers are kept, if only that none are.
    pub fn says_how_to_keep(&self) -> bool {
        self.cache_s.is_some() || self.keep()
    }

    /// These settings, and those of `general` where they say nothing.
    fn over(self, general: &Self) -> Self {
        Self {
            act: self.act.or(general.act),
            concurrency: self.concurrency.or(general.concurrency),
            lock: self.lock.or_else(|| general.lock.clone()),
            timeout_s: self.timeout_s.or(general.timeout_s),
            calls_per_minute: self.calls_per_minute.or(general.calls_per_minute),
            burst: self.burst.or(general.burst),
            breaker: self.breaker.or(general.breaker),
            hedge: self.hedge.or(general.hedge),
            task: self.task.or(general.task),
            cache_s: self.cache_s.or(general.cache_s),
            cache_shared: self.cache_shared.or(general.cache_shared),
            stale_s: self.stale_s.or(general.stale_s),
            stale_on_error_s: self.stale_on_error_s.or(general.stale_on_error_s),
            invalidates: self.invalidates.or_else(|| general.invalidates.clone()),
            changes: self.changes.or_else(|| general.changes.clone()),
            depends: self.depends.or_else(|| general.depends.clone()),
            warm: self.warm.or_else(|| general.warm.clone()),
            equivalent: self.equivalent.or_else(|| general.equivalent.clone()),
            degraded: self.degraded.or_else(|| general.degraded.clone()),
        }
    }
}

/// The settings of all tools of a server, ready to be looked up.
#[derive(Debug)]
pub struct ToolRules<'s> {
    rules: Vec<(Glob, &'s ToolSettings)>,
    are_of_toolkit: bool,
}

impl Server {
    /// How its tools are treated. Globs that are none have been reported by the check.
    pub fn tool_rules(&self) -> ToolRules<'_> {
        ToolRules { are_of_toolkit: self.toolkit.is_some(), ..ToolRules::of(&self.tool) }
    }
}

impl<'s> ToolRules<'s> {
    fn of(settings: &'s BTreeMap<String, ToolSettings>) -> Self {
        let mut rules: Vec<_> =
            settings.iter().filter_map(|(glob, settings)| Some((glob.parse::<Glob>().ok()?, settings))).collect();
        rules.sort_by_key(|(glob, _)| exactness(glob.as_str()));
        Self { rules, are_of_toolkit: false }
    }

    /// Whether the server is a toolkit of ours, which is believed what it says of its tools.
    pub fn are_of_toolkit(&self) -> bool {
        self.are_of_toolkit
    }

    /// Whether answers of any tool may be kept.
    pub fn keep_any(&self) -> bool {
        self.rules.iter().any(|(_, settings)| settings.keep())
    }

    /// What is said of the tool of this name, if anything is.
    pub fn of_tool(&self, own: &str) -> Option<ToolSettings> {
        let matching = self.rules.iter().filter(|(glob, _)| glob.matches(own)).map(|(_, settings)| *settings);
        matching.fold(None, |general: Option<ToolSettings>, settings| {
            Some(settings.clone().over(&general.unwrap_or_default()))
        })
    }
}

/// A name is more exact than any glob, and a glob more than another with less fixed text.
fn exactness(glob: &str) -> (bool, usize) {
    let wild = |character: char| matches!(character, '*' | '?' | '[' | ']' | '{' | '}');
    (!glob.contains(wild), glob.chars().filter(|character| !wild(*character)).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_exact_glob_goes_over_the_others() {
        let says = |act| ToolSettings { act, ..ToolSettings::default() };
        let settings = BTreeMap::from([
            ("*".to_owned(), says(Some(Act::Acts))),
            ("get_*".to_owned(), says(Some(Act::Reads))),
            ("get_next".to_owned(), says(Some(Act::Repeatable))),
            ("get_n*".to_owned(), says(None)),
        ]);
        let rules = ToolRules::of(&settings);
        let check =
            |tool, expected| assert_eq!(rules.of_tool(tool).and_then(|found| found.act), Some(expected), "{tool}");
        check("set_lamp", Act::Acts);
        check("get_lamp", Act::Reads);
        check("get_name", Act::Reads);
        check("get_next", Act::Repeatable);
    }

    #[test]
    fn nothing_is_said_of_a_tool_that_no_glob_matches() {
        let settings = BTreeMap::from([("get_*".to_owned(), ToolSettings::default())]);
        assert_eq!(ToolRules::of(&settings).of_tool("set"), None);
    }
}
