//! A lane: the way to one target, for callers that send it many requests.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header::CONTENT_LENGTH};
use http_body_util::Full;

use crate::kept::Host;
use crate::{Answer, Client, Error, Target};

/// Room for the headers of one request beside the common ones, so that the copy of these does not have to grow.
const OWN_HEADERS: usize = 8;

/// A client, a target, and the headers that every request there carries, put together once.
#[derive(Clone)]
pub struct Lane {
    client: Client,
    target: Target,
    host: Arc<Host>,
    headers: HeaderMap,
}

impl Lane {
    pub(crate) fn new(client: Client, target: Target, host: Arc<Host>, mut headers: HeaderMap) -> Self {
        headers.reserve(OWN_HEADERS);
        // Overwritten by every request, which then finds the room made.
        headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
        Self { client, target, host, headers }
    }

    /// The same way, with more headers on every request.
    pub fn carrying(&self, more: impl FnOnce(&mut HeaderMap)) -> Self {
        let mut lane = self.clone();
        more(&mut lane.headers);
        lane
    }

    /// Sends one request, whose further headers `more` writes, and returns the head of the answer.
    ///
    /// An answer that redirects is returned like any other.
    pub async fn send(
        &self,
        method: Method,
        body: Bytes,
        more: impl FnOnce(&mut HeaderMap),
    ) -> Result<Response<Answer>, Error> {
        let mut headers = self.headers.clone();
        if body.is_empty() {
            headers.remove(CONTENT_LENGTH);
        } else {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        more(&mut headers);
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = self.target.request_uri().clone();
        *request.headers_mut() = headers;
        self.client.exchange(request, &self.target, &self.host).await
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lane").field("target", &self.target).finish_non_exhaustive()
    }
}
