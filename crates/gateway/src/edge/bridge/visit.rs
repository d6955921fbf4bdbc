//! One request of plain HTTP on its way: where it came in, as what, and for whom. It knows how its body is read, not what
//! stands in it.

use std::{
    sync::{Arc, Weak},
    time::Instant,
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use hyper::body::Incoming;
use mcp::{ClientFacts, Envelope, Era, Method};

use super::{headers, refusal::Refusal, request};
use crate::{
    call::{Abilities, Caller},
    catalogue::{Endpoint, seen::Seen},
    edge::{coding, head::Head, http::is_json},
    gateway::Gateway,
    pipeline::wishes::Wishes,
    principal::Principal,
    route::Inbound,
};

/// One request of plain HTTP.
pub(super) struct Visit<'v> {
    pub(super) gateway: &'v Gateway,
    pub(super) principal: Arc<Principal>,
    pub(super) endpoint: Endpoint,
    /// The headers that all edges look at.
    pub(super) head: &'v Head<'v>,
    pub(super) headers: &'v HeaderMap,
    /// What stands behind the `?`.
    pub(super) query: &'v str,
    /// What it wishes for its way.
    pub(super) wishes: Wishes,
    /// The name of the request.
    pub(super) request_id: &'v str,
    /// When it came.
    pub(super) since: Instant,
}

impl Visit<'_> {
    /// The body, which has to be JSON: a page in a browser cannot send that elsewhere without asking first.
    pub(super) async fn body(&self, body: Incoming) -> Result<Bytes, Refusal> {
        if !self.headers.get(header::CONTENT_TYPE).is_some_and(|kind| is_json(kind.as_bytes())) {
            let text = "content-type must be application/json";
            return Err(Refusal::early((StatusCode::UNSUPPORTED_MEDIA_TYPE, text)));
        }
        coding::body(body, self.head.content_encoding, self.gateway).await.map_err(Refusal::early)
    }

    /// The request of `method` that a body stands for.
    pub(super) fn request(&self, body: &Bytes, method: Method) -> Result<Envelope, Refusal> {
        self.request_named(body, method.as_str())
    }

    /// The same for what is no method of MCP.
    pub(super) fn request_named(&self, body: &Bytes, method: &str) -> Result<Envelope, Refusal> {
        request::read(body, method, self.request_id, self.gateway.limits.json_depth_max as u32)
    }

    /// What there is for this visitor.
    pub(super) fn seen(&self) -> Seen<'_> {
        self.gateway.catalogue.seen_by(&self.principal)
    }

    /// A request of this visitor on its way to a server.
    pub(super) fn inbound(&self, caller: Caller, request: Envelope) -> Inbound {
        Inbound { caller, endpoint: self.endpoint.clone(), request, param_headers: None, wishes: self.wishes.clone() }
    }

    /// What is known of the client, under the name that it gives itself in this request, if it does.
    pub(super) fn named(&self, facts: &Arc<ClientFacts>) -> Result<Arc<ClientFacts>, Refusal> {
        let Some(name) = headers::client_id(self.headers)? else { return Ok(facts.clone()) };
        let info = serde_json::json!({ "name": name, "version": "" }).to_string();
        Ok(Arc::new(ClientFacts { info: info.into(), ..ClientFacts::clone(facts) }))
    }

    /// Who calls, where that is not said by a session.
    pub(super) fn stranger(&self) -> Result<Caller, Refusal> {
        let facts = self.named(&self.gateway.no_facts)?;
        Ok(Caller {
            principal: self.principal.clone(),
            session: None,
            era: Era::Legacy,
            facts,
            abilities: Abilities::default(),
            reach: Weak::new(),
        })
    }
}
