//! A call of a legacy session that is under way: its questions become requests to the client, and its end an answer in
//! the client's era and words. It does not know how the client is reached (`legacy`).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use mcp::{Envelope, Era, Method, Param, ResultKey, Splice, array, code, translate};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::{Reply, STREAM_QUEUE, tasks, unbroken::Unbroken};
use crate::{
    call::{Abilities, Answer, Ask, Call, Event, Exchange, Reply as ClientReply},
    catalogue::wrapping::wrapped_answer,
    failure::Failure,
    gateway::Gateway,
    pipeline::carry,
    seals::random,
    session::Session,
    upstream::{Upstream, changes::Change},
};

/// A call without an answer after this time becomes a stream, so that its client has something to come back to.
const STREAM_AFTER: Duration = Duration::from_millis(500);

/// A call of a session that is under way.
pub(super) struct Running {
    pub(super) gateway: Gateway,
    pub(super) session: Arc<Session>,
    pub(super) upstream: Arc<Upstream>,
    pub(super) call: Call,
    pub(super) id: Bytes,
    pub(super) method: Method,
    /// Whether the answer repeats URIs that the client knows in another form.
    pub(super) wrapped: bool,
    /// The most bytes of text in the result.
    pub(super) text_max: usize,
    /// How the client knows the tasks of the server.
    pub(super) ids: tasks::Ids,
    /// What the server says of its tasks, if the call is to become one.
    pub(super) updates: Option<broadcast::Receiver<Change>>,
}

/// Makes the call and says what its client is to get: the answer, or a stream on which it will come.
pub(super) async fn reply(running: Running, cancelled: oneshot::Receiver<()>) -> Reply {
    let mut beginning = Unbroken::new(begin(running, cancelled));
    match tokio::time::timeout(STREAM_AFTER, &mut beginning).await {
        Ok(Begun { exchange: None, .. }) => Reply::Accepted,
        Ok(Begun { mut running, exchange: Some(Exchange::Done(end)), .. }) if !end.as_ref().is_ok_and(wants_input) => {
            Reply::One(running.finish(end), 200)
        }
        Ok(begun) => stream(std::future::ready(begun)),
        Err(_) => stream(beginning),
    }
}

/// A call of which something is known: that it has ended, that something has come of it, or that the client gave it up.
struct Begun {
    running: Running,
    cancelled: oneshot::Receiver<()>,
    exchange: Option<Exchange>,
}

async fn begin(running: Running, mut cancelled: oneshot::Receiver<()>) -> Begun {
    let exchange = tokio::select! {
        exchange = running.first() => Some(exchange),
        () = given_up(&mut cancelled) => None,
    };
    Begun { running, cancelled, exchange }
}

/// Follows a call to its end on a stream.
fn stream(beginning: impl Future<Output = Begun> + Send + 'static) -> Reply {
    let (client, receiver) = mpsc::channel(STREAM_QUEUE);
    tokio::spawn(async move {
        let Begun { mut running, mut cancelled, exchange } = beginning.await;
        let Some(exchange) = exchange else { return };
        tokio::select! {
            last = running.follow(exchange, &client) => drop(client.send(last).await),
            () = given_up(&mut cancelled) => {}
        }
    });
    Reply::Many(receiver)
}

/// Resolves when the client gives the call up, not when nobody can any more.
pub(super) async fn given_up(cancelled: &mut oneshot::Receiver<()>) {
    if cancelled.await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn wants_input(answer: &Answer) -> bool {
    answer.envelope.result_text(ResultKey::ResultType) == Some("input_required")
}

impl Drop for Running {
    fn drop(&mut self) {
        self.session.finish(&self.id);
    }
}

impl Running {
    /// Sends the call and waits for the first that comes of it.
    async fn first(&self) -> Exchange {
        match carry(&self.gateway, &self.upstream, &self.call).await {
            Exchange::Running(events) => events.settle().await,
            ended @ Exchange::Done(_) => ended,
        }
    }

    /// Follows the call to its end, through the rounds of questions that a modern server asks.
    async fn follow(&mut self, mut exchange: Exchange, client: &mpsc::Sender<Bytes>) -> Bytes {
        let rounds_max = self.gateway.limits.ask_rounds_max;
        for _ in 0..rounds_max {
            let end = self.until_done(exchange, client).await;
            let answer = match end {
                Ok(answer) if wants_input(&answer) => answer,
                end => return self.finish(end),
            };
            if let Err(invalid) = self.call.settle() {
                return self.finish(Err(Failure::Garbage(invalid.to_string())));
            }
            self.call.request = match self.ask_all(&answer.envelope, client).await {
                Ok(retry) => retry,
                Err(failure) => return self.finish(Err(failure)),
            };
            self.call.begin();
            exchange = carry(&self.gateway, &self.upstream, &self.call).await;
        }
        let text = format!("the server asked more than {rounds_max} times");
        self.finish(Err(Failure::Refused(code::INTERNAL, text)))
    }

    async fn until_done(&self, exchange: Exchange, client: &mpsc::Sender<Bytes>) -> Result<Answer, Failure> {
        let mut events = match exchange {
            Exchange::Done(end) => return end,
            Exchange::Running(events) => events,
        };
        loop {
            match events.next().await {
                Event::Done(end) => return end,
                Event::Notification(notification) => drop(client.send(self.shown(notification)).await),
                Event::Ask(ask) => self.pass_on(ask, client).await,
            }
        }
    }

    /// A question of a legacy server goes to the client under an id of ours.
    async fn pass_on(&self, Ask { question, reply }: Ask, client: &mpsc::Sender<Bytes>) {
        let shown = self.ids.show(&question, Method::Other).and_then(|shown| parse(&shown).ok());
        let (question, answer) = self.session.reach().question(shown.as_ref().unwrap_or(&question));
        let _ = client.send(question).await;
        let ids = self.ids.clone();
        tokio::spawn(async move {
            if let Ok(answer) = answer.await {
                let _ = reply.send(ids.own_reply(answer));
            }
        });
    }

    /// A notification with the ids of tasks that the client knows. Only those of tasks under way name one.
    fn shown(&self, notification: Bytes) -> Bytes {
        if self.method != Method::TasksResult {
            return notification;
        }
        let shown = parse(&notification).ok().and_then(|parsed| self.ids.show(&parsed, Method::Other));
        shown.unwrap_or(notification)
    }

    /// Puts all questions of an `input_required` to the client and makes the retry that carries the answers.
    async fn ask_all(&self, answer: &Envelope, client: &mpsc::Sender<Bytes>) -> Result<Envelope, Failure> {
        let requests = answer.result_raw(ResultKey::InputRequests).unwrap_or(b"{}");
        let members = array::members(requests).map_err(|error| Failure::Garbage(error.to_string()))?;
        let mut waiting = Vec::new();
        for (key, span) in members {
            let asked = as_request(span.of(requests).unwrap_or_default())?;
            if !self.call.caller.abilities.allow(&asked) {
                return Err(Failure::MissingCapability(Abilities::required(&asked)));
            }
            let (question, reply) = self.session.reach().question(&asked);
            client
                .send(question)
                .await
                .map_err(|_| Failure::Refused(code::INTERNAL, "the client has gone while it was asked".to_owned()))?;
            waiting.push((key.to_vec(), reply));
        }
        if waiting.is_empty() {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        let mut responses = Vec::new();
        for (key, reply) in waiting {
            match reply.await {
                Ok(ClientReply::Result(result)) => responses.push((key, result)),
                Ok(ClientReply::Error(_)) | Err(_) => {
                    return Err(Failure::Refused(
                        code::INTERNAL,
                        "the client did not answer the server's question".to_owned(),
                    ));
                }
            }
        }
        retry(&self.call.request, answer, &responses)
    }

    /// Whether a modern server refused the tool for what the client cannot do: the legacy era has no code for it.
    fn is_refused_for_capability(&self, answer: &Envelope) -> bool {
        self.method == Method::ToolsCall && answer.error_code() == Some(i64::from(code::MISSING_CAPABILITY))
    }

    /// Tells the session of the task that the call has become, if it has.
    fn follow_task(&mut self, answer: &Envelope) {
        if let (Some(updates), Some(own)) = (self.updates.take(), tasks::made(answer)) {
            let following = tasks::follow(Arc::downgrade(&self.session), updates, own, self.ids.clone());
            self.session.accompany(self.gateway.limits.subscriptions_per_listen_max, following);
        }
    }

    /// The end of the call as the client sees it.
    fn finish(&mut self, end: Result<Answer, Failure>) -> Bytes {
        let end = end.and_then(|answer| answer.understood(self.method));
        let answer = match end
            .map(|answer| self.gateway.shaped(answer, &self.upstream, &self.call.caller.principal.name, self.text_max))
        {
            Ok(Answer { envelope, era: Era::Modern }) if self.is_refused_for_capability(&envelope) => {
                Failure::MissingCapability("{}").answer(&self.id, self.method, false)
            }
            Ok(Answer { envelope, era: Era::Modern }) => translate::answer_for_legacy(&envelope, &self.id),
            Ok(Answer { envelope, era: Era::Legacy }) => {
                self.follow_task(&envelope);
                let shown = self.ids.show(&envelope, self.method).and_then(|shown| parse(&shown).ok());
                translate::answer_unchanged(shown.as_ref().unwrap_or(&envelope), &self.id)
            }
            Err(failure) => return failure.answer(&self.id, self.method, false),
        };
        if self.wrapped { wrapped_answer(answer, &self.upstream.name) } else { answer }
    }
}

/// An embedded `{"method", "params"}` as the request that it stands for.
fn as_request(embedded: &[u8]) -> Result<Envelope, Failure> {
    let mut bytes = br#"{"jsonrpc":"2.0","id":0,"#.to_vec();
    bytes.extend_from_slice(embedded.strip_prefix(b"{").unwrap_or(b"}"));
    let request = parse(&bytes.into())?;
    let params = request.params().unwrap_or(b"{}");
    let is_url = array::member(params, "mode").and_then(|mode| mode.of(params)) == Some(b"\"url\"");
    if !is_url || array::member(params, "elicitationId").is_some() {
        return Ok(request);
    }
    // the legacy era names each URL question; the modern one does not
    let id = format!(r#""elicitationId":"{:032x}""#, u128::from_be_bytes(random()));
    let mut splice = Splice::new(request.bytes());
    splice.insert_members(request.params_members().span, id.into_bytes());
    parse(&splice.apply())
}

fn parse(bytes: &Bytes) -> Result<Envelope, Failure> {
    Envelope::parse(bytes, mcp::ScanLimits { depth_max: 128 }).map_err(|invalid| Failure::Garbage(invalid.to_string()))
}

/// The first request once more, with the answers and the state of the server.
fn retry(first: &Envelope, answer: &Envelope, responses: &[(Vec<u8>, Bytes)]) -> Result<Envelope, Failure> {
    let mut members = br#""inputResponses":{"#.to_vec();
    for (index, (key, result)) in responses.iter().enumerate() {
        if index > 0 {
            members.push(b',');
        }
        members.push(b'"');
        members.extend_from_slice(key);
        members.extend_from_slice(b"\":");
        members.extend_from_slice(result);
    }
    members.push(b'}');
    if let Some(state) = answer.result_raw(ResultKey::RequestState) {
        members.extend_from_slice(br#","requestState":"#);
        members.extend_from_slice(state);
    }
    let mut splice = Splice::new(first.bytes());
    let old = [Param::RequestState, Param::InputResponses].map(|key| first.params_members().get(key));
    splice.remove_members(&old);
    let without = parse(&splice.apply())?;
    let mut splice = Splice::new(without.bytes());
    splice.insert_members(without.params_members().span, members);
    parse(&splice.apply())
}
