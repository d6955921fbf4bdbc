//! `analyze_performance`: what makes a project slow, each with its line, what says so, and what to do about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, aside};

use super::{
    finding::Finding,
    reading::{self, LEFT_OUT},
};
use crate::files::search::Scope;

/// Findings in one result.
const FINDINGS_MAX: usize = 200;

/// Finds what makes a project slow.
pub(crate) struct AnalyzePerformance {
    /// The folders to work in.
    pub(crate) bench: Bench,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder of the project, or one file of it.
    path: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// What makes it slow: what may bring most comes first.
    findings: Vec<Finding>,
    /// Files of source that were read.
    files_searched: usize,
    /// Whether there may be more: there was no room, or the time was over.
    truncated: bool,
}

impl Tool for AnalyzePerformance {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "analyze_performance";
    const ABOUT: &'static str = "Finds what makes a project slow, with the line, what says so, and what to do \
        about it. It reads the source in Go, Java, JavaScript, Python, Rust and SQL; tests and what ignore files name are left out.";
    const MARKS: Marks = Marks::reads().long();
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "web-shop"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let place = self.bench.roots.place("path", &input.path)?;
        let scope = Scope::new(place, &[], &LEFT_OUT.map(str::to_owned), &call.shared)?;
        let found = aside(move |stop| reading::of(&scope, stop)).await?;
        let mut findings = found.findings;
        findings.sort_by(|one, other| (one.gain, &one.file, one.line).cmp(&(other.gain, &other.file, other.line)));
        let truncated = !found.is_whole || findings.len() > FINDINGS_MAX;
        findings.truncate(FINDINGS_MAX);
        Ok(Output { findings, files_searched: found.files, truncated })
    }
}
