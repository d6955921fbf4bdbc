//! The store as the rest of the program sees it. Every answer is about what is on the disk.

use std::{path::Path, sync::Arc};

use bytes::Bytes;

use crate::{
    Error,
    job::{Attempt, Claimed, Ended, Filter, Job, JobId, NewJob, Outcome, State},
    jobs,
    key::{KeyBounds, KeyEnd, KeyName, KeyState},
    keys, open,
    runs::Run,
    writer::Writer,
};

/// What a store is opened with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of this process's run; no other has it.
    pub run: String,
    /// Whose jobs are taken over: those that were submitted under the same configuration.
    pub home: String,
    /// The most bytes the file may have.
    pub bytes_max: u64,
}

/// What became of the wish to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It waited, and will not begin.
    Now,
    /// It runs: whoever runs it has to stop it.
    Running,
    /// It had ended before.
    Over(State),
    /// There is no such job.
    Unknown,
}

/// What became of the wish to begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It waits for its turn.
    Now,
    /// It is in a state from which it does not begin anew.
    Refused(State),
    /// There is no such job.
    Unknown,
}

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    home: Arc<str>,
    run: Arc<str>,
    /// Nothing for a store in memory, of which no other process knows.
    alive: Option<Arc<Run>>,
}

impl Store {
    /// Opens the store in this folder, and makes it if there is none. It takes as long as the file is checked.
    pub fn in_folder(folder: &Path, settings: &Settings) -> Result<Self, Error> {
        let connection = open::in_folder(folder, settings.bytes_max)?;
        let unusable = |source| Error::Unusable { path: folder.to_owned(), source: Arc::new(source) };
        let run = Run::begin(folder, &settings.run).map_err(unusable)?;
        Self::over(connection, settings, Some(run))
    }

    /// A store that ends with the process.
    pub fn in_memory(settings: &Settings) -> Result<Self, Error> {
        Self::over(open::in_memory(settings.bytes_max)?, settings, None)
    }

    fn over(connection: rusqlite::Connection, settings: &Settings, alive: Option<Run>) -> Result<Self, Error> {
        let no_thread = |source| Error::Unusable { path: "a thread".into(), source: Arc::new(source) };
        Ok(Self {
            writer: Writer::start(connection).map_err(no_thread)?,
            home: settings.home.as_str().into(),
            run: settings.run.as_str().into(),
            alive: alive.map(Arc::new),
        })
    }

    /// Whether it outlives the process.
    pub fn is_durable(&self) -> bool {
        self.alive.is_some()
    }

    /// Keeps a job; `false` if its owner has so many that are not finished.
    pub async fn submit(&self, job: NewJob, waiting_max: u32) -> Result<bool, Error> {
        let (home, run) = (self.home.clone(), self.run.clone());
        self.writer.run(move |connection| jobs::submit(connection, &job, (&home, &run), waiting_max)).await
    }

    /// Takes up to `count` jobs that are due and lets them run, principals in turn beginning after `last`.
    pub async fn claim(&self, last: &str, count: usize, now_ms: u64) -> Result<Vec<Claimed>, Error> {
        let (run, last) = (self.run.clone(), last.to_owned());
        self.writer.run(move |connection| jobs::claim(connection, &run, &last, count, now_ms)).await
    }

    /// When the next job is due.
    pub async fn next_due(&self) -> Result<Option<u64>, Error> {
        let run = self.run.clone();
        self.writer.run(move |connection| jobs::next_due(connection, &run)).await
    }

    /// Writes down what became of an attempt; `false` if the job was not running.
    pub async fn settle(&self, id: JobId, outcome: Outcome, now_ms: u64) -> Result<bool, Error> {
        self.writer.run(move |connection| jobs::settle(connection, id, &outcome, now_ms)).await
    }

    /// One job, if it belongs to this principal; without one, whosever it is.
    pub async fn get(&self, id: JobId, owner: Option<&str>) -> Result<Option<Job>, Error> {
        let owner = owner.map(str::to_owned);
        self.writer.run(move |connection| jobs::get(connection, id, owner.as_deref())).await
    }

    /// The request of a job.
    pub async fn request(&self, id: JobId) -> Result<Option<Bytes>, Error> {
        self.writer.run(move |connection| jobs::request(connection, id)).await
    }

    /// The answer of a job, if it was answered.
    pub async fn answer(&self, id: JobId) -> Result<Option<Ended>, Error> {
        self.writer.run(move |connection| jobs::answer(connection, id)).await
    }

    /// The attempts of a job, oldest first.
    pub async fn attempts(&self, id: JobId) -> Result<Vec<Attempt>, Error> {
        self.writer.run(move |connection| jobs::attempts(connection, id)).await
    }

    /// The jobs that a filter lets through, newest first.
    pub async fn list(&self, filter: Filter) -> Result<Vec<Job>, Error> {
        self.writer.run(move |connection| jobs::list(connection, &filter)).await
    }

    /// Cancels a job that waits.
    pub async fn cancel(&self, id: JobId, now_ms: u64) -> Result<Cancelled, Error> {
        self.writer.run(move |connection| jobs::cancel(connection, id, now_ms)).await
    }

    /// Lets a job that did not succeed begin anew; one that may have had an effect only `anyway`.
    pub async fn replay(&self, id: JobId, anyway: bool, now_ms: u64) -> Result<Replayed, Error> {
        let run = self.run.clone();
        self.writer.run(move |connection| jobs::replay(connection, id, &run, anyway, now_ms)).await
    }

    /// Forgets jobs that have ended: this one, or all in this state. Says how many.
    pub async fn purge(&self, id: Option<JobId>, state: Option<State>) -> Result<usize, Error> {
        self.writer.run(move |connection| jobs::purge(connection, id, state)).await
    }

    /// A call comes under a key: says what is known of it. If that is nothing, it is recorded that the call is made.
    pub async fn begin_key(
        &self,
        name: KeyName,
        digest: [u8; 32],
        bounds: KeyBounds,
        now_ms: u64,
    ) -> Result<KeyState, Error> {
        let (home, run, alive) = (self.home.clone(), self.run.clone(), self.alive.clone());
        self.writer
            .run(move |connection| {
                let place = keys::Place { home: &home, run: &run, alive: alive.as_deref() };
                keys::begin(connection, &place, &name, &digest, &bounds, now_ms)
            })
            .await
    }

    /// A call under a key has ended.
    pub async fn end_key(&self, name: KeyName, end: KeyEnd, bounds: KeyBounds, now_ms: u64) -> Result<(), Error> {
        let home = self.home.clone();
        self.writer.run(move |connection| keys::end(connection, &home, &name, &end, &bounds, now_ms)).await
    }

    /// Forgets what has been kept long enough.
    pub async fn sweep(&self, now_ms: u64) -> Result<usize, Error> {
        self.writer.run(move |connection| Ok(jobs::sweep(connection, now_ms)? + keys::sweep(connection, now_ms)?)).await
    }

    /// Lets go of the jobs that wait: whoever looks next takes them over.
    pub async fn release(&self) -> Result<usize, Error> {
        let run = self.run.clone();
        self.writer.run(move |connection| jobs::release(connection, &run)).await
    }

    /// Takes over what runs that have ended left, and says how many jobs go on.
    pub async fn adopt(&self, now_ms: u64) -> Result<usize, Error> {
        let Some(alive) = self.alive.clone() else { return Ok(0) };
        let (home, run) = (self.home.clone(), self.run.clone());
        let runs = self.writer.run(move |connection| jobs::active_runs(connection, &home)).await?;
        let mut adopted = 0;
        for dead in runs.into_iter().filter(|other| **other != *run) {
            let Some(heritage) = alive.take_over(&dead) else { continue };
            let (home, run) = (self.home.clone(), self.run.clone());
            let adopt = move |connection: &rusqlite::Connection| {
                keys::adopt(connection, &home, &dead, now_ms)?;
                jobs::adopt(connection, (&home, &run), &dead, now_ms)
            };
            adopted += self.writer.run(adopt).await?;
            heritage.done();
        }
        Ok(adopted)
    }
}
