//! Load at a fixed rate: each call is due at a moment of its own, whether those before have been answered or not, and its
//! time counts from that moment. So a server that makes calls wait cannot hide it by being asked less often.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Ask, Connection, Endpoint, Era, Error, Latencies, with_causes};

/// What is asked, of whom, how often.
#[derive(Clone, Debug)]
pub struct Paced {
    /// Who is asked.
    pub endpoint: Endpoint,
    /// In which protocol era.
    pub era: Era,
    /// What is asked.
    pub ask: Ask,
    /// How many connections take turns.
    pub connections: u32,
    /// Calls in a second, over all connections.
    pub rate: f64,
}

/// One right answer.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// When it was due.
    pub due: Instant,
    /// How long after that it was there.
    pub latency: Duration,
}

/// An answer that says what is too much, or too late.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// When the call was due.
    pub due: Instant,
    /// How long after the request was sent the answer was there.
    pub latency: Duration,
    /// 408, 429 or 503; 200 where a legacy client is told in a plain answer.
    pub status: u16,
    /// Whether it says when to come again.
    pub says_when: bool,
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Paces {
    /// The right answers.
    pub samples: Vec<Sample>,
    /// The refusals; each is one of the errors too.
    pub refusals: Vec<Refusal>,
    /// Wrong or missing answers.
    pub errors: u64,
    /// The first of them, in words.
    pub first_error: Option<String>,
}

impl Paces {
    /// Adds what another run found.
    pub fn add(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.refusals.extend(other.refusals);
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    /// The times of all right answers, in order.
    pub fn latencies(&self) -> Latencies {
        let mut latencies = Latencies::default();
        self.samples.iter().for_each(|sample| latencies.record(sample.latency));
        latencies.sort();
        latencies
    }

    fn refuse(&mut self, error: &Error, due: Instant, sent: Instant) {
        if let Error::Refused { status, retry_after_s, .. } = error {
            let says_when = retry_after_s.is_some();
            self.refusals.push(Refusal { due, latency: sent.elapsed(), status: *status, says_when });
        }
        self.errors += 1;
        self.first_error.get_or_insert_with(|| with_causes(error));
    }
}

impl Paced {
    /// Asks until `stop` turns true.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<Paces, Error> {
        let mut turns = JoinSet::new();
        let pace = Duration::from_secs_f64(f64::from(self.connections) / self.rate);
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            connections.push(Connection::open(&self.endpoint, self.era, &self.ask).await?);
        }
        let start = Instant::now();
        for (number, connection) in (0_u32..).zip(connections) {
            let first = start + pace * number / self.connections;
            turns.spawn(take_turns(connection, first, pace, stop.clone()));
        }
        let mut paces = Paces::default();
        while let Some(Ok(one)) = turns.join_next().await {
            paces.add(one);
        }
        Ok(paces)
    }
}

async fn take_turns(mut connection: Connection, first: Instant, pace: Duration, stop: watch::Receiver<bool>) -> Paces {
    let mut paces = Paces::default();
    let mut due = first;
    while !*stop.borrow() {
        sleep_until(due).await;
        let sent = Instant::now();
        match connection.call().await {
            Ok(()) => paces.samples.push(Sample { due, latency: due.elapsed() }),
            Err(error) => {
                paces.refuse(&error, due, sent);
                if !matches!(error, Error::Refused { .. } | Error::Wrong(_)) {
                    // where nobody listens, the next call fails too and is counted
                    let _ = connection.reconnect().await;
                }
            }
        }
        due += pace;
    }
    paces
}
