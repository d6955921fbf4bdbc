//! The three methods of `switchboard.v1.Mcp`: one request with or without what is told while it runs, and a session in
//! both directions. What the client gives up, by leaving or by its deadline, ends at the server too.

use std::{
    future::{Ready, pending, ready},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, stream};
use mcp::{Envelope, Kind, Meta, Method, ScanLimits, code, message};
use tokio::sync::mpsc;
use tonic::{Code, Response, Status, Streaming, server::StreamingService};

use super::{
    super::{
        Reply, STREAM_QUEUE,
        duplex::{self, Duplex},
        modern,
    },
    words,
};
use crate::{
    catalogue::Endpoint, gateway::Gateway, intake::within, leaving::Underway, pipeline::wishes::Wishes,
    principal::Visitor, route::Inbound,
};

/// Which of the three methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One request, one answer.
    Call,
    /// One request, all that comes of it.
    Stream,
    /// Messages in both directions.
    Session,
}

impl Shape {
    /// By its name behind that of the service.
    pub(super) fn named(method: &str) -> Option<Self> {
        match method {
            "/Call" => Some(Self::Call),
            "/Stream" => Some(Self::Stream),
            "/Session" => Some(Self::Session),
            _ => None,
        }
    }
}

/// A method that a client has opened.
#[derive(Clone)]
pub(super) struct Opened {
    pub(super) gateway: Gateway,
    pub(super) visitor: Visitor,
    pub(super) shape: Shape,
    pub(super) deadline: Option<Duration>,
    pub(super) underway: Underway,
}

type Incoming = Streaming<words::Request>;
type Outbox = mpsc::Sender<Result<words::Reply, Status>>;

impl StreamingService<words::Request> for Opened {
    type Response = words::Reply;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<words::Reply, Status>> + Send>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: tonic::Request<Incoming>) -> Self::Future {
        let (out, mut outbox) = mpsc::channel(STREAM_QUEUE);
        tokio::spawn(self.clone().follow(request.into_inner(), out));
        ready(Ok(Response::new(Box::pin(stream::poll_fn(move |context| outbox.poll_recv(context))))))
    }
}

impl Opened {
    /// Goes on until all is said, the client has left, or its deadline has passed.
    async fn follow(self, incoming: Incoming, out: Outbox) {
        let deadline = async {
            match self.deadline {
                Some(deadline) => tokio::time::sleep(deadline).await,
                None => pending().await,
            }
        };
        let end = tokio::select! {
            end = self.answer(incoming, &out) => end,
            () = deadline => Err(Status::deadline_exceeded("the deadline of the call has passed: it was cancelled")),
            () = out.closed() => return,
        };
        if let Err(status) = end {
            let _ = out.send(Err(status)).await;
        }
    }

    async fn answer(&self, mut incoming: Incoming, out: &Outbox) -> Result<(), Status> {
        let patience = Duration::from_millis(self.gateway.limits.body_read_ms_max);
        let first = match self.shape {
            Shape::Session => next(&mut incoming).await?,
            Shape::Call | Shape::Stream => within(patience, next(&mut incoming))
                .await
                .ok_or_else(|| Status::deadline_exceeded("the request took longer than limits.body_read_ms_max"))??,
        };
        let Some(first) = first else { return Err(Status::invalid_argument("a request has to come first")) };
        let endpoint = first.endpoint().unwrap_or(Endpoint::All);
        if !self.gateway.catalogue.seen_by(&self.visitor.principal).has(&endpoint) {
            return Err(Status::not_found("there is no server or bundle of this name"));
        }
        match self.shape {
            Shape::Call | Shape::Stream => self.one(endpoint, first, out).await,
            Shape::Session => self.converse(endpoint, first, incoming, out).await,
        }
    }

    /// One request and what comes of it; of a call only the last, which is the answer.
    async fn one(&self, endpoint: Endpoint, request: words::Request, out: &Outbox) -> Result<(), Status> {
        let held = &self.visitor.principal.lasting.held;
        let reply = match self.read(&request).and_then(|message| self.fits(message)) {
            Ok(request) => {
                let caller = modern::caller(&self.gateway, self.visitor.principal.clone(), &request);
                let inbound = Inbound { caller, endpoint, request, param_headers: None, wishes: Wishes::default() };
                modern::handle(&self.gateway, inbound).await
            }
            Err(reply) => reply,
        };
        match reply {
            Reply::Accepted => Err(Status::internal("the request was not answered")),
            Reply::One(answer, _) => said(out, held.count(answer)).await,
            Reply::Many(messages) if self.shape == Shape::Call => said(out, held.count(last(messages).await?)).await,
            Reply::Many(mut messages) => {
                while let Some(message) = messages.recv().await {
                    said(out, held.count(message)).await?;
                }
                Ok(())
            }
        }
    }

    /// The message in a payload, if its headers agree with it. It counts among what is held for the principal.
    fn read(&self, request: &words::Request) -> Result<Envelope, Reply> {
        let limits = ScanLimits { depth_max: self.gateway.limits.json_depth_max as u32 };
        let payload = self.visitor.principal.lasting.held.count(request.payload.clone());
        let message = Envelope::parse(&payload, limits)
            .map_err(|invalid| Reply::error(None, invalid.code(), &invalid.to_string(), true))?;
        match request.headers.as_ref().and_then(|headers| differing(headers, &message)) {
            None => Ok(message),
            Some(header) => {
                let text = format!("the header `{header}` differs from the payload");
                Err(Reply::error(message.id(), code::HEADER_MISMATCH, &text, true))
            }
        }
    }

    /// Only what is complete in itself can be asked outside of a session.
    fn fits(&self, request: Envelope) -> Result<Envelope, Reply> {
        let refuse = |code, text| Err(Reply::One(message::error(request.id(), code, text, None), 400));
        if request.kind() != Kind::Request {
            return refuse(code::INVALID_REQUEST, "only a request can be sent here: other messages go into a Session");
        }
        if request.meta_members().get(Meta::ProtocolVersion).value.is_none() {
            let text = "no session: open a Session and send `initialize`, or name the protocol version in `_meta`";
            return refuse(code::NO_SESSION, text);
        }
        if self.shape == Shape::Call && Method::parse(request.method()) == Method::Listen {
            return refuse(code::INVALID_REQUEST, "`subscriptions/listen` has more than one answer: use Stream");
        }
        duplex::check(&request).map(|()| request)
    }

    /// A conversation. When the client has said all, or the node stops, what has been asked is still answered.
    async fn converse(
        &self,
        endpoint: Endpoint,
        first: words::Request,
        mut incoming: Incoming,
        out: &Outbox,
    ) -> Result<(), Status> {
        let (sender, mut messages) = mpsc::channel(STREAM_QUEUE);
        let session = Open(Duplex::new(&self.gateway, self.visitor.clone(), endpoint.clone(), sender));
        let writing = async {
            while let Ok(place) = out.reserve().await {
                let Some(message) = messages.recv().await else { return };
                place.send(Ok(words::Reply::of(message)));
            }
        };
        let reading = async {
            let end = self.listen(&session.0, &endpoint, first, &mut incoming).await;
            session.0.settled().await;
            end
        };
        let end = tokio::select! {
            end = reading => end,
            () = writing => return Ok(()),
        };
        while let Ok(message) = messages.try_recv() {
            said(out, message).await?;
        }
        end
    }

    /// Takes what the client says until it has said all.
    async fn listen(
        &self,
        session: &Arc<Duplex>,
        endpoint: &Endpoint,
        first: words::Request,
        incoming: &mut Incoming,
    ) -> Result<(), Status> {
        let mut underway = self.underway.clone();
        let mut heard = Some(first);
        while let Some(request) = heard {
            if request.endpoint().is_some_and(|named| named != *endpoint) {
                return Err(Status::invalid_argument("a session stays at the endpoint of its first message"));
            }
            match self.read(&request) {
                Ok(message) => session.take(message).await,
                Err(reply) => session.pass_on(reply).await,
            }
            heard = tokio::select! {
                heard = next(incoming) => heard?,
                () = underway.leaves() => return Err(Status::unavailable("the gateway is going: open the session again")),
            };
        }
        Ok(())
    }
}

/// A session that is open for as long as somebody follows it.
struct Open(Arc<Duplex>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The next message of the client, if it has not said all.
async fn next(incoming: &mut Incoming) -> Result<Option<words::Request>, Status> {
    incoming.message().await.map_err(|status| match status.code() {
        Code::OutOfRange => Status::resource_exhausted("the message is larger than limits.body_bytes_max"),
        _ => status,
    })
}

/// The last of what comes of a request: its answer.
async fn last(mut messages: mpsc::Receiver<Bytes>) -> Result<Bytes, Status> {
    let mut last = None;
    while let Some(message) = messages.recv().await {
        last = Some(message);
    }
    last.ok_or_else(|| Status::internal("the request was not answered"))
}

async fn said(out: &Outbox, message: Bytes) -> Result<(), Status> {
    out.send(Ok(words::Reply::of(message))).await.map_err(|_| Status::cancelled("the client has left"))
}

/// The first header that does not say what the message says.
fn differing(headers: &words::RequestHeaders, message: &Envelope) -> Option<&'static str> {
    let name = || {
        let token = message.param_raw(Method::parse(message.method()).mirrored()?)?;
        serde_json::from_slice::<String>(token).ok()
    };
    let differs = |told: &str, stands: Option<&str>| !told.is_empty() && stands != Some(told);
    if differs(&headers.protocol_version, message.meta_text(Meta::ProtocolVersion)) {
        Some("protocol_version")
    } else if differs(&headers.method, Some(message.method())) {
        Some("method")
    } else if !headers.name.is_empty() && differs(&headers.name, name().as_deref()) {
        Some("name")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &words::RequestHeaders, expected: Option<&str>) {
        let payload = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"l\u00e4uft",
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        let message = Envelope::parse(&Bytes::from_static(payload), ScanLimits::default()).unwrap();
        assert_eq!(differing(headers, &message), expected, "{headers:?}");
    }

    #[test]
    fn headers_that_are_given_agree_with_the_payload() {
        let headers = |protocol_version: &str, method: &str, name: &str| words::RequestHeaders {
            endpoint: None,
            protocol_version: protocol_version.to_owned(),
            method: method.to_owned(),
            name: name.to_owned(),
        };
        check(&headers("", "", ""), None);
        check(&headers("2026-07-28", "tools/call", "läuft"), None);
        check(&headers("2025-11-25", "", ""), Some("protocol_version"));
        check(&headers("", "tools/list", ""), Some("method"));
        check(&headers("", "", "steht"), Some("name"));
    }
}
