//! Time that is spent waiting: one thing after the other where all could wait at once, and threads that are held while others
//! need them.

use super::{PLAIN, Rule, Where};
use crate::performance::{
    finding::Gain,
    language::Language::{JavaScript, Python, Rust},
};

const AWAIT: Rule = Rule { kind: "await_in_loop", place: Where::Independent, gain: Gain::Medium, ..PLAIN };

const BLOCKING: Rule = Rule { kind: "blocking_in_async", place: Where::Async, gain: Gain::High, ..PLAIN };

/// What waits in vain.
pub(super) const RULES: &[Rule] = &[
    Rule {
        languages: &[Python],
        pattern: r"\bawait\s+(?P<item>[^\n(]*\([^\n]*)",
        unless: r"\b(?:sleep|send\w*|write\w*|put|wait\w*|acquire|gather)\s*\(",
        proposal: "the steps do not seem to need each other: start them all and wait with `asyncio.gather` or a `TaskGroup`, bounded by a semaphore",
        ..AWAIT
    },
    Rule {
        languages: &[JavaScript],
        pattern: r"\bawait\s+(?P<item>[^\n;(]*\([^\n;]*)",
        unless: r"\b(?:sleep|delay|send|write|setTimeout|Promise\.all)\s*\(",
        proposal: "the steps do not seem to need each other: start them all and wait with `Promise.all`, some at a time where there are many",
        ..AWAIT
    },
    Rule {
        languages: &[Rust],
        pattern: r"(?P<item>[\w(&][^;{}]*\)[^;{}(]*)\.await\b",
        unless: r"(?:tx|sender|sink|socket)\w*\.send\b|\.(?:recv|next|write\w*|read\w*|flush|lock|tick|join\w*)\s*\(|\bsleep\s*\(",
        proposal: "the steps do not seem to need each other: run them together with `buffer_unordered` or a `JoinSet`, some at a time",
        ..AWAIT
    },
    Rule {
        languages: &[Python],
        pattern: r"\btime\.sleep\s*\(|\brequests\.(?:get|post|put|patch|delete|head)\s*\(|\bsubprocess\.(?:run|call|check_call|check_output)\s*\(|\burllib\.request\.urlopen\s*\(",
        unless: r"\bto_thread\b|\brun_in_executor\b",
        proposal: "everything else on the event loop waits as well: use the asynchronous way, or `asyncio.to_thread`",
        ..BLOCKING
    },
    Rule {
        languages: &[JavaScript],
        pattern: r"\b(?:readFileSync|writeFileSync|readdirSync|statSync|execSync|spawnSync|execFileSync)\s*\(",
        proposal: "everything else on the event loop waits as well: use the promise of the same name",
        ..BLOCKING
    },
    Rule {
        languages: &[Rust],
        pattern: r"\bthread::sleep\s*\(|\bstd::fs::(?:copy|read|read_dir|read_to_string|write)\s*\(|\breqwest::blocking::",
        unless: r"\bspawn_blocking\b|\bblock_in_place\b",
        proposal: "the thread of the runtime is held: use the asynchronous way, or `spawn_blocking`",
        ..BLOCKING
    },
];
