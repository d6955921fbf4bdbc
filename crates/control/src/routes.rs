//! The routes of the API below `/api/v1`, and what every one of them may use.

use std::time::SystemTime;

use client::Problem;
use http::{Method, Request, StatusCode};

use crate::reply::{Outcome, Reply, problem, refusal};
use crate::socket::Peer;
use crate::{Configuration, Restarts, cache, faults, jobs, logs, past, queue, restart, servers, status};

/// The control API of one node. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    /// The configuration and the gateway.
    pub configuration: Configuration,
    /// Where clients reach the node.
    pub listen: Vec<String>,
    /// The version of the program.
    pub version: String,
    /// When the node was started.
    pub started: SystemTime,
    /// Where a successor is asked for.
    pub restarts: Restarts,
}

impl Api {
    /// Answers one request of a process on this machine.
    pub async fn answer<B>(&self, request: Request<B>, peer: Peer) -> Reply {
        let query = request.uri().query().unwrap_or_default();
        let outcome = match request.uri().path().strip_prefix("/api/v1/") {
            Some(path) => self.route(request.method(), &path.split('/').collect::<Vec<_>>(), query, peer).await,
            None => Err(unknown()),
        };
        outcome.unwrap_or_else(|problem| refusal(&problem))
    }

    async fn route(&self, method: &Method, path: &[&str], query: &str, peer: Peer) -> Outcome {
        match (method.as_str(), path) {
            ("GET", ["status"]) => status::get(self),
            ("GET", ["logs"]) => logs::of_node(self, query),
            ("GET", ["servers"]) => servers::list(self),
            ("GET", ["servers", name]) => servers::get(self, name),
            ("GET", ["servers", name, "logs"]) => logs::of_server(self, name, query),
            ("POST", ["servers", name, "start"]) => servers::act(self, name, |current| current.start(name)),
            ("POST", ["servers", name, "stop"]) => servers::act(self, name, |current| current.stop(name)),
            ("POST", ["servers", name, "restart"]) => servers::act(self, name, |current| current.restart(name)),
            ("POST", ["servers", name, "breaker", "reset"]) => servers::reset_breaker(self, name),
            ("POST", ["servers", name, "test"]) => servers::test(self, name).await,
            ("GET", ["jobs"]) => jobs::list(self, query).await,
            ("POST", ["jobs", "purge"]) => jobs::purge(self, query).await,
            ("GET", ["jobs", id]) => jobs::get(self, id).await,
            ("POST", ["jobs", id, "cancel"]) => jobs::cancel(self, id).await,
            ("POST", ["jobs", id, "retry"]) => jobs::retry(self, id, query).await,
            ("GET", ["queue"]) => queue::list(self, query),
            ("POST", ["queue", id, "cancel"]) => queue::cancel(self, id),
            ("POST", ["queue", id, "priority"]) => queue::prioritise(self, id, query),
            ("GET", ["faults"]) => faults::list(self),
            ("POST", ["faults"]) => faults::add(self, query, peer),
            ("POST", ["faults", id, "remove"]) => faults::remove(self, id, peer),
            ("GET", ["cache"]) => cache::get(self),
            ("POST", ["cache", "clear"]) => cache::clear(self, query),
            ("POST", ["config", "reload"]) => past::reload(self).await,
            ("POST", ["maintenance", "restart"]) => restart::post(self).await,
            ("GET", ["config", "history"]) => past::list(self),
            ("GET", ["config", "history", number]) => past::get(self, number),
            _ => Err(unknown()),
        }
    }
}

fn unknown() -> Problem {
    problem(StatusCode::NOT_FOUND, "NOT_FOUND", "the control api has no such route")
}
