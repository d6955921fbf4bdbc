//! `find_in_files`: where a text or an expression stands, with the lines around it.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use grep_matcher::Matcher as _;
use grep_regex::RegexMatcher;
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkContextKind, SinkMatch};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, aside};

use super::search::{Scope, expression};

/// Matches in one result.
const MATCHES_MAX: usize = 5_000;
/// Lines around a match.
const CONTEXT_MAX: usize = 20;
/// Bytes of a line that are shown.
const LINE_BYTES_SHOWN: usize = 500;

/// Searches files.
pub(crate) struct FindInFiles(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder to look through, or one file.
    path: String,
    /// What to look for.
    query: String,
    /// Whether `query` is a regular expression.
    #[serde(default)]
    regex: bool,
    /// Whether capitals count.
    #[serde(default)]
    case_sensitive: bool,
    /// Only files that match one of these, such as `*.rs`.
    #[serde(default)]
    include: Vec<String>,
    /// No files that match one of these.
    #[serde(default)]
    exclude: Vec<String>,
    /// Lines to show before and after each match.
    #[serde(default = "context")]
    #[schemars(range(max = 20))]
    context: usize,
    /// The most matches to give.
    #[serde(default = "limit")]
    #[schemars(range(min = 1, max = 5_000))]
    limit: usize,
}

fn context() -> usize {
    2
}

fn limit() -> usize {
    200
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Where it stands, in the order of files and lines.
    matches: Vec<Match>,
    /// Files that were looked through.
    files_searched: u64,
    /// Whether there may be more: the limit was reached, or the time was over.
    truncated: bool,
}

/// One line in which it stands.
#[derive(Serialize, JsonSchema)]
struct Match {
    /// The file, from the folder that was looked through.
    file: String,
    /// The line, counted from 1.
    line: u64,
    /// The character of the line at which the first match begins, counted from 1.
    column: usize,
    /// The line.
    text: String,
    /// The lines before.
    before: Vec<String>,
    /// The lines after.
    after: Vec<String>,
}

impl Tool for FindInFiles {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "find_in_files";
    const ABOUT: &'static str =
        "Finds a text or a regular expression in the files of a folder; what its ignore files name is left out.";
    const MARKS: Marks = Marks::reads().idempotent();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("pattern", "query"), ("caseSensitive", "case_sensitive"), ("max_results", "limit")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": ".", "query": "TODO", "include": ["*.py"]}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        check("context", input.context, 0, CONTEXT_MAX)?;
        check("limit", input.limit, 1, MATCHES_MAX)?;
        let place = self.0.roots.place("path", &input.path)?;
        let expression = expression(&input.query, input.regex, input.case_sensitive)?;
        let scope = Scope::new(place, &input.include, &input.exclude, &call.shared)?;
        aside(move |stop| {
            let (found, files) = (Mutex::new(Vec::new()), AtomicU64::new(0));
            let complete = scope.visit(stop, || {
                let mut searcher = searcher(input.context);
                let (expression, found, files) = (&expression, &found, &files);
                move |place, file| {
                    let Ok((open, _)) = place.open() else { return true };
                    files.fetch_add(1, Ordering::Relaxed);
                    let mut finds =
                        Finds { expression, file, limit: input.limit, matches: Vec::new(), before: Vec::new() };
                    // a file that cannot be read to its end gives what it had
                    let _ = searcher.search_file(expression, &open, &mut finds);
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.append(&mut finds.matches);
                    found.len() <= input.limit
                }
            })?;
            let mut matches = found.into_inner().unwrap_or_else(PoisonError::into_inner);
            matches.sort_by(|one: &Match, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
            let truncated = !complete || matches.len() > input.limit;
            matches.truncate(input.limit);
            Ok(Output { matches, files_searched: files.into_inner(), truncated })
        })
        .await
    }
}

fn check(name: &str, value: usize, min: usize, max: usize) -> Result<(), Failure> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(Failure::invalid(name, format!("`{name}` must be a whole number from {min} to {max}")))
}

fn searcher(context: usize) -> Searcher {
    SearcherBuilder::new()
        .binary_detection(BinaryDetection::quit(0))
        .before_context(context)
        .after_context(context)
        .line_number(true)
        .build()
}

/// The matches of one file as they are found.
struct Finds<'a> {
    expression: &'a RegexMatcher,
    file: &'a str,
    limit: usize,
    matches: Vec<Match>,
    /// Lines that were seen before a match that is still to come.
    before: Vec<String>,
}

impl Sink for Finds<'_> {
    type Error = std::io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, Self::Error> {
        if self.matches.len() > self.limit {
            return Ok(false);
        }
        let line = found.bytes();
        let start = self.expression.find(line).ok().flatten().map_or(0, |place| place.start());
        self.matches.push(Match {
            file: self.file.to_owned(),
            line: found.line_number().unwrap_or_default(),
            column: String::from_utf8_lossy(&line[..start]).chars().count() + 1,
            text: shown(line),
            before: std::mem::take(&mut self.before),
            after: Vec::new(),
        });
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, context: &SinkContext<'_>) -> Result<bool, Self::Error> {
        let line = shown(context.bytes());
        match (context.kind(), self.matches.last_mut()) {
            (SinkContextKind::After, Some(last)) => last.after.push(line),
            _ => self.before.push(line),
        }
        Ok(true)
    }

    fn context_break(&mut self, _: &Searcher) -> Result<bool, Self::Error> {
        self.before.clear();
        Ok(true)
    }
}

/// A line as it is shown: without its end, and not longer than people read.
fn shown(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end_matches(['\n', '\r']);
    let end = line.floor_char_boundary(LINE_BYTES_SHOWN);
    if end < line.len() { format!("{}…", &line[..end]) } else { line.to_owned() }
}
