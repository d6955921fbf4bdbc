//! The client: one method per act of the API.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use config::Folders;
use egress::{Answer, Target};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use crate::socket::socket_there;
use crate::{
    Applied, CacheStatus, Calls, Check, Cleared, Error, FaultRule, Job, JobReport, Jobs, LogLine, Logs, NewFault,
    NodeStatus, Past, PastText, Problem, Purged, QueuedCall, Restarted, Server, ServerReport,
};

/// The largest answer that is read, in bytes: a list of thousands of servers is far smaller.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of one line of a log.
const LINE_BYTES_MAX: usize = 1024 * 1024;
/// How long a node may take to answer. A test of a server waits for the server's own start and handshake.
const ANSWER_WITHIN: Duration = Duration::from_mins(2);

/// The control API of one node.
#[derive(Clone, Debug)]
pub struct Client {
    http: egress::Client,
    socket: PathBuf,
}

impl Client {
    /// The node that clients reach at `url`.
    pub fn of_node(url: &str) -> Result<Self, Error> {
        Ok(Self::at(socket_there(url, Folders::of_process().as_ref())?))
    }

    /// The node with this control socket.
    pub fn at(socket: impl Into<PathBuf>) -> Self {
        let options = egress::Options { rules: egress::Rules::CONFIGURED, ..egress::Options::default() };
        Self { http: egress::Client::new(options), socket: socket.into() }
    }

    /// The socket it talks over.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// How the node is.
    pub async fn status(&self) -> Result<NodeStatus, Error> {
        self.ask(Method::GET, "/status").await
    }

    /// Starts the program anew, which takes over all that is new; what is under way finishes at the process before.
    pub async fn restart_node(&self) -> Result<Restarted, Error> {
        self.ask(Method::POST, "/maintenance/restart").await
    }

    /// All servers.
    pub async fn servers(&self) -> Result<Vec<Server>, Error> {
        self.ask(Method::GET, "/servers").await
    }

    /// One server.
    pub async fn server(&self, name: &str) -> Result<ServerReport, Error> {
        self.ask(Method::GET, &format!("/servers/{name}")).await
    }

    /// Replaces a server by a fresh one; running calls finish on the old one.
    pub async fn restart(&self, name: &str) -> Result<Server, Error> {
        self.ask(Method::POST, &format!("/servers/{name}/restart")).await
    }

    /// Lets calls through to a server from which they are held back; it is started at once if it has to be.
    pub async fn reset_breaker(&self, name: &str) -> Result<Server, Error> {
        self.ask(Method::POST, &format!("/servers/{name}/breaker/reset")).await
    }

    /// Puts a server that was stopped back in.
    pub async fn start(&self, name: &str) -> Result<Server, Error> {
        self.ask(Method::POST, &format!("/servers/{name}/start")).await
    }

    /// Takes a server out until it is started again.
    pub async fn stop(&self, name: &str) -> Result<Server, Error> {
        self.ask(Method::POST, &format!("/servers/{name}/stop")).await
    }

    /// Starts a server if it does not run, and asks it something harmless.
    pub async fn test(&self, name: &str) -> Result<Check, Error> {
        self.ask(Method::POST, &format!("/servers/{name}/test")).await
    }

    /// Jobs, newest first.
    pub async fn jobs(&self, wanted: &Jobs) -> Result<Vec<Job>, Error> {
        self.ask(Method::GET, &format!("/jobs?{}", wanted.query())).await
    }

    /// One job.
    pub async fn job(&self, id: &str) -> Result<JobReport, Error> {
        self.ask(Method::GET, &format!("/jobs/{id}")).await
    }

    /// Cancels a job.
    pub async fn cancel_job(&self, id: &str) -> Result<Job, Error> {
        self.ask(Method::POST, &format!("/jobs/{id}/cancel")).await
    }

    /// Lets a job that did not succeed begin anew; one that may have had its effect only `anyway`.
    pub async fn retry_job(&self, id: &str, anyway: bool) -> Result<Job, Error> {
        self.ask(Method::POST, &format!("/jobs/{id}/retry?anyway={anyway}")).await
    }

    /// Forgets jobs that have ended and are in this state.
    pub async fn purge_jobs(&self, state: &str) -> Result<Purged, Error> {
        self.ask(
            Method::POST,
            &format!("/jobs/purge?{}", Jobs { state: Some(state.to_owned()), ..Jobs::default() }.query()),
        )
        .await
    }

    /// Reads the configuration again and puts it in force.
    pub async fn reload(&self) -> Result<Applied, Error> {
        self.ask(Method::POST, "/config/reload").await
    }

    /// The configurations of the past, newest first.
    pub async fn history(&self) -> Result<Vec<Past>, Error> {
        self.ask(Method::GET, "/config/history").await
    }

    /// One configuration of the past.
    pub async fn past(&self, number: u64) -> Result<PastText, Error> {
        self.ask(Method::GET, &format!("/config/history/{number}")).await
    }

    /// The calls that wait and run, or those of the newest that ended in some way.
    pub async fn queue(&self, calls: &Calls) -> Result<Vec<QueuedCall>, Error> {
        self.ask(Method::GET, &format!("/queue?{}", calls.query())).await
    }

    /// Ends a call, whether it waits or runs.
    pub async fn cancel_call(&self, id: u64) -> Result<QueuedCall, Error> {
        self.ask(Method::POST, &format!("/queue/{id}/cancel")).await
    }

    /// Makes a waiting call more or less urgent.
    pub async fn prioritise_call(&self, id: u64, class: &str) -> Result<QueuedCall, Error> {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("class", class).finish();
        self.ask(Method::POST, &format!("/queue/{id}/priority?{query}")).await
    }

    /// The rules by which faults are made on purpose.
    pub async fn faults(&self) -> Result<Vec<FaultRule>, Error> {
        self.ask(Method::GET, "/faults").await
    }

    /// Makes faults on purpose from now on.
    pub async fn add_fault(&self, fault: &NewFault) -> Result<FaultRule, Error> {
        self.ask(Method::POST, &format!("/faults?{}", fault.query())).await
    }

    /// Ends a rule by which faults are made.
    pub async fn remove_fault(&self, id: u64) -> Result<FaultRule, Error> {
        self.ask(Method::POST, &format!("/faults/{id}/remove")).await
    }

    /// What is kept of answers.
    pub async fn cache(&self) -> Result<CacheStatus, Error> {
        self.ask(Method::GET, "/cache").await
    }

    /// Drops what is kept of answers, of one server or of all.
    pub async fn clear_cache(&self, server: Option<&str>) -> Result<Cleared, Error> {
        let query = server.map(|name| format!("?server={name}")).unwrap_or_default();
        self.ask(Method::POST, &format!("/cache/clear{query}")).await
    }

    /// Says that a context has changed: the answers that depend on it are dropped.
    pub async fn change_context(&self, context: &str) -> Result<Cleared, Error> {
        let context: String = form_urlencoded::byte_serialize(context.as_bytes()).collect();
        self.ask(Method::POST, &format!("/cache/clear?context={context}")).await
    }

    /// Gives every line of the node's own log to `on_line`, until there are no more or `on_line` says false.
    pub async fn logs(&self, logs: &Logs, on_line: impl FnMut(LogLine) -> bool) -> Result<(), Error> {
        self.lines("/logs", logs, on_line).await
    }

    /// Gives every line of a server's log to `on_line`, until there are no more or `on_line` says false.
    pub async fn server_logs(
        &self,
        name: &str,
        logs: &Logs,
        on_line: impl FnMut(LogLine) -> bool,
    ) -> Result<(), Error> {
        self.lines(&format!("/servers/{name}/logs"), logs, on_line).await
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, Error> {
        let exchange = async {
            let answer = self.send(method, path).await?;
            read(answer).await
        };
        let late = |_| Error::Timeout { seconds: ANSWER_WITHIN.as_secs() };
        tokio::time::timeout(ANSWER_WITHIN, exchange).await.map_err(late)?
    }

    async fn lines(&self, path: &str, logs: &Logs, mut on_line: impl FnMut(LogLine) -> bool) -> Result<(), Error> {
        let path = format!("{path}?{}", logs.query());
        let answer = self.send(Method::GET, &path).await?;
        if !answer.status().is_success() {
            return read::<serde_json::Value>(answer).await.map(drop);
        }
        let (mut body, mut buffer) = (answer.into_body(), Vec::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Error::Broken { source: error.into() })?;
            buffer.extend_from_slice(frame.data_ref().map_or(&[], |data| data.as_ref()));
            while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = buffer.drain(..=end).collect();
                if !line.trim_ascii().is_empty() && !on_line(understood(&line)?) {
                    return Ok(());
                }
            }
            if buffer.len() > LINE_BYTES_MAX {
                return Err(Error::NotUnderstood { what: format!("a line of more than {LINE_BYTES_MAX} bytes") });
            }
        }
        Ok(())
    }

    async fn send(&self, method: Method, path: &str) -> Result<Response<Answer>, Error> {
        let no_node = |source| Error::NoNode { socket: self.socket.clone(), source };
        let target = Target::unix(&self.socket, &format!("/api/v1{path}")).map_err(no_node)?;
        let request =
            Request::builder().method(method).header(ACCEPT, "application/json").body(Full::new(Bytes::new()));
        let request = request.map_err(|error| Error::NotUnderstood { what: error.to_string() })?;
        self.http.send(request, &target).await.map_err(no_node)
    }
}

async fn read<T: DeserializeOwned>(answer: Response<Answer>) -> Result<T, Error> {
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|source| Error::Broken { source })?;
    if head.status.is_success() {
        return understood(&body.to_bytes());
    }
    let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/problem+json") {
        return Err(Error::NotUnderstood { what: format!("http status {}", head.status) });
    }
    Err(Error::Refused(understood::<Problem>(&body.to_bytes())?))
}

fn understood<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::NotUnderstood { what: error.to_string() })
}
