//! The connection to one API: its base address, what is sent with every request, and the bounds of an answer.
//! Redirects are not followed, and nothing is repeated.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};

use crate::credentials::Credentials;
use crate::failure::Failure;

/// A way to one API.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    client: egress::Client,
    base: String,
    credentials: Credentials,
    answer_bytes_max: usize,
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
    /// The seconds of `Retry-After`.
    pub(crate) retry_after_s: Option<u64>,
    /// The bytes.
    pub(crate) body: Bytes,
}

impl Connection {
    /// A connection to the API at `base`.
    pub(crate) fn new(client: egress::Client, base: &str, credentials: Credentials, answer_bytes_max: usize) -> Self {
        Self { client, base: base.trim_end_matches('/').to_owned(), credentials, answer_bytes_max }
    }

    /// The method and address that the request goes to, without what identifies the gateway.
    pub(crate) fn shown(&self, ask: &Ask) -> String {
        format!("{} {}{}", ask.method, self.base, ask.path)
    }

    /// Sends the request once and reads the whole answer; the caller bounds the time.
    pub(crate) async fn exchange(&self, ask: Ask) -> Result<Answer, Failure> {
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
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = text(CONTENT_TYPE).unwrap_or_default().to_owned();
        let retry_after_s = text(RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok());
        let body = collect(response.into_body(), self.answer_bytes_max).await?;
        Ok(Answer { asked, url, status, content_type, retry_after_s, body })
    }

    #[cfg(test)]
    pub(crate) fn to_nowhere() -> Self {
        let client = egress::Client::new(egress::Options::default());
        Self::new(client, "http://127.0.0.1:9", Credentials::default(), 0)
    }

    fn address(&self, path: &str) -> String {
        let query = self.credentials.query();
        let joint = if path.contains('?') { "&" } else { "?" };
        if query.is_empty() { format!("{}{path}", self.base) } else { format!("{}{path}{joint}{query}", self.base) }
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
