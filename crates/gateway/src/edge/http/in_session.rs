//! What the legacy era does with sessions over HTTP: they are opened, spoken in, listened to and ended; and what stands for one
//! where there is none.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use mcp::{ClientFacts, Envelope, ScanLimits, Version, array, code, header as names, message};

use super::{
    Visit,
    claim::{is_modern, session_id},
    response::{
        Answered, event_stream, no_session, not_allowed, plain, refuse, respond, resumable, unclear_wish, with_told,
    },
};
use crate::{
    catalogue::Endpoint,
    edge::{Reply, body::Answer, head::Head, id_of, legacy},
    gateway::Gateway,
    pipeline::wishes::Wishes,
    session::Session,
    streams::{self, Lost},
};

const SESSION: HeaderName = HeaderName::from_static(names::SESSION_ID);
/// Messages of one batch.
const BATCH_MAX: usize = 100;

impl Visit<'_> {
    pub(super) async fn handshake(&self, endpoint: &Endpoint, request: Envelope) -> Answered {
        let id = id_of(&request);
        let Some((version, facts)) = legacy::introduced(&request) else {
            return respond(legacy::not_initialized(id, None));
        };
        let gateway = self.gateway;
        match gateway.sessions.open(&gateway.seals, &self.principal, endpoint, version, facts) {
            Err(why) => respond(legacy::not_initialized(id, Some(why))),
            Ok((session_id, _)) => {
                let mut response = respond(Reply::One(legacy::initialized(gateway, endpoint, id, version).await, 200));
                if let Ok(value) = HeaderValue::try_from(session_id) {
                    response.headers_mut().insert(SESSION, value);
                }
                response
            }
        }
    }

    pub(super) async fn in_session(
        &self,
        endpoint: &Endpoint,
        id: &str,
        head: &Head<'_>,
        message: Envelope,
    ) -> Answered {
        let gateway = self.gateway;
        let session = match gateway.sessions.find(&gateway.seals, &self.principal, endpoint, id) {
            Ok(session) => session,
            Err(why) => return no_session(message.id(), why),
        };
        if head.version.first().is_some_and(|value| value.to_str().ok().and_then(Version::parse).is_none()) {
            return respond(Reply::One(
                message::error(message.id(), code::INVALID_REQUEST, "this protocol version is not served", None),
                400,
            ));
        }
        let wishes = match head.wishes() {
            Ok(wishes) => wishes,
            Err(unclear) => return respond(unclear_wish(message.id(), &unclear)),
        };
        let told = wishes.told.clone();
        let response = match legacy::handle(gateway, &session, message, wishes).await {
            Reply::Many(messages) => resumable(session.streams.open(streams::Purpose::Call, session.version, messages)),
            reply => respond(reply),
        };
        with_told(response, &told)
    }

    /// A legacy request outside of any session, where the configuration allows it: a session for just this one.
    pub(super) async fn stateless(&self, endpoint: Endpoint, head: &Head<'_>, message: Envelope) -> Answered {
        let gateway = self.gateway;
        let wishes = match head.wishes() {
            Ok(wishes) => wishes,
            Err(unclear) => return respond(unclear_wish(message.id(), &unclear)),
        };
        let facts = ClientFacts { capabilities: "{}".into(), info: Bytes::new(), log_level: Bytes::new() };
        match gateway.sessions.open_bound(&self.principal, &endpoint, Version::LATEST_LEGACY, facts) {
            Err(why) => no_session(message.id(), why),
            Ok(session) => {
                let told = wishes.told.clone();
                let reply = legacy::handle(gateway, &session, message, wishes).await;
                gateway.sessions.end_bound(&session);
                with_told(respond(reply), &told)
            }
        }
    }

    /// A batch, which only 2025-03-26 knows. Each message stands for itself.
    pub(super) async fn batch(&self, endpoint: &Endpoint, head: &Head<'_>, body: &Bytes) -> Answered {
        let gateway = self.gateway;
        let session =
            session_id(head).and_then(|id| gateway.sessions.find(&gateway.seals, &self.principal, endpoint, id).ok());
        let Some(session) = session.filter(|session| session.version == Version::V2025_03_26) else {
            return respond(Reply::error(None, code::INVALID_REQUEST, &mcp::Invalid::Batch.to_string(), true));
        };
        let spans = match array::batch(body, BATCH_MAX) {
            Ok(spans) => spans,
            Err(error) => return respond(Reply::error(None, error.code(), &error.to_string(), true)),
        };
        let answers = futures_util::future::join_all(
            spans.into_iter().map(|span| one_of_batch(gateway, &session, body.slice(span.range()))),
        )
        .await;
        let answers: Vec<Bytes> = answers.into_iter().flatten().collect();
        if answers.is_empty() {
            return respond(Reply::Accepted);
        }
        let mut out = vec![b'['];
        out.extend_from_slice(&answers.join(&b','));
        out.push(b']');
        respond(Reply::One(out.into(), 200))
    }

    /// GET: the standing stream of a legacy session.
    pub(super) fn stand(&self, endpoint: &Endpoint, head: &Head<'_>) -> Answered {
        if is_modern(head) {
            return not_allowed("POST");
        }
        let gateway = self.gateway;
        let Some(id) = session_id(head) else { return not_allowed("POST") };
        match gateway.sessions.find(&gateway.seals, &self.principal, endpoint, id) {
            Ok(session) => standing(gateway, &session, head.last_event_id.first()),
            Err(why) => no_session(None, why),
        }
    }

    /// DELETE: the end of a legacy session.
    pub(super) fn end(&self, endpoint: &Endpoint, head: &Head<'_>) -> Answered {
        if is_modern(head) {
            return not_allowed("POST");
        }
        let gateway = self.gateway;
        let Some(id) = session_id(head) else { return not_allowed("POST") };
        match gateway.sessions.end(&gateway.seals, &self.principal, endpoint, id) {
            Ok(session) => {
                gateway.release(&session);
                plain(StatusCode::OK, "")
            }
            Err(why) => no_session(None, why),
        }
    }
}

async fn one_of_batch(gateway: &Gateway, session: &Arc<Session>, bytes: Bytes) -> Option<Bytes> {
    let limits = ScanLimits { depth_max: gateway.limits.json_depth_max as u32 };
    let reply = match Envelope::parse(&bytes, limits) {
        Ok(message) => legacy::handle(gateway, session, message, Wishes::default()).await,
        Err(invalid) => Reply::error(None, invalid.code(), &invalid.to_string(), false),
    };
    match reply {
        Reply::Accepted => None,
        Reply::One(bytes, _) => Some(bytes),
        Reply::Many(mut messages) => {
            let mut last = None;
            while let Some(message) = messages.recv().await {
                last = Some(message);
            }
            last
        }
    }
}

/// The stream that a GET asks for: the one that broke, or a new standing one. Of a standing stream nothing but notices
/// can be lost, so a client that comes back too late just gets a new one.
fn standing(gateway: &Gateway, session: &Arc<Session>, last_event_id: Option<&HeaderValue>) -> Answered {
    let heard = last_event_id.map(|id| session.streams.resume(id.to_str().unwrap_or_default()));
    match heard {
        Some(Ok(heard)) if heard.purpose == streams::Purpose::Call => resumable(heard),
        Some(Ok(heard)) => event_stream(Answer::standing(heard, gateway.stages.begin())),
        Some(Err(Lost::Unknown)) => refuse(StatusCode::BAD_REQUEST, "no event has this id: leave out Last-Event-ID"),
        Some(Err(Lost::TooOld(streams::Purpose::Call))) => {
            refuse(StatusCode::BAD_REQUEST, "what came after this event is not kept any more: its answer is lost")
        }
        Some(Err(Lost::TooOld(streams::Purpose::Standing))) | None => {
            let messages = legacy::stand(gateway, session);
            let heard = session.streams.open(streams::Purpose::Standing, session.version, messages);
            event_stream(Answer::standing(heard, gateway.stages.begin()))
        }
    }
}
