//! Load at a fixed rate: each call is due at a moment of its own, whether those before have been answered or not, and its
//! time counts from that moment. So a server that makes calls wait cannot hide it by being asked less often.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Ask, Connection, Endpoint, Era, Error, with_causes};

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

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Paces {
    /// The right answers.
    pub samples: Vec<Sample>,
    /// Wrong or missing answers.
    pub errors: u64,
    /// The first of them, in words.
    pub first_error: Option<String>,
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
            paces.samples.extend(one.samples);
            paces.errors += one.errors;
            paces.first_error = paces.first_error.or(one.first_error);
        }
        Ok(paces)
    }
}

async fn take_turns(mut connection: Connection, first: Instant, pace: Duration, stop: watch::Receiver<bool>) -> Paces {
    let mut paces = Paces::default();
    let mut due = first;
    while !*stop.borrow() {
        sleep_until(due).await;
        match connection.call().await {
            Ok(()) => paces.samples.push(Sample { due, latency: due.elapsed() }),
            Err(error) => {
                paces.errors += 1;
                paces.first_error.get_or_insert_with(|| with_causes(&error));
                // where nobody listens, the next call fails too and is counted
                let _ = connection.reconnect().await;
            }
        }
        due += pace;
    }
    paces
}
