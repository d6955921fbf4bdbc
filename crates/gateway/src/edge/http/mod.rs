//! Streamable HTTP, both eras on one path. Every request is checked in the same order, and each check has its answer:
//! door, verb, content type, size, JSON, era, headers against body, version.
//!
//! In reading order: this file, `posted` (the body), `claim` (which era a message is of), `modern_head`, `in_session` (what
//! the legacy era does with sessions), `response`.

mod claim;
mod in_session;
mod modern_head;
mod posted;
mod response;

use std::sync::Arc;

use http::{Method as Verb, Request, StatusCode};
use hyper::body::Incoming;
use mcp::{Envelope, Kind, ScanLimits, code, message};

use self::{
    claim::{Claim, classify},
    modern_head::{check_modern, noted},
    response::{challenge, overfull, plain, unclear_wish, with_told},
};
pub(super) use self::{
    posted::{is_json, read},
    response::{Answered, event_stream, not_allowed, refuse, respond, resumable},
};
use super::{
    Reply, bridge, coding,
    door::{Place, place},
    duplex,
    head::Head,
    modern, sse,
};
use crate::{
    catalogue::Endpoint,
    gateway::Gateway,
    leaving::Stage,
    principal::{Principal, Remote, Visitor},
    route::Inbound,
    seals::now_s,
};

/// The HTTP face of a gateway.
#[derive(Clone)]
pub struct Http {
    /// What is behind it.
    pub gateway: Gateway,
    /// Where the connection comes from.
    pub remote: Remote,
}

/// One request whose principal is known.
struct Visit<'g> {
    gateway: &'g Gateway,
    principal: Arc<Principal>,
}

impl Http {
    /// Answers one request. What is rare or long-lived is boxed on its way, so that the common call stays small.
    pub async fn answer(&self, request: Request<Incoming>) -> Answered {
        let (parts, body) = request.into_parts();
        let mut head = Head::read(&parts.headers);
        head.from = self.gateway.places.find(self.remote);
        if let Err((status, why)) = self.gateway.door.check(&head, &parts.uri) {
            tracing::warn!(%status, why, "refused at the door");
            return refuse(status, why);
        }
        let Some(place) = place(parts.uri.path()) else {
            return refuse(StatusCode::NOT_FOUND, "there is nothing at this path: try /mcp");
        };
        let endpoint = match &place {
            Place::Mcp(endpoint) | Place::Sse(endpoint) | Place::Messages(endpoint) | Place::WebSocket(endpoint) => {
                endpoint
            }
            Place::Bridge(endpoint, _) if self.gateway.bridge.settings.enabled => endpoint,
            Place::Bridge(..) => return refuse(StatusCode::NOT_FOUND, "plain HTTP is off: see bridge.enabled"),
            Place::Health => return plain(StatusCode::OK, "ok\n"),
            Place::Ready if self.gateway.stages.now() == Stage::Serving => return plain(StatusCode::OK, "ready\n"),
            Place::Ready => return plain(StatusCode::SERVICE_UNAVAILABLE, "leaving\n"),
        };
        let principal = match self.gateway.identities.identify(head.proof(), self.remote, now_s) {
            Ok(principal) => principal,
            Err(unauthorized) => return challenge(unauthorized),
        };
        if !self.gateway.catalogue.seen_by(&principal).has(endpoint) {
            return refuse(StatusCode::NOT_FOUND, "there is no server or bundle of this name");
        }
        let untaken = principal.lasting.held.clone();
        if untaken.is_full() && parts.method == Verb::POST {
            return overfull();
        }
        let visit = Visit { gateway: &self.gateway, principal };
        match (&parts.method, place) {
            (&Verb::POST, Place::Mcp(endpoint)) => {
                let answer = visit.post(endpoint, &head, body).await;
                coding::answered(answer, head.accept_encoding).await.map(|body| body.held_by(&untaken))
            }
            (&Verb::GET, Place::Mcp(endpoint)) => visit.stand(&endpoint, &head),
            (&Verb::DELETE, Place::Mcp(endpoint)) => visit.end(&endpoint, &head),
            (&Verb::GET, Place::Sse(endpoint)) => {
                let last_event_id = head.last_event_id.first().and_then(|id| id.to_str().ok());
                sse::open(&self.gateway, visit.lasting(self.remote), &endpoint, last_event_id)
            }
            (&Verb::POST, Place::Messages(_)) => {
                let message = Request::from_parts(parts, body);
                Box::pin(sse::message(&self.gateway, &visit.principal, message)).await
            }
            (&Verb::GET, Place::WebSocket(endpoint)) => {
                let visitor = visit.lasting(self.remote);
                duplex::websocket(&self.gateway, visitor, endpoint, Request::from_parts(parts, body))
            }
            (_, Place::Bridge(endpoint, way)) => {
                let visited = (&self.gateway, visit.principal);
                let answer = Box::pin(bridge::answer(visited, (endpoint, way), &head, &parts, body)).await;
                coding::answered(answer, head.accept_encoding).await.map(|body| body.held_by(&untaken))
            }
            (_, Place::Mcp(_)) => not_allowed("POST, GET, DELETE"),
            (_, Place::Messages(_)) => not_allowed("POST"),
            _ => not_allowed("GET"),
        }
    }
}

impl Visit<'_> {
    /// The principal on a connection that lasts.
    fn lasting(&self, remote: Remote) -> Visitor {
        Visitor { principal: self.principal.clone(), remote }
    }

    async fn post(&self, endpoint: Endpoint, head: &Head<'_>, body: Incoming) -> Answered {
        if !head.content_type.first().is_some_and(|kind| is_json(kind.as_bytes())) {
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type must be application/json");
        }
        if head.accepts_json == Some(false) {
            return refuse(StatusCode::NOT_ACCEPTABLE, "accept must allow application/json and text/event-stream");
        }
        let body = match coding::body(body, head.content_encoding, self.gateway).await {
            Ok(body) => self.principal.lasting.held.count(body),
            Err((status, why)) => return refuse(status, why),
        };
        let limits = ScanLimits { depth_max: self.gateway.limits.json_depth_max as u32 };
        match Envelope::parse(&body, limits) {
            Ok(message) => self.message(endpoint, head, message).await,
            Err(mcp::Invalid::Batch) => Box::pin(self.batch(&endpoint, head, &body)).await,
            Err(invalid) => respond(Reply::error(None, invalid.code(), &invalid.to_string(), true)),
        }
    }

    async fn message(&self, endpoint: Endpoint, head: &Head<'_>, message: Envelope) -> Answered {
        match classify(head, &message) {
            Claim::Refused(reply) => respond(reply),
            Claim::Modern => self.modern(endpoint, head, message).await,
            Claim::Handshake => Box::pin(self.handshake(&endpoint, message)).await,
            Claim::Session(id) => Box::pin(self.in_session(&endpoint, &id, head, message)).await,
            Claim::Stateless if self.gateway.settings.legacy_stateless => {
                Box::pin(self.stateless(endpoint, head, message)).await
            }
            Claim::Stateless => {
                let text =
                    "no session: send `initialize` first, or a modern request with its protocol version in `_meta`";
                respond(Reply::One(message::error(message.id(), code::NO_SESSION, text, None), 400))
            }
        }
    }

    async fn modern(&self, endpoint: Endpoint, head: &Head<'_>, request: Envelope) -> Answered {
        if request.kind() == Kind::Notification {
            return respond(noted(head, &request));
        }
        if let Err(reply) = check_modern(head, &request) {
            return respond(reply);
        }
        let wishes = match head.wishes() {
            Ok(wishes) => wishes,
            Err(unclear) => return respond(unclear_wish(request.id(), &unclear)),
        };
        let caller = modern::caller(self.gateway, self.principal.clone(), &request);
        let told = wishes.told.clone();
        let inbound = Inbound { caller, endpoint, request, param_headers: Some(head.params()), wishes };
        with_told(respond(modern::handle(self.gateway, inbound).await), &told)
    }
}
