//! A modern Streamable HTTP server: every call is a request of its own, nothing is remembered between two.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use mcp::{Envelope, Era, Method, Version, code, header, message};

use super::{
    changes::Changes,
    http::{EventStream, Got, HttpServer, Rules, StreamOwner, follow},
};
use crate::{
    call::{Answer, Call, Exchange, Reply},
    failure::Failure,
};

const VERSION: HeaderName = HeaderName::from_static(header::PROTOCOL_VERSION);
const METHOD: HeaderName = HeaderName::from_static(header::METHOD);
const NAME: HeaderName = HeaderName::from_static(header::NAME);

/// The door to one modern server.
#[derive(Debug)]
pub struct ModernHttp {
    server: HttpServer,
    ids: AtomicU64,
    changes: Arc<Changes>,
}

impl ModernHttp {
    /// A door to `server` that tells `changes` what it hears outside of calls.
    pub fn new(server: &HttpServer, changes: Arc<Changes>) -> Self {
        let server = server.carrying(|headers| {
            headers.insert(VERSION, HeaderValue::from_static(Version::LATEST.as_str()));
            // Overwritten by every request, which then finds the room made.
            headers.insert(METHOD, HeaderValue::from_static(""));
            headers.insert(NAME, HeaderValue::from_static(""));
        });
        Self { server, ids: AtomicU64::new(0), changes }
    }

    /// An id that no other request of ours to this server has.
    pub fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Sends a call and follows it.
    pub async fn call(self: &Arc<Self>, call: &Call) -> Exchange {
        let id = self.next_id();
        let body = call.message(id, Era::Modern);
        let name = Some(&*call.own_name).filter(|name| !name.is_empty());
        let patience = self.server.limits().patience;
        let posted = self.server.post_call(id, body, |headers| {
            mirror(headers, call.method, call.request.method(), name);
            for (name, value) in &call.param_headers {
                headers.append(name, value.clone());
            }
        });
        match posted.await {
            Ok((_, Got::Message(envelope))) => Exchange::Done(Ok(Answer { envelope, era: Era::Modern })),
            Ok((_, Got::Stream(stream))) => follow(self.clone(), id, Rules::of(call), patience, stream).await,
            Ok((_, Got::Nothing)) => Exchange::Done(Err(Failure::Garbage("no answer to a request".to_owned()))),
            Ok((head, Got::Refused(status, _))) => Exchange::Done(Err(refused(status, &head.headers))),
            Err(failure) => Exchange::Done(Err(failure)),
        }
    }

    /// A request of our own, such as a list.
    pub async fn ask(
        &self,
        method: Method,
        name: Option<&str>,
        params: &[u8],
        limit: Duration,
    ) -> Result<Envelope, Failure> {
        let id = self.next_id();
        let body = message::request(id, method.as_str(), params);
        let (head, got) =
            self.server.ask(id, body, |headers| mirror(headers, method, method.as_str(), name), limit).await?;
        match got {
            Got::Message(envelope) => Ok(envelope),
            Got::Refused(status, _) => Err(refused(status, &head.headers)),
            Got::Nothing | Got::Stream(_) => Err(Failure::Garbage("no answer to a request".to_owned())),
        }
    }

    /// Opens a stream of changes.
    pub async fn listen(&self, params: &[u8]) -> Result<EventStream, Failure> {
        let id = self.next_id();
        let body = message::request(id, Method::Listen.as_str(), params);
        let (head, got) = self
            .server
            .post(id, body, |headers| mirror(headers, Method::Listen, Method::Listen.as_str(), None))
            .await?;
        match got {
            Got::Stream(stream) => Ok(stream),
            Got::Message(_) | Got::Nothing => Err(Failure::Garbage("no stream of changes".to_owned())),
            Got::Refused(status, _) => Err(refused(status, &head.headers)),
        }
    }
}

/// Puts the value of one request in the place that was kept for it.
fn overwrite(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value);
    } else {
        headers.remove(name);
    }
}

/// The headers that repeat what the body says.
fn mirror(headers: &mut HeaderMap, method: Method, written: &str, name: Option<&str>) {
    let value = match method {
        Method::Other => HeaderValue::from_str(written),
        known => Ok(HeaderValue::from_static(known.as_str())),
    };
    overwrite(headers, METHOD, value.ok());
    overwrite(headers, NAME, name.and_then(|name| HeaderValue::from_str(&header::encode(name)).ok()));
}

/// What a status without a JSON-RPC answer means for a call. The request has arrived, so only a plain refusal proves
/// that nothing happened.
pub fn refused(status: StatusCode, headers: &HeaderMap) -> Failure {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Failure::Unauthorized(status.as_u16()),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Failure::TurnedAway { status: status.as_u16(), after: retry_after(headers) }
        }
        status if status.is_client_error() => Failure::Rejected(status.as_u16()),
        status if status.is_redirection() => {
            Failure::Garbage(format!("a redirect (HTTP {status}), which is not followed"))
        }
        _ => Failure::Lost,
    }
}

/// The seconds of `Retry-After`. A date is not read: it depends on two clocks.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

impl StreamOwner for ModernHttp {
    fn era(&self) -> Era {
        Era::Modern
    }

    async fn reply(&self, question: Envelope, _: Reply) {
        tracing::warn!(
            method = question.method(),
            code = code::INVALID_REQUEST,
            "no answers are sent to modern servers"
        );
    }

    async fn resume(&self, _: &str) -> Option<EventStream> {
        None
    }

    /// Hanging up says it all.
    async fn give_up(&self, _: u64) {}

    fn unrelated(&self, notification: &Envelope) {
        self.changes.notify(notification);
    }
}

/// The `params` of a request of our own: who we are and what we can be asked, which is nothing.
pub fn own_params(more: &str) -> Bytes {
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{"_meta":{{"io.modelcontextprotocol/protocolVersion":"{}","io.modelcontextprotocol/clientCapabilities":{{"extensions":{{"io.modelcontextprotocol/tasks":{{}}}}}},"io.modelcontextprotocol/clientInfo":{{"name":"switchboard","version":"{}"}}}}{comma}{more}}}"#,
        Version::LATEST.as_str(),
        env!("CARGO_PKG_VERSION"),
    )
    .into()
}
