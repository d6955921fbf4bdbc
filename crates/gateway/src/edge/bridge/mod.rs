//! Plain HTTP for programs that speak no MCP: JSON in, JSON out, curl is enough. A third client edge, which makes the same
//! requests as the two eras do and sends them the same way; nothing behind it knows. What it cannot do is ask its caller:
//! a server that has questions is told that nobody answers.
//!
//! In reading order: `way` (the paths), `headers`, `request` (the body), `refusal`, `visit` (one request on its way), `envelope`
//! and `session` with `requests` (what is under `/mcp/`), `status`, `events`, `unavailable` (what lists lack), and `simple`
//! (what is under `/tools`).

mod envelope;
mod events;
mod headers;
mod refusal;
mod request;
mod requests;
mod session;
mod simple;
mod status;
mod unavailable;
mod visit;
mod way;

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use http::{HeaderValue, header, request::Parts};
use hyper::body::Incoming;

pub use self::way::Way;
pub(super) use self::{envelope::retry_after_s, events::follow};
use self::{refusal::Refusal, visit::Visit};
use super::{
    body::Answer,
    head::Head,
    http::{Answered, event_stream, not_allowed},
    told,
};
use crate::{catalogue::Endpoint, gateway::Gateway, pipeline::wishes::Wishes, principal::Principal};

/// What the bridge is told by the configuration, and what it says of the node.
#[derive(Clone, Debug)]
pub struct Bridge {
    /// The section `[bridge]`.
    pub settings: config::Bridge,
    /// Since when this node has been running.
    pub started: Instant,
    /// The profile of its configuration, once it is known that there is one.
    profile: Arc<OnceLock<String>>,
}

impl Bridge {
    /// The bridge of a node that starts now.
    pub fn new(settings: config::Bridge) -> Self {
        Self { settings, started: Instant::now(), profile: Arc::default() }
    }

    /// Notes the profile of the configuration, which stays the same for as long as the node runs.
    pub fn is_of(&self, profile: Option<String>) {
        if let Some(profile) = profile {
            let _ = self.profile.set(profile);
        }
    }

    /// The same bridge under other settings.
    pub fn with(&self, settings: config::Bridge) -> Self {
        Self { settings, ..self.clone() }
    }
}

/// Answers one request of plain HTTP. Who is let in at all has been decided before.
pub(super) async fn answer(
    (gateway, principal): (&Gateway, Arc<Principal>),
    (endpoint, way): (Endpoint, Way),
    head: &Head<'_>,
    parts: &Parts,
    body: Incoming,
) -> Answered {
    if !way.allows(&parts.method) {
        return not_allowed(way.allowed());
    }
    let (request_id, named) = headers::request_id(&parts.headers);
    let visit = Visit {
        gateway,
        principal,
        endpoint,
        head,
        headers: &parts.headers,
        query: parts.uri.query().unwrap_or_default(),
        wishes: Wishes::default(),
        request_id: &request_id,
        since: Instant::now(),
    };
    let mut response = match named.and_then(|()| Ok(head.wishes()?)) {
        Err(refusal) => refused(&visit, &way, &refusal),
        Ok(wishes) => {
            let told = wishes.told.clone();
            let mut response = answer_named(Visit { wishes, ..visit }, way, &parts.method, body).await;
            told::write(&told, response.headers_mut());
            response
        }
    };
    let answered = response.headers_mut();
    answered.extend(headers::value(&request_id).map(|id| (http::HeaderName::from_static(headers::REQUEST_ID), id)));
    answered.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn answer_named(visit: Visit<'_>, way: Way, verb: &http::Method, body: Incoming) -> Answered {
    match way {
        Way::Initialize => requests::initialize(&visit, body).await,
        Way::Request(method) => requests::request(&visit, method, body).await,
        Way::Batch => requests::batch(&visit, body).await,
        Way::Status => simple::json(200, &status::of(&visit)),
        Way::Events => match session::current(&visit) {
            Ok(session) => {
                let told = Answer::events(events::follow(visit.gateway, &session), Some(events::OPENING));
                event_stream(told.until_left(visit.gateway.stages.begin()))
            }
            Err(refusal) => refused(&visit, &way, &refusal),
        },
        simple => simple::answer(visit, simple, verb, body).await,
    }
}

fn refused(visit: &Visit<'_>, way: &Way, refusal: &Refusal) -> Answered {
    if way.is_simple() {
        simple::refused(visit, refusal)
    } else {
        requests::refused(visit, &requests::id_else(visit), refusal)
    }
}
