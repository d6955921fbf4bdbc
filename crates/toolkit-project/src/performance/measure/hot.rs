//! What was measured: where the time of a run has gone, and what that says. Where the source at such a place looks slow as
//! well, the finding says what to do.

use toolkit::Failure;
use workbench::Place;

use crate::performance::{
    finding::{Finding, Gain, shown},
    language::Language,
    rules::Rules,
    source::Source,
};

/// The smallest part of the time that is told of, in percent.
const SHARE_MIN: f64 = 1.0;
/// From this part on a finding may bring much, in percent.
const SHARE_HIGH: f64 = 20.0;
/// From this part on a finding may bring something, in percent.
const SHARE_MEDIUM: f64 = 5.0;
/// Bytes of a file of source.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// From so many calls on the number of calls is the first thing to look at.
const CALLS_MANY: u64 = 1_000;

/// What was measured in one run.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// The time of all that was measured, in seconds.
    pub(super) total_s: f64,
    /// The parts of it.
    pub(super) hot: Vec<Hot>,
    /// What was done.
    pub(crate) message: String,
}

/// A part of a project that takes time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hot {
    /// What kind of finding it is.
    pub(super) kind: &'static str,
    /// The file, from the folder of the project.
    pub(super) file: String,
    /// The line where it begins, counted from 1.
    pub(super) line: usize,
    /// What it is called.
    pub(super) name: String,
    /// How long it took itself, with what it called of others.
    pub(super) seconds: f64,
    /// How often it was called, where that was counted.
    pub(super) calls: Option<u64>,
}

impl Measured {
    /// What the measurement says about a project, the slowest first.
    pub(crate) fn findings(&self, project: &Place) -> Result<Vec<Finding>, Failure> {
        let rules = Rules::ready()?;
        let mut hot: Vec<&Hot> = self.hot.iter().filter(|it| self.share(it) >= SHARE_MIN).collect();
        hot.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
        Ok(hot.into_iter().map(|it| self.finding(it, project, &rules)).collect())
    }

    /// The part of the time, in percent.
    fn share(&self, hot: &Hot) -> f64 {
        if self.total_s > 0.0 { hot.seconds / self.total_s * 100.0 } else { 0.0 }
    }

    fn finding(&self, hot: &Hot, project: &Place, rules: &Rules) -> Finding {
        let share = self.share(hot);
        let gain = match share {
            share if share >= SHARE_HIGH => Gain::High,
            share if share >= SHARE_MEDIUM => Gain::Medium,
            _ => Gain::Low,
        };
        let calls = hot.calls.map_or(String::new(), |calls| format!(" in {calls} calls"));
        let evidence = format!(
            "{} took {:.3} s{calls}: {share:.1} % of the measured {:.3} s",
            shown(&hot.name),
            hot.seconds,
            self.total_s
        );
        let proposal = cause(hot, project, rules).unwrap_or_else(|| advice(hot).to_owned());
        Finding { file: hot.file.clone(), line: hot.line, kind: hot.kind.to_owned(), evidence, proposal, gain }
    }
}

/// What looks slow in the source of a function.
fn cause(hot: &Hot, project: &Place, rules: &Rules) -> Option<String> {
    let language = Language::of(&hot.file)?;
    let bytes = project.join(&hot.file).and_then(|place| place.read(FILE_BYTES_MAX)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let source = Source::read(&text, language).ok()?;
    let (first, last) = source.lines_of_function(hot.line)?;
    let found = rules.findings(&source, &hot.file).into_iter().find(|it| (first..=last).contains(&it.line))?;
    Some(format!("`{}` in line {}: {}", found.kind, found.line, found.proposal))
}

/// What to do where the source tells nothing.
fn advice(hot: &Hot) -> &'static str {
    match (hot.kind, hot.calls) {
        ("slow_test", _) => "look at what it prepares and waits for: share what is costly to make, and do not sleep",
        (_, Some(calls)) if calls >= CALLS_MANY => {
            "it is called often: call it less, keep what it gives, or do many at once"
        }
        _ => {
            "most of its time is its own and that of what it calls: do less there, do it once, or do it in larger pieces"
        }
    }
}

#[cfg(test)]
mod tests {
    use workbench::{Denied, Roots};

    use super::*;

    #[test]
    fn a_measurement_becomes_findings_with_their_share_and_cause() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.py"), "def f(rows):\n    seen = []\n    for row in rows:\n        if row not in seen:\n            seen.append(row)\n\ndef g():\n    pass\n").unwrap();
        let project = Roots::open([folder.path()], Denied::system()).unwrap().home("path");
        let hot = |line, name: &str, seconds, calls| Hot {
            kind: "hot_function",
            file: "a.py".to_owned(),
            line,
            name: name.to_owned(),
            seconds,
            calls: Some(calls),
        };
        let hot = vec![hot(7, "g", 0.5, 5_000), hot(1, "f", 1.0, 2), hot(9, "h", 0.001, 1)];
        let measured = Measured { total_s: 2.0, hot, message: String::new() };
        let findings = measured.findings(&project).unwrap();
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].evidence, "`f` took 1.000 s in 2 calls: 50.0 % of the measured 2.000 s");
        assert!(findings[0].proposal.starts_with("`linear_search_in_loop` in line 4: "), "{:?}", findings[0]);
        assert!(findings[1].proposal.starts_with("it is called often"), "{:?}", findings[1]);
        assert_eq!((findings[0].gain, findings[1].gain), (Gain::High, Gain::High));
    }
}
