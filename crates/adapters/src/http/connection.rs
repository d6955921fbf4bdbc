//! The connection to one API: its base address, what is sent with every request, and the bounds of an answer.
//! Redirects are not followed, nothing is repeated, and what identifies the gateway never comes back to a client.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use memchr::memmem;

use crate::credentials::Credentials;
use crate::failure::Failure;

/// Secrets shorter than this are not looked for in answers: they would be found in ordinary words.
const MASKED_LETTERS_MIN: usize = 8;

/// What stands in an answer instead of a secret.
const MASK: &[u8] = "•••".as_bytes();

/// A way to one API.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    client: egress::Client,
    base: String,
    credentials: Credentials,
    bounds: Bounds,
}

/// What an answer may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The time from the request to the end of the answer.
    pub(crate) time: Duration,
    /// The bytes of the answer.
    pub(crate) bytes: usize,
}

/// A request, below the base of its API.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// The method.
    pub(crate) method: Method,
    /// Path and query, beginning with `/`.
    pub(crate) path: String,
    /// Headers of this request alone.
    pub(crate) headers: HeaderMap,
    /// What it carries.
    pub(crate) body: Bytes,
}

/// An answer, complete.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Method and path of the request, without its query.
    pub(crate) asked: String,
    /// The address of what was asked for, without its query.
    pub(crate) url: String,
    /// The status.
    pub(crate) status: StatusCode,
    /// The `Content-Type`; empty where there is none.
    pub(crate) content_type: String,
    /// The bytes.
    pub(crate) body: Bytes,
}

impl Connection {
    /// A connection to the API at `base`.
    pub(crate) fn new(client: egress::Client, base: &str, credentials: Credentials, bounds: Bounds) -> Self {
        Self { client, base: base.trim_end_matches('/').to_owned(), credentials, bounds }
    }

    /// Sends the request once and reads the whole answer.
    pub(crate) async fn exchange(&self, ask: Ask) -> Result<Answer, Failure> {
        let limit = self.bounds.time;
        tokio::time::timeout(limit, self.ask(ask)).await.unwrap_or(Err(Failure::Timeout { limit }))
    }

    async fn ask(&self, ask: Ask) -> Result<Answer, Failure> {
        let target = egress::Target::parse(&self.address(&ask.path)).map_err(Failure::Unreachable)?;
        let asked = format!("{} {}", ask.method, without_query(&ask.path));
        let url = format!("{}{}", self.base, without_query(&ask.path));
        let mut request = Request::new(Full::new(ask.body));
        *request.method_mut() = ask.method;
        *request.headers_mut() = ask.headers;
        request.headers_mut().extend(self.credentials.headers().clone());
        let response = self.client.send(request, &target).await.map_err(lost)?;
        if is_coded(response.headers()) {
            return Err(Failure::Garbled("a compressed body that was not asked for".to_owned()));
        }
        let status = response.status();
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let body = collect(response.into_body(), self.bounds.bytes).await?;
        Ok(Answer { asked, url, status, content_type, body: self.masked(body) })
    }

    fn address(&self, path: &str) -> String {
        let query = self.credentials.query();
        let joint = if path.contains('?') { "&" } else { "?" };
        if query.is_empty() { format!("{}{path}", self.base) } else { format!("{}{path}{joint}{query}", self.base) }
    }

    /// An API that shows requests back must not show the gateway's credentials to a model.
    fn masked(&self, body: Bytes) -> Bytes {
        let secrets = self.credentials.secrets().filter(|secret| secret.len() >= MASKED_LETTERS_MIN);
        secrets.fold(body, |body, secret| replaced(body, secret.as_bytes()))
    }
}

impl Ask {
    /// A request for what stands at `path`.
    pub(crate) fn get(path: &str) -> Self {
        Self { method: Method::GET, path: path.to_owned(), headers: HeaderMap::new(), body: Bytes::new() }
    }
}

impl Answer {
    /// The media type, without parameters, in small letters.
    pub(crate) fn media(&self) -> String {
        let end = self.content_type.find(';').unwrap_or(self.content_type.len());
        self.content_type[..end].trim().to_ascii_lowercase()
    }
}

/// Reads a body to its end, or to its bound.
async fn collect(mut body: egress::Answer, bytes_max: usize) -> Result<Bytes, Failure> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::Lost(None))?;
        let Ok(data) = frame.into_data() else { continue };
        if collected.len() + data.len() > bytes_max {
            return Err(Failure::TooLarge { bytes_max });
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected.freeze())
}

/// The failure of a request, by whether it may have been seen.
pub(crate) fn lost(error: egress::Error) -> Failure {
    match error.sent() {
        egress::Sent::No => Failure::Unreachable(error),
        egress::Sent::Maybe => Failure::Lost(Some(error)),
    }
}

fn is_coded(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity")
}

fn without_query(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}

fn replaced(body: Bytes, secret: &[u8]) -> Bytes {
    let places: Vec<usize> = memmem::find_iter(&body, secret).collect();
    if places.is_empty() {
        return body;
    }
    let mut masked = BytesMut::with_capacity(body.len());
    let mut from = 0;
    for place in places {
        masked.extend_from_slice(&body[from..place]);
        masked.extend_from_slice(MASK);
        from = place + secret.len();
    }
    masked.extend_from_slice(&body[from..]);
    masked.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let masked = replaced(Bytes::from_static(b"a s3cr3t-s3cr3t b s3cr3t"), b"s3cr3t");
        assert_eq!(masked, "a •••-••• b •••".as_bytes());
    }
}
