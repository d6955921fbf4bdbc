//! gRPC over HTTP/2: messages in their frames, metadata, deadline, and the status that comes last.
//! Nothing is compressed, nothing is repeated.

use std::ops::ControlFlow;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, TE};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use percent_encoding::percent_decode_str;

use super::details::Details;
use crate::credentials::Credentials;
use crate::failure::Failure;
use crate::http::lost;

/// Bytes before each message: whether it is compressed, and how long it is.
const FRAME_HEAD_BYTES: usize = 5;

/// Letters of a status message that a model is shown.
const SAID_LETTERS_MAX: usize = 2_048;

/// Time after which a refusal of the moment may have passed.
const RETRY_AFTER_MS: u64 = 1_000;

/// A way to one gRPC server.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    client: egress::Client,
    base: String,
    credentials: Credentials,
    message_bytes_max: usize,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// The number; 0 is good.
    pub(super) code: u32,
    /// What the server said.
    pub(super) message: String,
    /// What it added to that.
    pub(super) details: Details,
}

impl Channel {
    /// A way to the server at `base`; messages that come may have `message_bytes_max` bytes, all of a call together.
    pub(super) fn new(client: egress::Client, base: &str, credentials: Credentials, message_bytes_max: usize) -> Self {
        Self { client, base: base.trim_end_matches('/').to_owned(), credentials, message_bytes_max }
    }

    /// Calls `path` with `messages` and gives each message that comes back to `take`, until that breaks the call off.
    pub(super) async fn call(
        &self,
        path: &str,
        messages: &[Bytes],
        deadline: Duration,
        mut take: impl FnMut(Bytes) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let target = egress::Target::parse(&format!("{}{path}", self.base)).map_err(Failure::Unreachable)?;
        let response = self.client.send_http2(self.request(messages, deadline), &target).await.map_err(lost)?;
        check_head(path, &response)?;
        let in_head = status(response.headers());
        let mut body = response.into_body();
        let mut frames =
            Frames { buffer: BytesMut::new(), left: self.message_bytes_max, bytes_max: self.message_bytes_max };
        let mut in_trailers = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Failure::Lost(None))?;
            match frame.into_data() {
                Ok(data) => {
                    frames.push(&data)?;
                    while let Some(message) = frames.next()? {
                        if take(message).is_break() {
                            return Ok(());
                        }
                    }
                }
                Err(frame) => in_trailers = frame.trailers_ref().and_then(status),
            }
        }
        match in_trailers.or(in_head) {
            Some(Status { code: 0, .. }) => Ok(()),
            Some(status) => Err(failed(path, &status)),
            None => Err(Failure::Lost(None)),
        }
    }

    fn request(&self, messages: &[Bytes], deadline: Duration) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(framed(messages)));
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        headers.extend(self.credentials.headers().clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert("grpc-accept-encoding", HeaderValue::from_static("identity"));
        // At most eight digits are allowed; in milliseconds that is more than a day.
        let millis = deadline.as_millis().min(99_999_999);
        if let Ok(timeout) = HeaderValue::try_from(format!("{millis}m")) {
            headers.insert("grpc-timeout", timeout);
        }
        request
    }
}

/// Messages in one body.
fn framed(messages: &[Bytes]) -> Bytes {
    let mut body = BytesMut::new();
    for message in messages {
        body.put_u8(0);
        body.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
        body.extend_from_slice(message);
    }
    body.freeze()
}

/// Takes messages out of the bytes of a body.
struct Frames {
    buffer: BytesMut,
    left: usize,
    bytes_max: usize,
}

impl Frames {
    fn push(&mut self, data: &[u8]) -> Result<(), Failure> {
        self.left = self.left.checked_sub(data.len()).ok_or(Failure::TooLarge { bytes_max: self.bytes_max })?;
        self.buffer.extend_from_slice(data);
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some(([compressed, length @ ..], rest)) = self.buffer.split_first_chunk::<FRAME_HEAD_BYTES>() else {
            return Ok(None);
        };
        if *compressed != 0 {
            return Err(Failure::Garbled("a compressed message that was not asked for".to_owned()));
        }
        let length = u32::from_be_bytes(*length) as usize;
        if length > self.bytes_max {
            return Err(Failure::TooLarge { bytes_max: self.bytes_max });
        }
        if rest.len() < length {
            return Ok(None);
        }
        self.buffer.advance(FRAME_HEAD_BYTES);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}

fn check_head(path: &str, response: &Response<egress::Answer>) -> Result<(), Failure> {
    let media = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if response.status().is_success() && media.starts_with("application/grpc") {
        return Ok(());
    }
    Err(Failure::Garbled(format!("{} for {path}, which is no gRPC", response.status())))
}

fn status(headers: &HeaderMap) -> Option<Status> {
    let code = headers.get("grpc-status")?.to_str().ok()?.parse().ok()?;
    let message = headers.get("grpc-message").map(|value| percent_decode_str(value.to_str().unwrap_or_default()));
    let message = message.map(|message| message.decode_utf8_lossy().into_owned()).unwrap_or_default();
    Some(Status { code, message, details: Details::read(headers) })
}

fn failed(path: &str, status: &Status) -> Failure {
    let (name, hint) = match status.code {
        1 => ("CANCELLED", "call again"),
        3 => ("INVALID_ARGUMENT", "compare the arguments with the tool's description and what the api said"),
        4 => ("DEADLINE_EXCEEDED", "give it more time with `timeout_s`"),
        5 => ("NOT_FOUND", "check the id or name: the api does not know it"),
        6 => ("ALREADY_EXISTS", "read what is there, then decide"),
        7 => ("PERMISSION_DENIED", "the operator has to check `auth` or `headers` of this server"),
        8 => ("RESOURCE_EXHAUSTED", "wait before calling again"),
        9 => ("FAILED_PRECONDITION", "see what the api said, and do that first"),
        10 => ("ABORTED", "read what is there, then decide"),
        11 => ("OUT_OF_RANGE", "ask for a smaller range"),
        12 => ("UNIMPLEMENTED", "the api is not as its description says; the operator has to check it"),
        14 => ("UNAVAILABLE", "the api has a problem of its own; try later"),
        16 => ("UNAUTHENTICATED", "the operator has to check `auth` or `headers` of this server"),
        _ => ("UNKNOWN", "see what the api said"),
    };
    let said = std::iter::once(&status.message).chain(&status.details.said).filter(|said| !said.is_empty());
    let said: Vec<&str> = said.map(String::as_str).collect();
    let advised = status.details.retry_after.map(|time| time.as_millis() as u64);
    Failure::Refused {
        message: format!("{path} answered {name}"),
        hint: hint.to_owned(),
        said: crate::tool::cut(&said.join("; "), SAID_LETTERS_MAX),
        retry_after_ms: advised.or(matches!(status.code, 8 | 14).then_some(RETRY_AFTER_MS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(chunks: &[&[u8]], bytes_max: usize) -> Result<Vec<Bytes>, Failure> {
        let mut frames = Frames { buffer: BytesMut::new(), left: bytes_max, bytes_max };
        let mut taken = Vec::new();
        for chunk in chunks {
            frames.push(chunk)?;
            while let Some(message) = frames.next()? {
                taken.push(message);
            }
        }
        Ok(taken)
    }

    #[test]
    fn messages_come_out_of_their_frames_however_the_bytes_are_cut() {
        let messages = [Bytes::from_static(b"one"), Bytes::new(), Bytes::from_static(b"three")];
        let body = framed(&messages);
        for size in 1..=body.len() {
            let chunks: Vec<&[u8]> = body.chunks(size).collect();
            assert_eq!(taken(&chunks, 100).expect("the frames are right"), messages);
        }
    }

    #[test]
    fn frames_that_are_compressed_or_too_long_are_refused() {
        assert!(matches!(taken(&[&[1, 0, 0, 0, 0]], 100), Err(Failure::Garbled(_))));
        assert!(matches!(taken(&[&[0, 255, 255, 255, 255]], 100), Err(Failure::TooLarge { .. })));
        assert!(matches!(taken(&[&[0; 60], &[0; 60]], 100), Err(Failure::TooLarge { .. })));
    }

    #[test]
    fn status_is_read_with_its_message() {
        let mut headers = HeaderMap::new();
        assert_eq!(status(&headers), None);
        headers.insert("grpc-status", HeaderValue::from_static("5"));
        headers.insert("grpc-message", HeaderValue::from_static("no%20such%20route"));
        let status = status(&headers).expect("there is a status");
        assert_eq!(status, Status { code: 5, message: "no such route".to_owned(), details: Details::default() });
        let Failure::Refused { message, said, .. } = failed("/a.B/C", &status) else { panic!("the api refused") };
        assert_eq!((message.as_str(), said.as_str()), ("/a.B/C answered NOT_FOUND", "no such route"));
    }
}
