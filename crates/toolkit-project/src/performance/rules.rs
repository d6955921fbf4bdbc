//! What is slow, as a table of rules: what a place in the code looks like, where it must stand, and what to do about it. A rule
//! that needs to know more than it can see says nothing.

mod growth;
mod queries;
mod repeated;
mod waiting;

use std::collections::BTreeSet;

use regex::{Captures, Regex, RegexBuilder};
use toolkit::{Code, Failure};

use super::{
    blocks::{Block, Repeats},
    finding::{Finding, Gain},
    language::Language,
    source::{Source, words},
};

/// Bytes of an expression with the name of a caller's variable in it.
const NAMED_BYTES_MAX: usize = 1 << 20;
/// What leaves a loop early: then its steps depend on each other.
const LEAVES: &str = r"\b(?:break|return|yield)\b";

/// How a loop goes through a collection that is not written out in its head, where it would be short.
const COLLECTION: &str = r"\s(?:in|of)\s+[^\[(\s]";

/// One thing that is slow.
pub(super) struct Rule {
    /// Its name.
    kind: &'static str,
    /// The languages in which it looks so.
    languages: &'static [Language],
    /// Where it stands.
    place: Where,
    /// What it looks like in code without comments and strings. What a group `fixed` holds must mean the same each time
    /// round, a group `name` holds the name that stands for `NAME` in `since`, a group `again` has to hold the same name, and
    /// a group `item` has to speak of what the loop goes through.
    pattern: &'static str,
    /// What on the same line makes it right.
    unless: &'static str,
    /// What stands between the beginning of the function and the loop, and not in the loop.
    since: &'static str,
    proposal: &'static str,
    gain: Gain,
}

/// Where something slow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Anywhere,
    /// In a loop.
    Loop,
    /// In a loop that goes through something.
    Each,
    /// The same, where each step is about its own thing and none ends the loop.
    Independent,
    /// In a function that must not wait.
    Async,
}

/// A rule without the parts that most have not.
const PLAIN: Rule = Rule {
    kind: "",
    languages: &[],
    place: Where::Loop,
    pattern: "",
    unless: "",
    since: "",
    proposal: "",
    gain: Gain::Medium,
};

/// The rules, ready to be used.
pub(super) struct Rules {
    ready: Vec<(&'static Rule, Regex, Option<Regex>)>,
    leaves: Regex,
    collection: Regex,
}

impl Rules {
    fn new() -> Result<Self, regex::Error> {
        let tables = [queries::RULES, growth::RULES, repeated::RULES, waiting::RULES];
        let ready = |rule: &'static Rule| {
            let unless = if rule.unless.is_empty() { None } else { Some(Regex::new(rule.unless)?) };
            Ok((rule, Regex::new(rule.pattern)?, unless))
        };
        let ready = tables.into_iter().flatten().map(ready).collect::<Result<_, regex::Error>>()?;
        Ok(Self { ready, leaves: Regex::new(LEAVES)?, collection: Regex::new(COLLECTION)? })
    }

    /// The same, where a rule that cannot be used is our fault.
    pub(super) fn ready() -> Result<Self, Failure> {
        Self::new().map_err(|error| unusable(&error))
    }

    /// What is slow in a source; each line once for each kind.
    pub(super) fn findings(&self, source: &Source<'_>, file: &str) -> Vec<Finding> {
        let mut seen = BTreeSet::new();
        let mut findings = Vec::new();
        for (rule, pattern, unless) in self.ready.iter().filter(|(rule, ..)| rule.languages.contains(&source.language))
        {
            for found in pattern.captures_iter(&source.code) {
                let Some(at) = found.get(0).map(|it| it.start() + it.as_str().len() - it.as_str().trim_start().len())
                else {
                    continue;
                };
                let is_right = unless
                    .as_ref()
                    .is_some_and(|unless| [source.code_line(at), &found[0]].iter().any(|code| unless.is_match(code)));
                let Some(evidence) = self.evidence(rule, source, &found, at).filter(|_| !is_right) else { continue };
                let line = source.line(at);
                if seen.insert((line, rule.kind)) {
                    let (file, kind, proposal) = (file.to_owned(), rule.kind.to_owned(), rule.proposal.to_owned());
                    findings.push(Finding { file, line, kind, evidence, proposal, gain: rule.gain });
                }
            }
        }
        findings
    }

    /// What says that a place is slow, if it stands where it is.
    fn evidence(&self, rule: &Rule, source: &Source<'_>, found: &Captures<'_>, at: usize) -> Option<String> {
        let shown = source.shown(at);
        match rule.place {
            Where::Anywhere => return Some(shown),
            Where::Async if source.is_async(at) => {
                let head = source.function_around(at)?.head_at;
                return Some(format!("{shown} in the asynchronous function of line {}", source.line(head)));
            }
            Where::Async => return None,
            Where::Loop | Where::Each | Where::Independent => {}
        }
        let around = source.loop_around(at)?;
        let stands_there = match rule.place {
            Where::Each => around.repeats == Repeats::Each,
            Where::Independent => self.is_independent(source, found, around),
            _ => true,
        };
        let is_fixed = found.name("fixed").is_none_or(|it| source.is_fixed(it.start(), it.end(), around));
        let says_so = stands_there && is_fixed && was_made(rule, source, found, around);
        says_so.then(|| {
            format!("{shown} in the loop of line {}: {}", source.line(around.head_at), source.shown(around.head_at))
        })
    }

    /// Whether the steps of a loop do not need each other: it goes through a collection, each step speaks of its own thing,
    /// and none leaves early.
    fn is_independent(&self, source: &Source<'_>, found: &Captures<'_>, around: &Block) -> bool {
        let head = &source.code[around.head_at..around.start];
        let is_collection = self.collection.is_match(head) && !head.contains("range(") && !head.contains("..");
        let items = source.items(around);
        let speaks_of_its_own =
            found.name("item").is_some_and(|it| words(it.as_str()).any(|word| items.contains(word)));
        let body = &source.code[around.start..around.end];
        around.repeats == Repeats::Each
            && around.function.is_none()
            && is_collection
            && speaks_of_its_own
            && !self.leaves.is_match(body)
    }
}

/// What is said of a rule that cannot be used.
pub(super) fn unusable(error: &regex::Error) -> Failure {
    Failure::new(Code::InternalError, format!("a rule cannot be used: {error}"))
}

/// Whether a name was made before the loop in the way that the rule needs, and not anew in it.
fn was_made(rule: &Rule, source: &Source<'_>, found: &Captures<'_>, around: &Block) -> bool {
    let Some(name) = found.name("name") else { return true };
    let is_other = found.name("again").is_some_and(|again| again.as_str() != name.as_str());
    let start = source.function_around(around.head_at).map_or(0, |function| function.start);
    let made = rule.since.replace("NAME", name.as_str());
    let made = RegexBuilder::new(&made).size_limit(NAMED_BYTES_MAX).build();
    let is_made = |made: Regex| {
        made.is_match(&source.code[start..around.head_at]) && !made.is_match(&source.code[around.start..around.end])
    };
    !is_other && made.is_ok_and(is_made)
}

#[cfg(test)]
mod samples;

#[cfg(test)]
mod tests {
    use super::{
        samples::{FINE, SLOW},
        *,
    };

    fn kinds(language: Language, text: &str) -> Vec<String> {
        let source = Source::read(text, language).unwrap();
        let findings = Rules::new().unwrap().findings(&source, "file");
        findings.into_iter().map(|finding| format!("{}:{}", finding.kind, finding.line)).collect()
    }

    #[test]
    fn what_is_slow_is_found_on_its_line() {
        for (language, expected, text) in SLOW {
            assert_eq!(kinds(*language, text), [*expected], "{text}");
        }
    }

    #[test]
    fn what_only_looks_slow_is_left_alone() {
        for (language, text) in FINE {
            assert_eq!(kinds(*language, text), [""; 0], "{text}");
        }
    }

    #[test]
    fn every_rule_has_a_sample_in_each_of_its_languages() {
        for (rule, ..) in Rules::new().unwrap().ready {
            for language in rule.languages {
                let has_one =
                    SLOW.iter().any(|(other, expected, _)| other == language && expected.starts_with(rule.kind));
                assert!(has_one, "{} {language:?}", rule.kind);
            }
        }
    }
}
