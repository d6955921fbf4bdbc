//! The journal of one server: what its processes wrote to stderr, in our log and in a ring that can be read later.
//! It outlives the processes. The secrets it was told of never stand in it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use telemetry::Mask;

/// How much of the newest lines is kept, in bytes: what a screen or two of `server logs` needs.
const RING_BYTES_MAX: usize = 64 << 10;
/// What one line costs beside its text, so that empty lines are bounded too.
const LINE_COST_BYTES: usize = 32;
/// Lines a second that go to our own log; a server that writes more is talking to itself.
const LOGGED_LINES_MAX: u32 = 50;
const SECOND: Duration = Duration::from_secs(1);

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was read.
    pub at: SystemTime,
    /// What it says, without secrets and without control characters.
    pub text: String,
}

/// The journal of one server. Clones are cheap and write into the same.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    server: String,
    mask: Mask,
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Entry>,
    bytes: usize,
    pace: Pace,
}

impl Journal {
    /// An empty journal of `server`, in which none of `secrets` will stand; those under eight characters are passed over.
    pub fn new(server: &str, secrets: impl IntoIterator<Item = String>) -> Self {
        let mask = Mask::of(secrets);
        Self(Arc::new(Inner { server: server.to_owned(), mask, ring: Mutex::default() }))
    }

    /// A text of this server without secrets and control characters.
    pub fn clean(&self, text: &str) -> String {
        self.0.mask.clean(text)
    }

    /// Writes one line, which has been [cleaned](Self::clean).
    pub(crate) fn note(&self, text: String) {
        let mut ring = self.ring();
        match ring.pace.step(Instant::now()) {
            Step::Log => tracing::info!(target: "server", server = self.0.server, "{text}"),
            Step::LogAfter(left_out) => {
                tracing::info!(target: "server", server = self.0.server, left_out, "{text}");
            }
            Step::LeaveOut => {}
        }
        ring.push(Entry { at: SystemTime::now(), text });
    }

    /// The newest lines, at most `lines_max`, oldest first.
    pub fn tail(&self, lines_max: usize) -> Vec<Entry> {
        let ring = self.ring();
        ring.entries.iter().skip(ring.entries.len().saturating_sub(lines_max)).cloned().collect()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn push(&mut self, entry: Entry) {
        self.bytes += entry.text.len() + LINE_COST_BYTES;
        self.entries.push_back(entry);
        while self.bytes > RING_BYTES_MAX
            && let Some(oldest) = self.entries.pop_front()
        {
            self.bytes -= oldest.text.len() + LINE_COST_BYTES;
        }
    }
}

/// Decides which lines go to our own log.
#[derive(Debug, Default)]
struct Pace {
    second: Option<Instant>,
    lines: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Log,
    /// The first line after so many that were left out.
    LogAfter(u32),
    LeaveOut,
}

impl Pace {
    fn step(&mut self, now: Instant) -> Step {
        if self.second.is_none_or(|start| now.saturating_duration_since(start) >= SECOND) {
            let left_out = self.lines.saturating_sub(LOGGED_LINES_MAX);
            *self = Self { second: Some(now), lines: 1 };
            return if left_out > 0 { Step::LogAfter(left_out) } else { Step::Log };
        }
        self.lines = self.lines.saturating_add(1);
        if self.lines > LOGGED_LINES_MAX { Step::LeaveOut } else { Step::Log }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(journal: &Journal, lines_max: usize) -> Vec<String> {
        journal.tail(lines_max).into_iter().map(|entry| entry.text).collect()
    }

    #[test]
    fn secrets_do_not_stand_in_a_clean_text() {
        let journal = Journal::new("git", ["hunter2hunter2".to_owned()]);
        assert_eq!(journal.clean("key=hunter2hunter2;"), "key=[hidden];");
    }

    #[test]
    fn the_newest_lines_can_be_read_and_the_oldest_give_way() {
        let journal = Journal::new("git", []);
        for number in 0..10_000 {
            journal.note(format!("line {number}"));
        }
        assert_eq!(texts(&journal, 2), ["line 9998", "line 9999"]);
        let kept = texts(&journal, usize::MAX);
        assert!(kept.len() < 10_000 && kept.len() > 1_000, "{} lines", kept.len());
    }

    #[test]
    fn a_flood_is_left_out_of_the_log_and_counted() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let steps: Vec<Step> = (0..60).map(|_| pace.step(start)).collect();
        assert_eq!(steps.iter().filter(|step| **step == Step::Log).count(), 50);
        assert_eq!(steps.last(), Some(&Step::LeaveOut));
        assert_eq!(pace.step(start + SECOND), Step::LogAfter(10));
        assert_eq!(pace.step(start + SECOND), Step::Log);
    }
}
