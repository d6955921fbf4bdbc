//! What a container writes: the last lines, those of a time, and on request those that it goes on to write.

use std::{collections::VecDeque, time::Instant};

use bollard::{container::LogOutput, errors::Error, query_parameters::LogsOptions};
use futures_util::{Stream, StreamExt as _};
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::Call;

use crate::lines::Lines;

/// Lines of one answer.
pub(crate) const LINES_MAX: usize = 10_000;
/// Bytes of one answer: as many as a result may have.
const BYTES_MAX: usize = 1 << 20;

/// Which of its two streams is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Channel {
    /// Both, in the order in which they were written.
    #[default]
    Both,
    /// What it printed.
    Stdout,
    /// Its complaints.
    Stderr,
}

/// Which lines are wanted.
pub(crate) struct Question {
    /// Which of its two streams.
    pub(crate) channel: Channel,
    /// How many lines, the last ones.
    pub(crate) tail: usize,
    /// Not before, in seconds since 1970.
    pub(crate) since: Option<i32>,
    /// Not after, in seconds since 1970.
    pub(crate) until: Option<i32>,
    /// Whether each line begins with its moment.
    pub(crate) timestamps: bool,
    /// Only lines that fit this.
    pub(crate) grep: Option<Regex>,
    /// Go on until this moment.
    pub(crate) follow: Option<Instant>,
}

/// The lines that were read.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The newest, the oldest of them first.
    pub(crate) lines: VecDeque<String>,
    /// Whether there were more.
    pub(crate) truncated: bool,
    bytes: usize,
}

impl Question {
    /// As the engine is asked.
    pub(crate) fn options(&self) -> LogsOptions {
        // lines that do not fit do not count, so there must be more to choose from
        let tail = if self.grep.is_some() { LINES_MAX } else { self.tail };
        LogsOptions {
            follow: self.follow.is_some(),
            stdout: self.channel != Channel::Stderr,
            stderr: self.channel != Channel::Stdout,
            since: self.since.unwrap_or_default(),
            until: self.until.unwrap_or_default(),
            timestamps: self.timestamps,
            tail: tail.to_string(),
        }
    }

    /// Reads the answer to its end, or until the time is over. Each line of one that is followed is told as progress.
    pub(crate) async fn read(
        &self,
        answer: impl Stream<Item = Result<LogOutput, Error>>,
        call: &Call,
    ) -> Result<Read, Error> {
        let mut answer = std::pin::pin!(answer);
        let mut read = Read::default();
        let (mut out, mut err) = (Lines::default(), Lines::default());
        let mut told = 0;
        while let Some(piece) = self.next(&mut answer).await.transpose()? {
            let lines = match piece {
                LogOutput::StdErr { message } => err.push(&message),
                LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => {
                    out.push(&message)
                }
            };
            for line in lines.into_iter().filter(|line| self.fits(line)) {
                if self.follow.is_some() {
                    told += 1;
                    call.progress(told, None, &line);
                }
                read.keep(line, self.tail);
            }
        }
        for line in [out.finish(), err.finish()].into_iter().flatten().filter(|line| self.fits(line)) {
            read.keep(line, self.tail);
        }
        Ok(read)
    }

    async fn next<Answer>(&self, answer: &mut Answer) -> Option<Answer::Item>
    where
        Answer: Stream + Unpin,
    {
        match self.follow {
            None => answer.next().await,
            Some(end) => tokio::time::timeout_at(end.into(), answer.next()).await.ok().flatten(),
        }
    }

    fn fits(&self, line: &str) -> bool {
        self.grep.as_ref().is_none_or(|grep| grep.is_match(line))
    }
}

impl Read {
    /// Keeps the newest lines that there is room for.
    fn keep(&mut self, line: String, lines_max: usize) {
        self.bytes += line.len() + 1;
        self.lines.push_back(line);
        while self.lines.len() > lines_max || self.bytes > BYTES_MAX {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.len() + 1;
            self.truncated = true;
        }
    }

    /// As one text.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_kept() {
        let mut read = Read::default();
        for line in 0..10 {
            read.keep(line.to_string(), 3);
        }
        assert_eq!((read.text().as_str(), read.truncated), ("7\n8\n9\n", true));
        let mut read = Read::default();
        for _ in 0..1_000 {
            read.keep("x".repeat(10_000), LINES_MAX);
        }
        assert!(read.text().len() <= BYTES_MAX && read.truncated);
    }
}
