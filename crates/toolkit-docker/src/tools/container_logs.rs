//! `container_logs`: what a container wrote, and on request what it goes on to write.

use std::time::{Duration, Instant, SystemTime};

use regex::RegexBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    container::Container,
    engine::Engine,
    error::During as _,
    logs::{Channel, LINES_MAX, Question},
    moment, shown,
};

/// What is left of the time of a call when following ends, so that its lines still get out.
const MARGIN: Duration = Duration::from_secs(1);
/// Bytes that a compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Reads logs.
pub(crate) struct ContainerLogs;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The container: its name, its id, or the beginning of its id.
    container: String,
    /// How many lines, the last ones; at most 10000.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 10_000))]
    tail: usize,
    /// Only from then on: `15m`, `2h`, `7d`, or a moment such as `2026-07-28T12:34:56Z`.
    since: Option<String>,
    /// Only until then, in the same form.
    until: Option<String>,
    /// Whether each line begins with its moment.
    #[serde(default = "yes")]
    timestamps: bool,
    /// Goes on until `timeout_s` is over; each line is also told as progress.
    #[serde(default)]
    follow: bool,
    /// Only lines that fit this regular expression.
    grep: Option<String>,
    /// Which of its two streams.
    #[serde(default)]
    stream: Channel,
}

fn hundred() -> usize {
    100
}

fn yes() -> bool {
    true
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Its name.
    container: String,
    /// How many lines there are here.
    lines: usize,
    /// The lines, the oldest first.
    logs: String,
    /// Whether there were more before them.
    truncated: bool,
}

impl Tool for ContainerLogs {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "container_logs";
    const ABOUT: &'static str = "Reads what a container wrote: the last lines, those of a time, or those that fit a pattern. \
        With `follow` it goes on and tells each new line as progress.";
    const MARKS: Marks = Marks::reads().long().connects();
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"container": "web"}"#,
        r#"{"container": "web", "since": "1h", "grep": "error|panic"}"#,
        r#"{"container": "web", "follow": true, "timeout_s": 60}"#,
    ];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let question = input.question(call)?;
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        let answer = engine.logs(&container.id, Some(question.options()));
        let read = question.read(answer, call).await.during(format!("read the logs of `{}`", container.name))?;
        Ok(Output { container: container.name, lines: read.lines.len(), logs: read.text(), truncated: read.truncated })
    }

    fn text(output: &Output) -> Option<String> {
        Some(output.logs.clone())
    }
}

impl Input {
    fn question(&self, call: &Call) -> Result<Question, Failure> {
        if !(1..=LINES_MAX).contains(&self.tail) {
            return Err(Failure::invalid("tail", format!("`tail` must be from 1 to {LINES_MAX}")));
        }
        let now = SystemTime::now();
        let read = |field: &str, text: &Option<String>| {
            text.as_deref().map(|text| moment::parse(field, text, now)).transpose()
        };
        let grep = self.grep.as_deref().map(|pattern| {
            let built = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build();
            built.map_err(|error| {
                Failure::invalid(
                    "grep",
                    format!("`grep` is no regular expression: {}", shown::short(&error.to_string())),
                )
            })
        });
        Ok(Question {
            channel: self.stream,
            tail: self.tail,
            since: read("since", &self.since)?,
            until: read("until", &self.until)?,
            timestamps: self.timestamps,
            grep: grep.transpose()?,
            follow: self.follow.then(|| Instant::now() + call.shared.timeout.saturating_sub(MARGIN)),
        })
    }
}
