//! A load generator: many keep-alive connections, each in a closed loop, every answer checked.
//! A wrong answer is an error and never counts as a fast one. Knows nothing about who answers.

mod ask;
mod connection;
mod endpoint;
mod latencies;
mod paced;
mod wire;

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

pub use ask::{Ask, Era};
pub use connection::Connection;
pub use endpoint::Endpoint;
pub use latencies::Latencies;
pub use paced::{Paced, Paces, Refusal, Sample};

use crate::process::{self, Usage};

/// Longest silence of the whole run before it is given up.
const STALL_MAX: Duration = Duration::from_mins(1);

/// What can go wrong with a call or with the run as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not of the form `http://IP:PORT/PATH`.
    #[error("endpoint {0:?} is not of the form http://ip:port/path")]
    Endpoint(String),
    /// The connection could not be opened, or broke.
    #[error("cannot {doing}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The answer is not HTTP as this client speaks it.
    #[error("answer is not understood: {0}")]
    Malformed(&'static str),
    /// The answer came, but it is not the right one.
    #[error("wrong answer: {0}")]
    Wrong(String),
    /// The answer is a refusal: it says what is too much, or too late.
    #[error("refused with status {status}: {answer}")]
    Refused {
        /// 408, 429 or 503; 200 where a legacy client is told in a plain answer.
        status: u16,
        /// After how many seconds it may be asked again, if the answer says so.
        retry_after_s: Option<u64>,
        /// What it says.
        answer: String,
    },
    /// Nothing moved for a minute.
    #[error("the run stalled")]
    Stalled,
}

/// When one phase of a run ends.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After this much time.
    Elapsed(Duration),
    /// After this many calls on each connection.
    CallsPerConnection(u64),
}

/// One run: what to ask, of whom, how hard, for how long.
#[derive(Clone, Debug)]
pub struct Load {
    /// Who is asked.
    pub endpoint: Endpoint,
    /// In which protocol era.
    pub era: Era,
    /// What is asked.
    pub ask: Ask,
    /// How many connections ask at the same time.
    pub connections: usize,
    /// Calls before the clock starts.
    pub warm_up: Until,
    /// Calls that count.
    pub measure: Until,
    /// Processes whose use of the machine is read before and after.
    pub watched: Vec<u32>,
}

/// What a run found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Right answers.
    pub calls: u64,
    /// Wrong or missing answers.
    pub errors: u64,
    /// The first of them, in words.
    pub first_error: Option<String>,
    /// How long the measured phase took.
    pub elapsed: Duration,
    /// The time of every right answer.
    pub latencies: Latencies,
    /// For each watched process: processor time during the measured phase, and its memory afterwards.
    pub usage: Vec<Usage>,
}

impl Report {
    /// Right answers per second.
    pub fn calls_per_second(&self) -> f64 {
        self.calls as f64 / self.elapsed.as_secs_f64()
    }

    /// Processor time per right answer of the watched process number `index`, in microseconds.
    pub fn cpu_micros_per_call(&self, index: usize) -> Option<f64> {
        let cpu = self.usage.get(index)?.cpu;
        (self.calls > 0).then(|| cpu.as_secs_f64() * 1e6 / self.calls as f64)
    }
}

impl Load {
    /// Opens the connections, warms up, then measures.
    pub async fn run(&self) -> Result<Report, Error> {
        let warm = self.drive(self.open().await?, self.warm_up).await?;
        let before = self.read_usage()?;
        let started = Instant::now();
        let mut outcome = self.drive(warm.connections, self.measure).await?;
        let elapsed = started.elapsed();
        let after = self.read_usage()?;
        outcome.latencies.sort();
        Ok(Report {
            calls: outcome.latencies.len() as u64,
            errors: warm.errors + outcome.errors,
            first_error: warm.first_error.or(outcome.first_error),
            elapsed,
            latencies: outcome.latencies,
            usage: before.iter().zip(after).map(|(before, after)| spent(before, after)).collect(),
        })
    }

    async fn open(&self) -> Result<Vec<Connection>, Error> {
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            connections.push(Connection::open(&self.endpoint, self.era, &self.ask).await?);
        }
        Ok(connections)
    }

    async fn drive(&self, connections: Vec<Connection>, until: Until) -> Result<Outcome, Error> {
        let mut loops = JoinSet::new();
        for connection in connections {
            loops.spawn(drive_one(connection, until));
        }
        let mut outcome = Outcome::default();
        let patience = match until {
            Until::Elapsed(time) => time + STALL_MAX,
            Until::CallsPerConnection(_) => STALL_MAX * 10,
        };
        let all = async {
            while let Some(Ok(one)) = loops.join_next().await {
                outcome.add(one);
            }
        };
        tokio::time::timeout(patience, all).await.map_err(|_| Error::Stalled)?;
        Ok(outcome)
    }

    fn read_usage(&self) -> Result<Vec<Usage>, Error> {
        let readings = self.watched.iter().map(|pid| process::usage(*pid));
        readings.collect::<Result<_, _>>().map_err(|source| Error::Io { doing: "read the watched process", source })
    }
}

fn spent(before: &Usage, after: Usage) -> Usage {
    Usage { cpu: after.cpu.saturating_sub(before.cpu), ..after }
}

/// What the closed loops of one phase brought back.
#[derive(Default)]
struct Outcome {
    connections: Vec<Connection>,
    latencies: Latencies,
    errors: u64,
    first_error: Option<String>,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.connections.extend(other.connections);
        self.latencies.extend(&other.latencies);
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    fn refuse(&mut self, error: &Error) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| with_causes(error));
    }
}

/// Calls on one connection until the phase ends; a broken connection is opened again, or ends the loop.
async fn drive_one(mut connection: Connection, until: Until) -> Outcome {
    let mut outcome = Outcome::default();
    let started = Instant::now();
    let mut asked = 0;
    while continues(until, started, asked) {
        asked += 1;
        let sent = Instant::now();
        match connection.call().await {
            Ok(()) => outcome.latencies.record(sent.elapsed()),
            Err(error) => {
                outcome.refuse(&error);
                if let Err(error) = connection.reopen().await {
                    outcome.refuse(&error);
                    return outcome;
                }
            }
        }
    }
    outcome.connections.push(connection);
    outcome
}

fn continues(until: Until, started: Instant, asked: u64) -> bool {
    match until {
        Until::Elapsed(time) => started.elapsed() < time,
        Until::CallsPerConnection(calls) => asked < calls,
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
