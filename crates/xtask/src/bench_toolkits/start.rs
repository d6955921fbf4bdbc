//! The start of a toolkit: until its first answer, and the memory that it holds when it then waits for work.

use std::{path::Path, time::Instant};

use serde_json::json;
use testkit::process;

use super::{Error, Times, talk::Talk};

/// What one toolkit needs.
pub(super) struct Start {
    /// Its name.
    pub(super) toolkit: &'static str,
    /// From the start of its process to its first answer.
    pub(super) first_answer: Times,
    /// Resident when it has told of itself and its tools, at its highest of all starts.
    pub(super) idle_bytes: u64,
}

/// Starts every toolkit several times.
pub(super) fn measure(switchboard: &Path, rounds: usize) -> Result<Vec<Start>, Error> {
    config::TOOLKITS.iter().map(|toolkit| start(switchboard, toolkit, rounds)).collect()
}

fn start(switchboard: &Path, toolkit: &'static str, rounds: usize) -> Result<Start, Error> {
    let folder = tempfile::tempdir().map_err(|source| Error::System { doing: "make a folder".to_owned(), source })?;
    let (mut first_answers, mut idle_bytes) = (Vec::with_capacity(rounds), 0);
    for _ in 0..rounds {
        let started = Instant::now();
        let mut talk = Talk::start(switchboard, toolkit, folder.path())?;
        talk.ask("server/discover", json!({}))?;
        first_answers.push(started.elapsed());
        talk.ask("tools/list", json!({}))?;
        let usage = process::usage(talk.pid());
        let usage = usage.map_err(|source| Error::System { doing: format!("look at `{toolkit}`"), source })?;
        idle_bytes = idle_bytes.max(usage.rss_bytes);
    }
    Ok(Start { toolkit, first_answer: Times::of(first_answers), idle_bytes })
}
