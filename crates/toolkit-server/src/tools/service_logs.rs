//! `service_logs`: what a service wrote, and on request what it goes on to write.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use super::service_act::SERVICE_ALIASES;
use crate::{
    journal::{self, Answer, Cursor, Entry, LINES_MAX, Priority, Question, Since},
    units::{Manager, UnitName},
};

/// Between two looks at a journal that is followed: soon enough for people, seldom enough for the machine.
const PAUSE: Duration = Duration::from_millis(500);
/// What is left of the time of a call when following ends, so that its entries still get out.
const MARGIN: Duration = Duration::from_secs(2);

/// Reads logs.
pub(crate) struct ServiceLogs;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The service, by its name: `nginx` or `nginx.service`.
    service: String,
    /// How many entries, the last ones; at most 1000.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 1000))]
    lines: usize,
    /// Only from then on: `15m`, `2h`, `7d`, or a moment such as `2026-07-28T12:34:56Z`.
    since: Option<String>,
    /// Only entries that are at least so grave.
    priority: Option<Priority>,
    /// Only entries behind this place: the `next_cursor` of an answer before.
    cursor: Option<String>,
    /// Goes on until `timeout_s` is over; each entry is also told as progress.
    #[serde(default)]
    follow: bool,
}

fn hundred() -> usize {
    100
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The oldest first.
    entries: Vec<Entry>,
    /// Whether entries were left out before the first of these.
    truncated: bool,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl Tool for ServiceLogs {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "service_logs";
    const ABOUT: &'static str = "Reads what a service wrote to the journal: the last entries, those since a moment, or those \
        behind a place. With `follow` it goes on and tells each new entry as progress.";
    const MARKS: Marks = Marks::reads().long();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = SERVICE_ALIASES;
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"service": "nginx"}"#,
        r#"{"service": "nginx", "since": "1h", "priority": "err"}"#,
        r#"{"service": "nginx", "follow": true, "timeout_s": 60}"#,
    ];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let question = input.question(call)?;
        // a name that nobody knows has no entries either, and would look like a quiet service
        let manager = Manager::find().await?;
        manager.check_journal()?;
        manager.status(&question.unit).await?;
        if input.follow { follow(question, call).await } else { Ok(once(journal::ask(&question).await?)) }
    }

    fn text(output: &Output) -> Option<String> {
        Some(output.entries.iter().map(|entry| entry.line() + "\n").collect())
    }
}

impl Input {
    fn question(&self, call: &Call) -> Result<Question, Failure> {
        if !(1..=LINES_MAX).contains(&self.lines) {
            return Err(Failure::invalid("lines", format!("`lines` must be from 1 to {LINES_MAX}")));
        }
        Ok(Question {
            unit: UnitName::parse(&self.service)?,
            lines: self.lines,
            since: self.since.as_deref().map(Since::parse).transpose()?,
            priority: self.priority,
            cursor: self.cursor.as_deref().map(Cursor::parse).transpose()?,
            time_max: call.shared.timeout,
        })
    }
}

fn once(answer: Answer) -> Output {
    Output { entries: answer.entries, truncated: false, next_cursor: answer.cursor.map(Cursor::into_text) }
}

/// Asks again and again behind the last place. Whoever leaves drops this future, and with it the program that reads.
async fn follow(mut question: Question, call: &Call) -> Result<Output, Failure> {
    let end = Instant::now() + call.shared.timeout.saturating_sub(MARGIN);
    let mut entries: Vec<Entry> = Vec::new();
    let mut told = 0;
    let mut truncated = false;
    loop {
        let answer = journal::ask(&question).await?;
        for entry in &answer.entries {
            told += 1;
            call.progress(told, None, &entry.line());
        }
        entries.extend(answer.entries);
        truncated |= entries.len() > LINES_MAX;
        entries.drain(..entries.len().saturating_sub(LINES_MAX));
        question.cursor = answer.cursor.or(question.cursor);
        if Instant::now() + PAUSE >= end {
            let next_cursor = question.cursor.map(Cursor::into_text);
            return Ok(Output { entries, truncated, next_cursor });
        }
        tokio::time::sleep(PAUSE).await;
    }
}
