//! The journal of systemd, read by its own program: entries of one service, from a moment or a place in it on.

mod since;

use std::{
    collections::VecDeque,
    time::{Duration, UNIX_EPOCH},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use toolkit::{Failure, moment};

pub(crate) use self::since::Since;
use crate::{programs::JOURNALCTL, shown, units::UnitName};

/// Entries in one answer at most: as many as a list shows on a page.
pub(crate) const LINES_MAX: usize = 1_000;
/// Bytes that the program may write for one answer: a thousand entries of a few kilobytes.
const BYTES_MAX: usize = 8 << 20;
/// Bytes of a place in the journal; systemd writes about 150.
const CURSOR_BYTES_MAX: usize = 512;
/// How long a status waits for the last entries: a journal that takes longer is on a disk in trouble.
const LOOK_WAIT: Duration = Duration::from_secs(10);
/// What is read of an entry; the rest is not even written by the program.
const FIELDS: &str = "--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_PID";

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Entry {
    timestamp: String,
    /// `emerg`, `alert`, `crit`, `err`, `warning`, `notice`, `info` or `debug`.
    priority: &'static str,
    /// The program that wrote it.
    identifier: String,
    pid: Option<u32>,
    pub(crate) message: String,
}

impl Entry {
    /// As a line of a log.
    pub(crate) fn line(&self) -> String {
        let pid = self.pid.map(|pid| format!("[{pid}]")).unwrap_or_default();
        format!("{} {}{pid}: {}", self.timestamp, self.identifier, self.message)
    }
}

/// How grave an entry must at least be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Priority {
    /// The machine is of no use.
    Emerg,
    /// Somebody must act at once.
    Alert,
    /// Something has broken.
    Crit,
    /// Something has gone wrong.
    #[serde(alias = "error")]
    Err,
    /// Something may go wrong.
    #[serde(alias = "warn")]
    Warning,
    /// Something that is worth a look.
    Notice,
    /// What happens every day.
    Info,
    /// What only helps to find mistakes.
    Debug,
}

/// Names of the priorities, by their numbers.
const PRIORITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

impl Priority {
    fn name(self) -> &'static str {
        PRIORITIES[self as usize]
    }
}

/// What is wanted of the journal.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Of which service.
    pub(crate) unit: UnitName,
    /// How many entries at most, the last ones.
    pub(crate) lines: usize,
    /// From when on.
    pub(crate) since: Option<Since>,
    /// How grave at least.
    pub(crate) priority: Option<Priority>,
    /// Behind which place.
    pub(crate) cursor: Option<Cursor>,
    /// How long the answer may take.
    pub(crate) time_max: Duration,
}

impl Question {
    /// The last entries of a service, whatever they are.
    pub(crate) fn last(unit: UnitName, lines: usize) -> Self {
        Self { unit, lines, since: None, priority: None, cursor: None, time_max: LOOK_WAIT }
    }
}

/// A place in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(String);

impl Cursor {
    /// The place that a caller names: the `next_cursor` of an answer before.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let fits = text.len() <= CURSOR_BYTES_MAX
            && text.starts_with("s=")
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=;".contains(&byte));
        if fits {
            return Ok(Self(text.to_owned()));
        }
        let text = format!("`{}` is no place in the journal", shown::short(text));
        Err(Failure::invalid("cursor", text).hint("use the `next_cursor` of the answer before"))
    }

    /// As callers see it.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// What the journal has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The entries, the oldest first.
    pub(crate) entries: Vec<Entry>,
    /// The place of the last one.
    pub(crate) cursor: Option<Cursor>,
}

/// Asks the journal.
pub(crate) async fn ask(question: &Question) -> Result<Answer, Failure> {
    let mut command = JOURNALCTL
        .command()
        .words(["--output=json", FIELDS])
        .option("--unit", question.unit.as_str())?
        .time_max(question.time_max)
        .stdout_bytes_max(BYTES_MAX)
        .why("the journal has what the service wrote");
    if let Some(priority) = question.priority {
        command = command.option("--priority", priority.name())?;
    }
    command = match &question.cursor {
        // behind a place the first entries are wanted, so nothing is left out in between
        Some(cursor) => command.option("--after-cursor", &cursor.0)?,
        None => command.option("--lines", &question.lines.to_string())?,
    };
    // the program takes a moment or a place, not both, and the place is the later one
    if let (Some(since), None) = (&question.since, &question.cursor) {
        command = command.option("--since", since.as_str())?;
    }
    let outcome = command.succeed().await?;
    Ok(parse(&outcome.stdout, question.lines, question.cursor.is_some()))
}

/// What the program wrote: an object on each line. Behind a place the first entries count, otherwise the last.
fn parse(printed: &str, lines: usize, first: bool) -> Answer {
    let mut entries = VecDeque::new();
    for (entry, cursor) in printed.lines().filter_map(parse_line) {
        if entries.len() == lines {
            if first {
                break;
            }
            entries.pop_front();
        }
        entries.push_back((entry, cursor));
    }
    let cursor = entries.back().and_then(|(_, cursor)| Cursor::parse(cursor).ok());
    Answer { entries: entries.into_iter().map(|(entry, _)| entry).collect(), cursor }
}

fn parse_line(line: &str) -> Option<(Entry, String)> {
    let object: Map<String, Value> = serde_json::from_str(line).ok()?;
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let microseconds = text("__REALTIME_TIMESTAMP")?.parse().ok()?;
    let priority = text("PRIORITY").and_then(|number| number.parse::<usize>().ok()).unwrap_or(6);
    let entry = Entry {
        timestamp: moment::rfc3339(UNIX_EPOCH + Duration::from_micros(microseconds)),
        priority: PRIORITIES.get(priority).copied().unwrap_or("info"),
        identifier: text("SYSLOG_IDENTIFIER").unwrap_or_default().to_owned(),
        pid: text("_PID").and_then(|pid| pid.parse().ok()),
        message: object.get("MESSAGE").map(message).unwrap_or_default(),
    };
    Some((entry, text("__CURSOR")?.to_owned()))
}

/// A message that is no text comes as its bytes.
fn message(value: &Value) -> String {
    let bytes = value.as_array().into_iter().flatten().filter_map(|byte| u8::try_from(byte.as_u64()?).ok());
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(second: u64, message: &Value) -> String {
        json!({
            "__REALTIME_TIMESTAMP": (second * 1_000_000).to_string(), "__CURSOR": format!("s=a;i={second}"),
            "PRIORITY": "3", "SYSLOG_IDENTIFIER": "nginx", "_PID": "42", "MESSAGE": message,
        })
        .to_string()
    }

    #[test]
    fn an_entry_is_read_from_its_line() {
        let check = |message: Value, expected: &str| {
            let answer = parse(&line(951_782_399, &message), 10, false);
            assert_eq!(answer.entries[0].line(), format!("2000-02-28T23:59:59Z nginx[42]: {expected}"));
            assert_eq!((answer.entries[0].priority, answer.cursor.unwrap().0), ("err", "s=a;i=951782399".to_owned()));
        };
        check(json!("it broke"), "it broke");
        check(json!([105, 116, 255]), "it\u{fffd}");
        check(Value::Null, "");
    }

    #[test]
    fn the_last_entries_count_and_behind_a_place_the_first() {
        let printed: String = (1..=5).map(|second| line(second, &json!(second.to_string())) + "\n").collect();
        let check = |first, expected: [&str; 2], cursor: &str| {
            let answer = parse(&printed, 2, first);
            let messages: Vec<&str> = answer.entries.iter().map(|entry| entry.message.as_str()).collect();
            assert_eq!((messages, answer.cursor.unwrap().0.as_str()), (expected.to_vec(), cursor));
        };
        check(false, ["4", "5"], "s=a;i=5");
        check(true, ["1", "2"], "s=a;i=2");
        assert_eq!(parse("-- No entries --\n{\"a\":1}\n", 2, false), Answer::default());
    }

    #[test]
    fn a_place_is_what_systemd_writes() {
        let check = |text: &str, expected: bool| assert_eq!(Cursor::parse(text).is_ok(), expected, "{text:.60}");
        check("s=a971736da673463ea76bc6a2825efa1d;i=44;b=7bb2;m=5457e39c4;t=660ce2d4a77db;x=66c5", true);
        check("", false);
        check("--file=/etc/shadow", false);
        check("s=a b", false);
        check("s=a\n", false);
        check(&format!("s={}", "a".repeat(100_000)), false);
    }
}
