//! Tools of legacy servers that can be called only as a core task (2025-11-25), for clients that make none: the task is
//! begun, asked after and collected here, once each, and to its client the call is like any other. The tasks that clients
//! make themselves pass the gateway and are none of this.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use mcp::{Envelope, Era, Kind, Meta, Method, ResultKey, ScanLimits, Splice, array, message, task};
use tokio::sync::{Notify, oneshot};

use super::Upstream;
use crate::{
    call::{Answer, Ask, Call, Caller, Event, Exchange, Reply, SoFar},
    events::{Patience, Sender, channel},
    failure::Failure,
    manner::Manner,
    pipeline::wishes::Wishes,
};

/// How often a task is asked after if its server does not say, and the bounds of what a server may say.
const POLL: Duration = Duration::from_secs(1);
const POLL_MIN: Duration = Duration::from_millis(100);
const POLL_MAX: Duration = Duration::from_secs(10);

/// So many times in a row a server may not say how a task fares. Then what has become of it is not known.
const SILENCES_MAX: u32 = 3;

/// One task that the gateway follows for a client.
struct Followed {
    upstream: Arc<Upstream>,
    caller: Caller,
    /// The server's id of the task, as a raw JSON string; empty until there is one.
    id: OnceLock<Bytes>,
}

impl Upstream {
    /// Calls a tool as a task and answers with what becomes of it.
    pub(super) fn call_as_task(self: &Arc<Self>, call: &Call) -> Exchange {
        let total = Duration::from_millis(self.limits.call_total_ms_max);
        let first = match beginning(call, total) {
            Ok(first) => first,
            Err(invalid) => return Exchange::Done(Err(Failure::Garbage(invalid.to_string()))),
        };
        let stop = Arc::new(Notify::new());
        let stopped = stop.clone();
        let (sender, events) = channel(true, Patience { idle: total, total }, move || stop.notify_one());
        let followed = Followed { upstream: self.clone(), caller: first.caller.clone(), id: OnceLock::new() };
        tokio::spawn(async move { followed.unless_stopped(&first, sender, &stopped).await });
        Exchange::Running(events)
    }
}

impl Followed {
    /// Follows the task to its end, or until nobody waits for it.
    async fn unless_stopped(&self, first: &Call, client: Sender, stopped: &Notify) {
        let Some(made) = self.made(first, &client, stopped).await else { return self.cancel().await };
        let end = tokio::select! {
            end = self.collect(made, &client) => Some(end),
            () = stopped.notified() => None,
        };
        match end {
            Some(end) => client.finish(end),
            None => self.cancel().await,
        }
    }

    /// What the server answers when it is to make the task; nothing if nobody waits any more. It is heard out even then:
    /// a task without a name could not be cancelled.
    async fn made(&self, first: &Call, client: &Sender, stopped: &Notify) -> Option<Result<Answer, Failure>> {
        let mut making = std::pin::pin!(self.begin(first, client));
        tokio::select! {
            made = &mut making => Some(made),
            () = stopped.notified() => {
                let _ = tokio::time::timeout(self.patience(), making).await;
                None
            }
        }
    }

    async fn begin(&self, first: &Call, client: &Sender) -> Result<Answer, Failure> {
        let begun = pass_questions(self.upstream.call_connected(first).await, client, None).await?;
        if let Some(id) = task::made(&begun.envelope) {
            let _ = self.id.set(id);
        }
        Ok(begun)
    }

    /// What has become of the task; if none was made, what was answered instead.
    async fn collect(&self, begun: Result<Answer, Failure>, client: &Sender) -> Result<Answer, Failure> {
        let begun = begun?;
        let Some(id) = self.id.get() else { return Ok(begun) };
        let described = begun.envelope.result_raw(ResultKey::Task).unwrap_or(b"{}");
        if is_working(described) {
            self.wait(poll_interval(described)).await?;
        }
        let collecting = self.upstream.call_once(&self.request(Method::TasksResult, id)?).await;
        match pass_questions(collecting, client, Some(id)).await {
            Ok(Answer { envelope, era }) => Ok(Answer { envelope: without_task(&envelope)?, era }),
            Err(Failure::SessionGone) => Err(Failure::Lost),
            Err(failure) => Err(failure),
        }
    }

    /// Waits until there is something to collect: the end, or a question.
    async fn wait(&self, mut pause: Duration) -> Result<(), Failure> {
        let mut silences = 0;
        while silences < SILENCES_MAX {
            tokio::time::sleep(pause).await;
            match self.ask(Method::TasksGet).await {
                Ok(told) if told.kind() == Kind::Error => return Err(Failure::Lost),
                Ok(told) => {
                    let described = told.result().unwrap_or(b"{}");
                    if !is_working(described) {
                        return Ok(());
                    }
                    (silences, pause) = (0, poll_interval(described));
                }
                Err(failure) => {
                    tracing::debug!(server = &*self.upstream.name, %failure, "it does not say how a task fares");
                    silences += 1;
                }
            }
        }
        Err(Failure::Lost)
    }

    /// Nobody waits for the task any more.
    async fn cancel(&self) {
        if self.id.get().is_some()
            && let Err(failure) = self.ask(Method::TasksCancel).await
        {
            tracing::debug!(server = &*self.upstream.name, %failure, "a task was not cancelled");
        }
    }

    async fn ask(&self, method: Method) -> Result<Envelope, Failure> {
        let id = self.id.get().map(Bytes::as_ref).unwrap_or_default();
        let params = format!(r#""taskId":{}"#, String::from_utf8_lossy(id));
        self.upstream.ask(&self.caller, method, &params, self.patience()).await
    }

    /// How long the server may take to say something of the task.
    fn patience(&self) -> Duration {
        Duration::from_millis(self.upstream.limits.handshake_ms_max)
    }

    /// A request about the task that can be followed like a call.
    fn request(&self, method: Method, id: &[u8]) -> Result<Call, Failure> {
        let params = [br#"{"taskId":"#, id, b"}"].concat();
        let request = parse(&message::request(0, method.as_str(), &params))?;
        Ok(legacy_call(self.caller.clone(), request, method))
    }
}

/// The call that begins the task: as a legacy client would make it, for a task that lives as long as a call may.
fn beginning(call: &Call, lifetime: Duration) -> Result<Call, mcp::Invalid> {
    let plain = Envelope::parse(&call.message(0, Era::Legacy), ScanLimits { depth_max: 128 })?;
    let wish = format!(r#""task":{{"ttl":{}}}"#, lifetime.as_millis());
    let mut splice = Splice::new(plain.bytes());
    splice.insert_members(plain.params_members().span, wish.into_bytes());
    let request = Envelope::parse(&splice.apply(), ScanLimits { depth_max: 128 })?;
    Ok(legacy_call(Caller { era: Era::Legacy, ..call.caller.clone() }, request, call.method))
}

fn legacy_call(caller: Caller, request: Envelope, method: Method) -> Call {
    Call {
        caller,
        request,
        method,
        rename: None,
        fixed: Vec::new(),
        is_settled: true,
        own_name: Arc::default(),
        param_headers: Vec::new(),
        only_as_task: false,
        wishes: Wishes::default(),
        until: None,
        manner: Arc::new(Manner::of_method(method)),
        so_far: SoFar::default(),
    }
}

/// Waits for the end of an exchange. Questions go to the client; progress and log lines do not belong to its call.
async fn pass_questions(exchange: Exchange, client: &Sender, task: Option<&Bytes>) -> Result<Answer, Failure> {
    let mut events = match exchange {
        Exchange::Done(end) => return end,
        Exchange::Running(events) => events,
    };
    loop {
        match events.next().await {
            Event::Done(end) => return end,
            Event::Ask(ask) => client.send(Event::Ask(asked_for(ask, task)?)).await,
            Event::Notification(_) => {}
        }
    }
}

/// A question without the name of its task, and its answer with it, as the server wants to see it.
fn asked_for(Ask { question, reply }: Ask, task: Option<&Bytes>) -> Result<Ask, Failure> {
    let Some(task) = task.cloned() else { return Ok(Ask { question, reply }) };
    let (named, unnamed) = oneshot::channel();
    tokio::spawn(async move {
        if let Ok(answer) = unnamed.await {
            let _ = reply.send(with_task(answer, &task));
        }
    });
    Ok(Ask { question: without_task(&question)?, reply: named.into() })
}

fn with_task(answer: Reply, id: &[u8]) -> Reply {
    match &answer {
        Reply::Result(result) => task::named(result, id).map_or(answer, Reply::Result),
        Reply::Error(_) => answer,
    }
}

/// A message without the name of the task it belongs to, which the client has never heard of.
fn without_task(message: &Envelope) -> Result<Envelope, Failure> {
    let mut splice = Splice::new(message.bytes());
    splice.remove_members(&[message.meta_members().get(Meta::RelatedTask)]);
    parse(&splice.apply())
}

fn is_working(described: &[u8]) -> bool {
    array::member(described, "status").and_then(|status| status.of(described)) == Some(b"\"working\"")
}

fn poll_interval(described: &[u8]) -> Duration {
    let said = array::member(described, "pollInterval").and_then(|interval| interval.of(described));
    let said_ms = said.and_then(|raw| serde_json::from_slice::<u64>(raw).ok());
    said_ms.map_or(POLL, Duration::from_millis).clamp(POLL_MIN, POLL_MAX)
}

fn parse(bytes: &Bytes) -> Result<Envelope, Failure> {
    Envelope::parse(bytes, ScanLimits { depth_max: 128 }).map_err(|invalid| Failure::Garbage(invalid.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_neither_all_the_time_nor_hardly_ever() {
        let check = |described: &str, expected_ms| {
            assert_eq!(poll_interval(described.as_bytes()), Duration::from_millis(expected_ms), "{described}");
        };
        check("{}", 1_000);
        check(r#"{"pollInterval":250}"#, 250);
        check(r#"{"pollInterval":0}"#, 100);
        check(r#"{"pollInterval":86400000}"#, 10_000);
        check(r#"{"pollInterval":-1}"#, 1_000);
        check(r#"{"pollInterval":"soon"}"#, 1_000);
    }

    #[test]
    fn a_task_is_waited_for_while_it_works() {
        let check = |described: &str, expected| assert_eq!(is_working(described.as_bytes()), expected, "{described}");
        check(r#"{"taskId":"a","status":"working"}"#, true);
        check(r#"{"taskId":"a","status":"input_required"}"#, false);
        check(r#"{"taskId":"a","status":"completed"}"#, false);
        check("{}", false);
    }

    #[test]
    fn the_name_of_the_task_leaves_its_result() {
        let related = r#""io.modelcontextprotocol/related-task":{"taskId":"a"}"#;
        let check = |meta: &str, expected: &str| {
            let answer =
                |meta: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"content":[],"_meta":{{{meta}}}}}}}"#);
            let answered = parse(&answer(meta).into_bytes().into()).unwrap();
            assert_eq!(without_task(&answered).unwrap().bytes(), answer(expected).as_bytes());
        };
        check(related, "");
        check(&format!(r#"{related},"a":1"#), r#""a":1"#);
        check(r#""a":1"#, r#""a":1"#);
    }
}
