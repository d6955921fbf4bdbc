//! Asks the connections that exist, at an interval, whether their server still answers, ends processes that hang, and
//! tries servers again that could not be started, for as long as the node runs: there is no counter at whose end a server
//! is given up. One that worked and crashed is started again by the next call, unless it is to be warm.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use mcp::{Era, Method};

use super::{
    Connection, Upstream,
    health::{MISSES_UNTIL_DEGRADED, MISSES_UNTIL_ENDED},
    modern_http::own_params,
    processes::Keeper,
};
use crate::{call::Caller, failure::Failure, pipeline::breaker, seals::random};

/// How far an interval is lengthened or shortened by chance, so that servers are not all asked at once.
const JITTER: f64 = 0.1;
/// No two looks follow each other faster, whatever is due.
const LOOK_MIN: Duration = Duration::from_millis(100);
/// How long an answer may take, if the interval is not shorter.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

impl Upstream {
    /// Looks after this server, at each of its addresses, until it is dropped; `own` is the caller as which the gateway itself asks.
    pub fn look_after(self: &Arc<Self>, own: &Caller) {
        for one in self.others().iter().chain([self]) {
            tokio::spawn(keep_looking(Arc::downgrade(one), own.clone()));
        }
        if self.is_shared_program() {
            tokio::spawn(Keeper::new(self, own).keep());
        }
    }

    /// When to look the next time: after the interval, or earlier if a start is due.
    fn next_look(&self) -> Duration {
        let chance = u32::from_ne_bytes(random());
        let factor = 1.0 - JITTER + 2.0 * JITTER * f64::from(chance) / f64::from(u32::MAX);
        let interval = self.health_interval().mul_f64(factor);
        let now = Instant::now();
        let start = self.health.due();
        let tried_out = self.breakers.due().map(|due| start.map_or(due, |start| due.max(start)));
        let start = start.filter(|due| *due > now || self.starts_by_itself());
        let due = start.into_iter().chain(tried_out).min();
        due.map_or(interval, |due| due.saturating_duration_since(now).min(interval)).max(LOOK_MIN)
    }

    /// Whether a start that is due is made without a call that needs it.
    fn starts_by_itself(&self) -> bool {
        self.settings.start == config::Start::Warm || self.health.has_failed_to_start()
    }

    fn health_interval(&self) -> Duration {
        Duration::from_millis(self.limits.health_ms)
    }

    async fn look(self: &Arc<Self>, own: &Caller) {
        if self.health.due().is_some_and(|due| due <= Instant::now()) {
            if self.starts_by_itself() {
                // its failure is noted where it happens
                let _ = self.connection(own).await;
            } else {
                self.health.lapsed();
            }
        }
        self.try_out(own).await;
        self.ask_whether_it_answers().await;
    }

    /// Asks a server from which calls are held back for a sign of life, as often as it takes to let them through again: one
    /// that is back is found even if nobody calls it.
    async fn try_out(self: &Arc<Self>, own: &Caller) {
        while let Some(permit) = breaker::try_out(self) {
            let end = self.answers(own).await;
            let is_well = end.is_ok();
            permit.tried(end);
            if !is_well {
                return;
            }
        }
    }

    async fn answers(self: &Arc<Self>, own: &Caller) -> Result<(), Failure> {
        let limit = self.health_interval().min(ANSWER_WITHIN);
        self.connection(own).await?.still_answers(limit).await
    }

    /// Whether it lives: it is asked once in an interval, as long as it is well.
    pub(crate) async fn gives_a_sign(&self) -> Result<(), Failure> {
        self.sign.or_ask(self.health_interval(), self.answers_anywhere()).await
    }

    /// Whether it answers on any connection that stands, at any of its addresses.
    async fn answers_anywhere(&self) -> Result<(), Failure> {
        let limit = self.health_interval().min(ANSWER_WITHIN);
        let standing = self.others().iter().flat_map(|other| other.connections()).chain(self.connections());
        let answers = join_all(standing.map(|connection| async move { connection.still_answers(limit).await })).await;
        answers.into_iter().reduce(Result::or).unwrap_or(Err(Failure::Lost))
    }

    async fn ask_whether_it_answers(&self) {
        let limit = self.health_interval().min(ANSWER_WITHIN);
        let connections = self.connections();
        let failures = join_all(connections.iter().map(|connection| self.ask_one(connection, limit))).await;
        let silent = failures.into_iter().flatten().find(|(misses, _)| *misses >= MISSES_UNTIL_DEGRADED);
        self.health.silence(silent.map(|(_, failure)| format!("it does not answer: {}", failure.reason())));
    }

    /// Asks one connection; gives how often in a row it did not answer, and why.
    async fn ask_one(&self, connection: &Connection, limit: Duration) -> Option<(u32, Failure)> {
        let began = Instant::now();
        let pulse = match connection {
            Connection::Link(link) => &link.pulse,
            Connection::Session(_) | Connection::Door(_) => &self.pulse,
        };
        let answer = connection.still_answers(limit).await;
        pulse.note(answer.is_ok());
        let Err(failure) = answer else {
            self.health.answered(began.elapsed());
            return None;
        };
        if let Connection::Link(link) = connection
            && pulse.misses() >= MISSES_UNTIL_ENDED
            && link.is_quiet()
        {
            link.lost(&format!("it did not answer {MISSES_UNTIL_ENDED} times in a row"));
            link.stop_aside();
        }
        Some((pulse.misses(), failure))
    }

    /// All processes and sockets there are, each on its own; of an HTTP server one way in, for they all lead to the same.
    fn connections(&self) -> Vec<Connection> {
        let mut has_http = false;
        let mut connections = self.pool.connections();
        connections.extend(self.fresh_door().map(Connection::Door));
        connections
            .retain(|connection| matches!(connection, Connection::Link(_)) || !std::mem::replace(&mut has_http, true));
        connections
    }
}

async fn keep_looking(upstream: Weak<Upstream>, own: Caller) {
    let Some(bell) = upstream.upgrade().map(|upstream| upstream.breakers.bell()) else { return };
    while let Some(wait) = upstream.upgrade().map(|upstream| upstream.next_look()) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = bell.notified() => continue,
        }
        let Some(upstream) = upstream.upgrade() else { return };
        upstream.look(&own).await;
    }
}

impl Connection {
    /// Asks for any answer at all. A session that is gone is no silence: the next call opens another.
    async fn still_answers(&self, limit: Duration) -> Result<(), Failure> {
        let answer = match self {
            Self::Link(link) if link.peer().is_some_and(|peer| peer.era == Era::Modern) => {
                link.ask(Method::Discover, &own_params(""), limit).await
            }
            Self::Link(link) => link.ask(Method::Ping, b"{}", limit).await,
            Self::Session(session) => session.ask(Method::Ping, b"{}", limit).await,
            Self::Door(door) => door.ask(Method::Discover, None, &own_params(""), limit).await,
        };
        match answer {
            Ok(_) | Err(Failure::SessionGone) => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}
