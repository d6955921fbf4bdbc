//! The modern way over HTTP: one POST for each request, one answer or a stream of events. It sends headers and reads
//! bodies; what a message means stands in `mod.rs`.

use bytes::Bytes;
use egress::Target;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use mcp::{Version, header, sse};
use serde_json::Value;

use super::{Request, no_answer};
use crate::Error;

/// The largest answer that is read, in bytes: the largest result a gateway carries by default.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Arguments that travel in headers as well, by the name of the header.
pub(crate) type Mirrors = Vec<(String, String)>;

/// One endpoint that answers HTTP.
pub(super) struct Http {
    client: egress::Client,
    target: Target,
}

impl Http {
    pub(super) fn new(target: Target) -> Self {
        let options = egress::Options { rules: egress::Rules::CONFIGURED, ..egress::Options::default() };
        Self { client: egress::Client::new(options), target }
    }

    /// Posts a message, dressed in the headers that repeat parts of it.
    pub(super) async fn send(&self, request: &Request, body: Bytes) -> Result<Answers, Error> {
        let mut post = http::Request::post("/")
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .header(header::PROTOCOL_VERSION, Version::LATEST.as_str())
            .header(header::METHOD, request.method);
        if let Some(name) = &request.name {
            post = post.header(header::NAME, header::encode(name).as_ref());
        }
        if let Ok(token) = std::env::var(config::env::TOKEN.name) {
            post = post.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in &request.mirrors {
            post = post.header(name, value);
        }
        let url = self.target.to_string();
        let post = post.body(Full::new(body)).map_err(|error| no_answer(&url, &error.to_string()))?;
        let unreachable = |source| Error::Unreachable { url: url.clone(), source };
        Answers::read(self.client.send(post, &self.target).await.map_err(unreachable)?, url).await
    }
}

/// What one POST was answered with.
pub(super) struct Answers {
    url: String,
    rest: Rest,
}

/// What is still to be read.
enum Rest {
    One(Option<Value>),
    Events(egress::Answer, Box<sse::Decoder>),
}

impl Answers {
    async fn read(answer: Response<egress::Answer>, url: String) -> Result<Self, Error> {
        let (head, body) = answer.into_parts();
        if head.status == StatusCode::UNAUTHORIZED {
            return Err(Error::Unauthorized { url });
        }
        if is_event_stream(&head.headers) {
            let limits = sse::Limits { line_bytes_max: ANSWER_BYTES_MAX, event_bytes_max: ANSWER_BYTES_MAX };
            return Ok(Self { url, rest: Rest::Events(body, Box::new(sse::Decoder::new(limits))) });
        }
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|source| Error::Broken { url: url.clone(), source })?.to_bytes();
        match serde_json::from_slice::<Value>(&body) {
            Ok(message) if message.is_object() => Ok(Self { url, rest: Rest::One(Some(message)) }),
            _ => Err(no_answer(&url, &format!("http status {}", head.status))),
        }
    }

    /// The next message, or none after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Value>, Error> {
        let (body, events) = match &mut self.rest {
            Rest::One(message) => return Ok(message.take()),
            Rest::Events(body, events) => (body, events),
        };
        loop {
            if let Some(event) = events.next() {
                let event = event.map_err(|error| no_answer(&self.url, &error.to_string()))?;
                return Ok(Some(serde_json::from_slice(&event.data).unwrap_or_default()));
            }
            let Some(frame) = body.frame().await else { return Ok(None) };
            let frame = frame.map_err(|error| Error::Broken { url: self.url.clone(), source: error.into() })?;
            events.push(frame.data_ref().map_or(&[], |data| data.as_ref()));
        }
    }
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
}
