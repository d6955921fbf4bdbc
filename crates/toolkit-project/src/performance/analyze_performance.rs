//! `analyze_performance`: what makes a project slow, each with its line, what says so, and what to do about it. It reads the
//! source, or runs the tests or a program and measures them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Kind, Place, aside};

use super::{
    finding::Finding,
    measure::{Run, Shelf, Words},
    reading::{self, LEFT_OUT},
};
use crate::{files::search::Scope, git::Git};

/// Findings in one result.
const FINDINGS_MAX: usize = 200;

/// Finds what makes a project slow.
pub(crate) struct AnalyzePerformance {
    /// The folders to work in.
    pub(crate) bench: Bench,
    /// What is asked whether a project is trusted.
    pub(crate) git: Git,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder of the project; when only its source is read, one file of it as well.
    path: String,
    /// What to look at.
    #[serde(default)]
    target: Target,
    /// The program to run and measure, such as `python main.py --all`, when `target` is `command`. No shell reads it.
    #[serde(default)]
    command: Option<String>,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Target {
    /// The source; nothing is run.
    #[default]
    Static,
    /// The tests, which are run.
    Tests,
    /// A program, which is run.
    Command,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// What makes it slow: what may bring most comes first.
    findings: Vec<Finding>,
    /// The profile that was made, to be opened by its own viewer: a file, or a folder with several.
    profile_ref: Option<String>,
    /// Files of source that were read; none when something was run.
    files_searched: usize,
    /// Whether there may be more: there was no room, or the time was over.
    truncated: bool,
    /// What was done.
    message: String,
}

impl Tool for AnalyzePerformance {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "analyze_performance";
    const ABOUT: &'static str = "Finds what makes a project slow, with the line, what says so, and what to do \
        about it. It reads the source in Go, Java, JavaScript, Python, Rust and SQL; tests and what ignore files name are left \
        out. With `target` it runs the tests, or a program of Python or Node.js, and measures where the time goes; since that \
        is the project's own code, the operator has to trust the project.";
    const MARKS: Marks = Marks::reads().long();
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"path": "web-shop"}"#,
        r#"{"path": "web-shop", "target": "tests"}"#,
        r#"{"path": "web-shop", "target": "command", "command": "python main.py --all"}"#,
    ];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let place = self.bench.roots.place("path", &input.path)?;
        match (input.target, input.command.as_deref()) {
            (Target::Static, None) => read(place, call).await,
            (Target::Tests, None) => self.measure(place, None, call).await,
            (Target::Command, Some(command)) => self.measure(place, Some(Words::of(command)?), call).await,
            (Target::Command, None) => {
                Err(Failure::invalid("command", "`command` says what to run, such as `python main.py`"))
            }
            (_, Some(_)) => Err(Failure::invalid("command", "`command` is only run with `target: \"command\"`")),
        }
    }
}

impl AnalyzePerformance {
    /// Runs the tests or a program, and measures it.
    async fn measure(&self, project: Place, words: Option<Words>, call: &Call) -> Result<Output, Failure> {
        if project.stat()?.kind != Kind::Directory {
            return Err(Failure::invalid("path", "`path` must be the folder of a project where something is run"));
        }
        if !self.git.trusts(&project) {
            let text = "what would be run is code of the project, which is not trusted";
            let hint = "the operator can name the project in SWITCHBOARD_TRUSTED_REPOSITORIES; `target: \"static\"` runs nothing";
            return Err(Failure { field: Some("target".to_owned()), ..Failure::new(Code::Forbidden, text).hint(hint) });
        }
        let profiles = Shelf::of(&project)?;
        let run = Run::new(project.clone(), profiles.clone(), call);
        let end = match &words {
            Some(words) => run.command(words).await,
            None => run.tests().await,
        };
        let measured = end.inspect_err(|_| profiles.discard_if_empty())?;
        let findings = aside(move |_| Ok((measured.findings(&project)?, measured.message))).await;
        let (mut findings, message) = findings?;
        let truncated = findings.len() > FINDINGS_MAX;
        findings.truncate(FINDINGS_MAX);
        Ok(Output { findings, profile_ref: profiles.reference(), files_searched: 0, truncated, message })
    }
}

/// Reads the source.
async fn read(place: Place, call: &Call) -> Result<Output, Failure> {
    let scope = Scope::new(place, &[], &LEFT_OUT.map(str::to_owned), &call.shared)?;
    let found = aside(move |stop| reading::of(&scope, stop)).await?;
    let mut findings = found.findings;
    findings.sort_by(|one, other| (one.gain, &one.file, one.line).cmp(&(other.gain, &other.file, other.line)));
    let truncated = !found.is_whole || findings.len() > FINDINGS_MAX;
    let message = format!("{} findings in {} files of source", findings.len(), found.files);
    findings.truncate(FINDINGS_MAX);
    Ok(Output { findings, profile_ref: None, files_searched: found.files, truncated, message })
}
