//! One POST to a Streamable HTTP server of either era and the reading of what comes back: one JSON message, or a
//! stream of events that ends with it.

use std::{pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method as Verb, Response, StatusCode, header, response::Parts};
use http_body_util::BodyExt;
use mcp::{Envelope, Era, Kind, Method, Param, ScanLimits, sse};
use tokio::sync::{Notify, oneshot};

use super::pending::{parse_id, with_token};
use crate::{
    alarm::Alarms,
    call::{Abilities, Answer, Ask, Call, Event, Exchange, Reply},
    events::{Patience, Sender, channel},
    failure::Failure,
    intake::{Spoiled, whole},
};

/// What a POST is allowed to cost.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Bytes of one answer.
    pub result_bytes_max: usize,
    /// Bytes of one line of an event stream.
    pub line_bytes_max: usize,
    /// How long a call may take.
    pub patience: Patience,
}

/// The address of a server and what every request to it carries.
#[derive(Debug)]
pub struct HttpServer {
    lane: egress::Lane,
    limits: HttpLimits,
    alarms: Arc<Alarms>,
}

/// What came back.
pub enum Got {
    /// One message.
    Message(Envelope),
    /// A stream of events.
    Stream(EventStream),
    /// Accepted, nothing to say.
    Nothing,
    /// A status that is no answer, with the first part of the body.
    Refused(StatusCode, Bytes),
}

impl HttpServer {
    /// A server at `target`, given the headers that its configuration adds.
    pub fn new(client: &egress::Client, target: egress::Target, configured: HeaderMap, limits: HttpLimits) -> Self {
        let mut headers = configured;
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { lane: client.lane(target, headers), limits, alarms: Arc::default() }
    }

    /// The same address, with more headers on every request.
    pub fn carrying(&self, more: impl FnOnce(&mut HeaderMap)) -> Self {
        Self { lane: self.lane.carrying(more), limits: self.limits, alarms: self.alarms.clone() }
    }

    /// The limits of every exchange.
    pub fn limits(&self) -> HttpLimits {
        self.limits
    }

    /// Sends one request and waits for the head of the answer.
    pub async fn send(
        &self,
        verb: Verb,
        body: Bytes,
        extra: impl FnOnce(&mut HeaderMap),
    ) -> Result<Response<egress::Answer>, Failure> {
        Ok(self.lane.send(verb, body, extra).await?)
    }

    /// Posts the request `id` and reads what comes back, up to the first event of a stream.
    pub async fn post(
        &self,
        id: u64,
        body: Bytes,
        extra: impl FnOnce(&mut HeaderMap),
    ) -> Result<(Parts, Got), Failure> {
        let response = self.send(Verb::POST, body, extra).await?;
        let (head, body) = response.into_parts();
        let kind = head.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        if head.status.is_success() && starts_with(kind, b"text/event-stream") {
            return Ok((head, Got::Stream(EventStream::new(body, self.limits).answering(id))));
        }
        let is_json = starts_with(kind, b"application/json");
        let body = collect(body, self.limits.result_bytes_max).await?;
        let got = match Envelope::parse(&body, ScanLimits { depth_max: 128 }) {
            Ok(envelope) if is_json && is_answer_to(&envelope, id) => Got::Message(envelope),
            Ok(envelope) if is_json && is_answer(&envelope) => {
                return Err(Failure::Garbage("an answer to another request".to_owned()));
            }
            _ if head.status == StatusCode::ACCEPTED || head.status == StatusCode::NO_CONTENT => Got::Nothing,
            Err(invalid) if head.status.is_success() => return Err(Failure::Garbage(invalid.to_string())),
            _ if head.status.is_success() => {
                return Err(Failure::Garbage("neither JSON nor an event stream".to_owned()));
            }
            _ => Got::Refused(head.status, body.slice(..body.len().min(512))),
        };
        Ok((head, got))
    }

    /// Posts the message of a call, which is given up when it is silent for too long.
    pub async fn post_call(
        &self,
        id: u64,
        body: Bytes,
        extra: impl FnOnce(&mut HeaderMap),
    ) -> Result<(Parts, Got), Failure> {
        let post = pin!(self.post(id, body, extra));
        self.alarms.within(self.limits.patience.idle, post).await.unwrap_or(Err(Failure::Timeout))
    }

    /// Posts a request of our own and waits for its answer, passing over everything else.
    pub async fn ask(
        &self,
        id: u64,
        body: Bytes,
        extra: impl FnOnce(&mut HeaderMap),
        limit: Duration,
    ) -> Result<(Parts, Got), Failure> {
        let exchange = async {
            match self.post(id, body, extra).await? {
                (head, Got::Stream(mut stream)) => loop {
                    match stream.next().await? {
                        Some(envelope) if is_answer(&envelope) => {
                            break Ok((head, Got::Message(envelope)));
                        }
                        Some(_) => {}
                        None => break Err(Failure::Lost),
                    }
                },
                other => Ok(other),
            }
        };
        tokio::time::timeout(limit, exchange).await.unwrap_or(Err(Failure::Timeout))
    }
}

/// The body of an answer, if it is not larger than allowed.
pub async fn collect(body: egress::Answer, bytes_max: usize) -> Result<Bytes, Failure> {
    whole(body, bytes_max).await.map_err(|spoiled| match spoiled {
        Spoiled::TooLarge => Failure::TooLarge(bytes_max),
        Spoiled::BrokenOff => Failure::Lost,
    })
}

fn is_answer(message: &Envelope) -> bool {
    matches!(message.kind(), Kind::Result | Kind::Error)
}

/// Whether this answers the request `id`. An error may come without an id or under a name of the server's own, where
/// its request was not read; it must only not be the answer to another request of ours.
fn is_answer_to(message: &Envelope, id: u64) -> bool {
    match (message.kind(), parse_id(message.id())) {
        (Kind::Result, answered) => answered == Some(id),
        (Kind::Error, answered) => answered.is_none_or(|answered| answered == id),
        _ => false,
    }
}

fn starts_with(value: &[u8], wanted: &[u8]) -> bool {
    value.get(..wanted.len()).is_some_and(|head| head.eq_ignore_ascii_case(wanted))
}

/// The messages of an event stream.
pub struct EventStream {
    body: egress::Answer,
    decoder: sse::Decoder,
    /// The one request that can be answered here.
    request: Option<u64>,
}

impl EventStream {
    /// Reads `body` as an event stream.
    pub fn new(body: egress::Answer, limits: HttpLimits) -> Self {
        let limits = sse::Limits { line_bytes_max: limits.line_bytes_max, event_bytes_max: limits.result_bytes_max };
        Self { body, decoder: sse::Decoder::new(limits), request: None }
    }

    /// The same stream as the answer to the request `id`: answers to others are passed over.
    fn answering(self, id: u64) -> Self {
        Self { request: Some(id), ..self }
    }

    /// The next event with data, whatever it holds.
    pub async fn next_event(&mut self) -> Result<Option<sse::Event>, Failure> {
        loop {
            while let Some(event) = self.decoder.next() {
                let event = event.map_err(|error| Failure::Garbage(error.to_string()))?;
                if !event.data.is_empty() {
                    return Ok(Some(event));
                }
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.decoder.push(&data);
                    }
                }
                Some(Err(_)) => return Err(Failure::Lost),
                None => return Ok(None),
            }
        }
    }

    /// The next message; what is no message is passed over.
    pub async fn next(&mut self) -> Result<Option<Envelope>, Failure> {
        while let Some(event) = self.next_event().await? {
            match Envelope::parse(&event.data, ScanLimits { depth_max: 128 }) {
                Ok(envelope) if self.is_foreign(&envelope) => {
                    tracing::debug!("an answer to another request in a server's stream");
                }
                Ok(envelope) => return Ok(Some(envelope)),
                Err(invalid) => tracing::debug!(%invalid, "event without a message in a server's stream"),
            }
        }
        Ok(None)
    }

    fn is_foreign(&self, message: &Envelope) -> bool {
        self.request.is_some_and(|id| is_answer(message) && !is_answer_to(message, id))
    }

    /// Where to take up a broken stream: the last event id and how long to wait first.
    pub fn resume_point(&self) -> Option<(String, Duration)> {
        let wait = Duration::from_millis(self.decoder.retry_ms().unwrap_or(1_000).min(60_000));
        self.decoder.last_event_id().map(|id| (id.to_owned(), wait))
    }
}

/// What a server edge does with the questions of a stream and with a stream that breaks off.
pub trait StreamOwner: Send + Sync + 'static {
    /// The era of the server.
    fn era(&self) -> Era;
    /// Sends the client's reply to a question back to the server.
    fn reply(&self, question: Envelope, reply: Reply) -> impl Future<Output = ()> + Send;
    /// Opens the rest of a stream that ended before its answer; `None` if that is impossible.
    fn resume(&self, last_event_id: &str) -> impl Future<Output = Option<EventStream>> + Send;
    /// Tells the server that nobody waits for this call any more.
    fn give_up(&self, id: u64) -> impl Future<Output = ()> + Send;
    /// Takes a notification that belongs to no call.
    fn unrelated(&self, notification: &Envelope);
}

/// Follows the event stream of the call that was sent under `id`. An answer that comes first needs no task.
pub async fn follow<O: StreamOwner>(
    owner: Arc<O>,
    id: u64,
    rules: Rules,
    patience: Patience,
    mut stream: EventStream,
) -> Exchange {
    let first = match tokio::time::timeout(patience.idle, stream.next()).await {
        Ok(Ok(Some(envelope))) if matches!(envelope.kind(), Kind::Result | Kind::Error) => {
            return Exchange::Done(Ok(Answer { envelope, era: owner.era() }));
        }
        Ok(Ok(first)) => first,
        Ok(Err(failure)) => return Exchange::Done(Err(failure)),
        Err(_) => return Exchange::Done(Err(Failure::Timeout)),
    };
    let stop = Arc::new(Notify::new());
    let stopped = stop.clone();
    let (sender, events) = channel(true, patience, move || stop.notify_one());
    tokio::spawn(async move {
        tokio::select! {
            () = pump(owner.clone(), rules, stream, first, sender) => {}
            () = stopped.notified() => owner.give_up(id).await,
        }
    });
    Exchange::Running(events)
}

/// What the client of a call wants to hear and can be asked.
pub struct Rules {
    token: Option<Bytes>,
    logs: bool,
    /// Which questions it can be asked.
    pub abilities: Abilities,
}

impl Rules {
    /// The rules of a call.
    pub fn of(call: &Call) -> Self {
        Self { token: call.progress_token(), logs: call.log_level().is_some(), abilities: call.caller.abilities }
    }
}

/// Passes on what a stream holds, from `first` to the answer.
pub async fn pump<O: StreamOwner>(
    owner: Arc<O>,
    rules: Rules,
    mut stream: EventStream,
    first: Option<Envelope>,
    sender: Sender,
) {
    let mut next = first;
    loop {
        let envelope = match next.take() {
            Some(envelope) => envelope,
            None => match next_or_resume(&*owner, &mut stream).await {
                Ok(envelope) => envelope,
                Err(failure) => return sender.finish(Err(failure)),
            },
        };
        match envelope.kind() {
            Kind::Result | Kind::Error => return sender.finish(Ok(Answer { envelope, era: owner.era() })),
            Kind::Notification => notify(&*owner, &rules, &envelope, &sender).await,
            Kind::Request => {
                if let Err(failure) = ask(&owner, &rules, envelope, &sender).await {
                    return sender.finish(Err(failure));
                }
            }
        }
    }
}

async fn next_or_resume<O: StreamOwner>(owner: &O, stream: &mut EventStream) -> Result<Envelope, Failure> {
    loop {
        match stream.next().await {
            Ok(Some(envelope)) => return Ok(envelope),
            Err(failure @ (Failure::Garbage(_) | Failure::TooLarge(_))) => return Err(failure),
            Ok(None) | Err(_) => {
                let (id, wait) = stream.resume_point().ok_or(Failure::Lost)?;
                tokio::time::sleep(wait).await;
                let resumed = owner.resume(&id).await.ok_or(Failure::Lost)?;
                *stream = EventStream { request: stream.request, ..resumed };
            }
        }
    }
}

async fn notify<O: StreamOwner>(owner: &O, rules: &Rules, notification: &Envelope, sender: &Sender) {
    match Method::parse(notification.method()) {
        Method::Progress => {
            if let (Some(token), true) = (&rules.token, notification.param(Param::ProgressToken).is_some()) {
                sender.send(Event::Notification(with_token(notification, token))).await;
            }
        }
        Method::LogMessage if !rules.logs => {}
        Method::ToolsChanged
        | Method::PromptsChanged
        | Method::ResourcesChanged
        | Method::ResourceUpdated
        | Method::TaskStatusLegacy => owner.unrelated(notification),
        _ => sender.send(Event::Notification(notification.bytes().clone())).await,
    }
}

/// Puts a question of a legacy server to the client. A modern server must not ask in this way; nor may a client be
/// asked what it did not declare: that ends the call.
async fn ask<O: StreamOwner>(
    owner: &Arc<O>,
    rules: &Rules,
    question: Envelope,
    sender: &Sender,
) -> Result<(), Failure> {
    if owner.era() == Era::Modern {
        tracing::warn!(method = question.method(), "a modern server sent a request; it is not answered");
        return Ok(());
    }
    if Method::parse(question.method()) == Method::Ping {
        owner.reply(question, Reply::Result(Bytes::from_static(b"{}"))).await;
        return Ok(());
    }
    if !rules.abilities.allow(&question) {
        let required = Abilities::required(&question);
        owner.reply(question, Reply::refusal("the client did not declare this capability")).await;
        return Err(Failure::MissingCapability(required));
    }
    let (reply, answer) = oneshot::channel();
    sender.send(Event::Ask(Ask { question: question.clone(), reply: reply.into() })).await;
    reply_later(owner.clone(), question, answer);
    Ok(())
}

/// Sends the answer to a question when there is one, or that there will be none.
pub fn reply_later<O: StreamOwner>(owner: Arc<O>, question: Envelope, answer: oneshot::Receiver<Reply>) {
    tokio::spawn(async move {
        let reply = answer.await.unwrap_or_else(|_| Reply::nobody());
        owner.reply(question, reply).await;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_known_by_its_id() {
        let check = |rest: &str, expected| {
            let message = format!(r#"{{"jsonrpc":"2.0",{rest}}}"#).into_bytes().into();
            let message = Envelope::parse(&message, ScanLimits::default()).unwrap();
            assert_eq!(is_answer_to(&message, 7), expected, "{rest}");
        };
        check(r#""id":7,"result":{}"#, true);
        check(r#""id":"7","result":{}"#, true);
        check(r#""id":8,"result":{}"#, false);
        check(r#""id":"foreign","result":{}"#, false);
        check(r#""id":7,"error":{"code":1,"message":""}"#, true);
        check(r#""error":{"code":1,"message":""}"#, true);
        check(r#""id":null,"error":{"code":1,"message":""}"#, true);
        check(r#""id":"server-error","error":{"code":1,"message":""}"#, true);
        check(r#""id":8,"error":{"code":1,"message":""}"#, false);
        check(r#""id":7,"method":"ping""#, false);
    }
}
