//! The official conformance suite, pinned, run against a URL: starts it, reads its summary, keeps its words.

#![expect(clippy::disallowed_methods, reason = "the suite is a program of its own")]

use std::collections::BTreeSet;
use std::process::{Command, Output};

use crate::program::built;
use crate::tools;

/// A revision of the protocol whose frozen requirements the suite can score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// 2025-11-25: 30 scenarios.
    Legacy,
    /// 2026-07-28: 37 scenarios.
    Modern,
}

impl Revision {
    fn name(self) -> &'static str {
        match self {
            Self::Legacy => "2025-11-25",
            Self::Modern => "2026-07-28",
        }
    }

    /// How many scenarios the revision requires of a server.
    pub fn required(self) -> usize {
        match self {
            Self::Legacy => 30,
            Self::Modern => 37,
        }
    }
}

/// What the suite said about a server.
#[derive(Debug)]
pub struct Score {
    passed: BTreeSet<String>,
    failed: BTreeSet<String>,
    unscored_run: usize,
    unscored_failed: BTreeSet<String>,
    exit_success: bool,
    words: String,
}

impl Score {
    /// How many required scenarios passed.
    pub fn required_passed(&self) -> usize {
        let unscored_passed = self.unscored_run - self.unscored_failed.len();
        self.passed.len() - unscored_passed
    }

    /// The required scenarios that failed.
    pub fn required_failed(&self) -> Vec<&str> {
        self.failed.difference(&self.unscored_failed).map(String::as_str).collect()
    }

    /// The scenarios outside the score that failed.
    pub fn unscored_failed(&self) -> Vec<&str> {
        self.unscored_failed.iter().map(String::as_str).collect()
    }

    /// Whether the suite itself was content with everything required.
    pub fn is_success(&self) -> bool {
        self.exit_success
    }

    /// The summary in the suite's own words.
    pub fn words(&self) -> &str {
        &self.words
    }

    fn read(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        let (_, words) = text
            .split_once("=== SUMMARY ===")
            .unwrap_or_else(|| panic!("the suite printed no summary:\n{text}\n{complaint}"));
        let (scenarios, unscored) = words.split_once("Not scored for").unwrap_or((words, ""));
        Self {
            passed: marked(scenarios, "✓ "),
            failed: marked(scenarios, "✗ "),
            unscored_run: unscored_count(unscored),
            unscored_failed: marked(unscored, "✗ "),
            exit_success: output.status.success(),
            words: words.to_owned(),
        }
    }
}

/// Scores the server at `url` by the frozen requirements of `revision`.
///
/// # Panics
///
/// When the suite itself does not run.
pub fn score_server(url: &str, revision: Revision) -> Score {
    let results = tempfile::tempdir().expect("a temporary folder can be made");
    let mut suite = Command::new(tools::node());
    suite.arg(tools::package("@modelcontextprotocol/conformance/dist/index.js"));
    suite.args(["server", "--url", url, "--requirements", revision.name(), "-o"]).arg(results.path());
    Score::read(&suite.output().expect("the installed suite starts"))
}

/// Runs one client scenario with `conformance-client`, which is the gateway and a client before it. Returns what the
/// suite said when it was not content.
///
/// # Panics
///
/// When the suite itself does not run.
pub fn check_client(scenario: &str, revision: Revision) -> Result<(), String> {
    let mut suite = Command::new(tools::node());
    suite.arg(tools::package("@modelcontextprotocol/conformance/dist/index.js"));
    suite.arg("client").arg("--command").arg(built("conformance-client"));
    suite.args(["--scenario", scenario, "--spec-version", revision.name()]);
    let output = suite.output().expect("the installed suite starts");
    if output.status.success() {
        return Ok(());
    }
    let words = [output.stdout, output.stderr].concat();
    Err(format!("{scenario}: {}", String::from_utf8_lossy(&words)))
}

/// The scenario names on lines that begin with `mark`.
fn marked(lines: &str, mark: &str) -> BTreeSet<String> {
    let name = |line: &str| line.split([':', ' ']).next().map(str::to_owned);
    lines.lines().filter_map(|line| line.trim().strip_prefix(mark)).filter_map(name).collect()
}

/// The number in `… 2025-11-25: 3 scenario(s) run, …`.
fn unscored_count(words: &str) -> usize {
    let count = words.split_once(": ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    count.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn read(summary: &str) -> Score {
        let stdout = format!("noise\n=== SUMMARY ===\n{summary}").into_bytes();
        Score::read(&Output { status: ExitStatus::from_raw(0), stdout, stderr: Vec::new() })
    }

    #[test]
    fn scenarios_outside_the_score_are_not_counted() {
        let score = read(
            "✓ ping: 2 passed, 0 failed\n✗ tools-list: 1 passed, 1 failed\n✓ polling: 1 passed, 0 failed\n\
             ✗ schema: 1 passed, 1 failed\n\nTotal: 5 passed, 2 failed\n\n\
             Not scored for 2025-11-25: 2 scenario(s) run, 1 failing. These do not affect conformance.\n  \
             ✗ schema (pending)\n",
        );
        assert_eq!(score.required_passed(), 1);
        assert_eq!(score.required_failed(), ["tools-list"]);
        assert_eq!(score.unscored_failed(), ["schema"]);
    }

    #[test]
    fn a_summary_without_unscored_scenarios_counts_everything() {
        let score = read("✓ ping: 2 passed, 0 failed\n\nTotal: 2 passed, 0 failed\n");
        assert_eq!(score.required_passed(), 1);
        assert_eq!(score.required_failed(), Vec::<&str>::new());
    }
}
