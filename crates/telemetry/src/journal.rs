//! The newest lines of the log, kept in memory for those who ask. The oldest give way.

use std::collections::VecDeque;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// How much of the newest lines is kept, in bytes: some thousand lines, the last hours of a quiet node.
const BYTES_MAX: usize = 256 << 10;
/// What one line costs beside its text, so that short lines are bounded too.
const LINE_COST_BYTES: usize = 96;
/// How much of one line is kept: one that is longer tells no more to people.
const LINE_BYTES_MAX: usize = 4 << 10;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number; every line has the next one.
    pub number: u64,
    /// When it was written.
    pub at: SystemTime,
    /// How bad it is.
    pub level: Level,
    /// The part of the program that says it.
    pub target: String,
    /// What it says, with its values, without control characters.
    pub text: String,
}

/// The newest lines. Clones are cheap and hold the same.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<Ring>>);

#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<Line>,
    bytes: usize,
    /// Lines there have ever been.
    count: u64,
}

impl Journal {
    /// The newest lines after the one with the number `after`, at most `lines_max`, oldest first, that are `wanted`.
    pub fn after(&self, after: u64, lines_max: usize, wanted: impl Fn(&Line) -> bool) -> Vec<Line> {
        let ring = self.ring();
        let newer = ring.lines.iter().rev().take_while(|line| line.number > after);
        let mut lines: Vec<Line> = newer.filter(|line| wanted(line)).take(lines_max).cloned().collect();
        lines.reverse();
        lines
    }

    /// The number of the newest line.
    pub fn newest(&self) -> u64 {
        self.ring().count
    }

    pub(crate) fn note(&self, level: Level, target: &str, mut text: String) {
        text.truncate(text.floor_char_boundary(LINE_BYTES_MAX));
        let mut ring = self.ring();
        ring.count += 1;
        let number = ring.count;
        ring.push(Line { number, at: SystemTime::now(), level, target: target.to_owned(), text });
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn push(&mut self, line: Line) {
        self.bytes += line.cost();
        self.lines.push_back(line);
        while self.bytes > BYTES_MAX
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes -= oldest.cost();
        }
    }
}

impl Line {
    fn cost(&self) -> usize {
        self.text.len() + self.target.len() + LINE_COST_BYTES
    }
}

/// Writes every event into a journal, cleaned by `clean`.
pub(crate) struct Recorder<C> {
    pub(crate) journal: Journal,
    pub(crate) clean: C,
}

impl<S: Subscriber, C: Fn(&str) -> String + 'static> Layer<S> for Recorder<C> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        self.journal.note(level, target, (self.clean)(&(said.message + &said.values)));
    }
}

/// What an event says: its message, then its values.
#[derive(Default)]
struct Said {
    message: String,
    values: String,
}

impl Said {
    fn add(&mut self, field: &Field, value: std::fmt::Arguments<'_>) {
        // A text takes everything that is written into it.
        let _ = match field.name() {
            "message" => self.message.write_fmt(value),
            name => write!(self.values, " {name}={value}"),
        };
    }
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: Vec<Line>) -> Vec<String> {
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn newest_lines_are_kept_and_the_oldest_give_way() {
        let journal = Journal::default();
        for number in 1..=10_000 {
            journal.note(Level::INFO, "test", format!("line {number}"));
        }
        assert_eq!(texts(journal.after(0, 2, |_| true)), ["line 9999", "line 10000"]);
        let kept = journal.after(0, usize::MAX, |_| true);
        assert!(kept.len() > 1_000 && kept.len() < 10_000, "{} lines", kept.len());
        assert_eq!(journal.newest(), 10_000);
    }

    #[test]
    fn only_what_is_newer_and_wanted_is_given() {
        let journal = Journal::default();
        for (level, text) in [(Level::INFO, "a"), (Level::WARN, "b"), (Level::INFO, "c"), (Level::ERROR, "d")] {
            journal.note(level, "test", text.to_owned());
        }
        assert_eq!(texts(journal.after(1, 9, |line| line.level <= Level::WARN)), ["b", "d"]);
        assert_eq!(texts(journal.after(3, 9, |_| true)), ["d"]);
        assert_eq!(texts(journal.after(4, 9, |_| true)), [""; 0]);
    }

    #[test]
    fn endless_line_is_cut_between_two_characters() {
        let journal = Journal::default();
        journal.note(Level::INFO, "test", "é".repeat(LINE_BYTES_MAX));
        assert_eq!(journal.after(0, 1, |_| true)[0].text.len(), LINE_BYTES_MAX);
    }
}
