//! What a tool is told of the call that it serves, beside its own arguments: who calls, the shared parameters, and a way
//! to say how far it is. A call that is cancelled or out of time is dropped at its next `await`.

use std::sync::Arc;

use bytes::Bytes;
use mcp::{Envelope, Meta, Method, Splice, array, message};
use serde_json::json;
use tokio::sync::mpsc;

use crate::{
    connection::{Connection, Connections},
    failure::Failure,
    shared::Shared,
};

/// Who calls, as the gateway tells its own servers. Alone on stdio a server has one caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The principal.
    pub principal: String,
    /// The path of the gateway's endpoint through which the call came; empty outside of the gateway.
    pub endpoint: String,
}

impl Caller {
    /// The person at this machine.
    pub const LOCAL: &str = "local";

    /// As the gateway writes it into `_meta` for its own servers: the member with its key.
    pub fn to_member(&self) -> Vec<u8> {
        let value = json!({"principal": self.principal, "endpoint": self.endpoint});
        format!(r#""dev.switchboard/caller":{value}"#).into_bytes()
    }

    /// As it stands in a request.
    pub(crate) fn of(request: &Envelope) -> Self {
        let raw = request.meta_raw(Meta::Caller).unwrap_or(b"{}");
        let text = |name| {
            array::member(raw, name)
                .and_then(|span| serde_json::from_slice::<String>(span.of(raw)?).ok())
                .unwrap_or_default()
        };
        let principal = text("principal");
        let principal = if principal.is_empty() { Self::LOCAL.to_owned() } else { principal };
        Self { principal, endpoint: text("endpoint") }
    }
}

/// A call as its tool sees it.
#[derive(Debug)]
pub struct Call {
    /// Who calls.
    pub caller: Caller,
    /// What was given for the shared parameters.
    pub shared: Shared,
    pub(crate) connections: Arc<Connections>,
    pub(crate) progress: Progress,
}

impl Call {
    /// The outside system that is meant, for tools whose marks say that they reach one.
    pub fn connection(&self) -> Result<&Connection, Failure> {
        self.connections.find(&self.shared.connection)
    }

    /// All outside systems that are configured, for tools that find theirs by its address.
    pub fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.connections.all()
    }

    /// Says how far the call is: `done` of `total`, if the total is known. What a slow client does not take is dropped.
    pub fn progress(&self, done: u64, total: Option<u64>, text: &str) {
        self.progress.report(done, total, text);
    }
}

/// The way of progress to the client.
#[derive(Debug)]
pub(crate) struct Progress {
    token: Option<Bytes>,
    client: mpsc::Sender<Bytes>,
}

impl Progress {
    /// The progress of one request; silent if the client has not asked for it.
    pub(crate) fn new(request: &Envelope, client: mpsc::Sender<Bytes>) -> Self {
        let token = request.meta_members().get(Meta::ProgressToken).value;
        Self { token: token.is_some().then(|| request.slice(token)), client }
    }

    fn report(&self, done: u64, total: Option<u64>, text: &str) {
        let Some(token) = &self.token else { return };
        let mut params = json!({"progressToken": 0, "progress": done});
        if let Some(total) = total {
            params["total"] = total.into();
        }
        if !text.is_empty() {
            params["message"] = text.into();
        }
        let params = params.to_string();
        let Some(place) = array::member(params.as_bytes(), "progressToken") else { return };
        let params = Splice::new(params.as_bytes()).replace(place, token).apply();
        let _ = self.client.try_send(message::notification(Method::Progress.as_str(), &params));
    }
}
