//! Requests of modern clients: each stands for itself, questions of servers come back as `input_required`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use mcp::{
    Envelope, Era, ErrorKey, Kind, Meta, Method, Param, ResultKey, Splice, Version, array, code, message,
    state::{ParkedState, arguments_digest},
    task::TaskId,
    translate,
};
use tokio::sync::mpsc;

use super::{Reply, STREAM_QUEUE, jobs, listen, lists};
use crate::{
    call::{Abilities, Answer, Ask, Call, Caller, Event, Exchange},
    catalogue::{Endpoint, listing::ListKind, wrapping::wrapped_answer},
    events::Events,
    failure::Failure,
    gateway::Gateway,
    parked::{NOTHING_BEGUN, Parked, Question, input_required, keyed},
    pipeline::carry,
    principal::Principal,
    route::{Inbound, route},
    upstream::{Upstream, pending::with_token},
};

/// Questions that a server asks within this time become one round.
const ROUND_WINDOW: Duration = Duration::from_millis(20);

/// The extension that tasks are.
pub(super) const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// What a client must declare to use tasks.
pub(super) const TASKS: &str = r#"{"extensions":{"io.modelcontextprotocol/tasks":{}}}"#;

/// Whether the client of this request can follow tasks.
pub(super) fn declares_tasks(request: &Envelope) -> bool {
    let declared = |raw: &[u8]| {
        let extensions = array::member(raw, "extensions")?.of(raw)?;
        array::member(extensions, TASKS_EXTENSION)
    };
    request.meta_raw(Meta::ClientCapabilities).and_then(declared).is_some()
}

/// What has to be known of a call to answer it.
#[derive(Clone, Debug)]
struct Context {
    id: Bytes,
    method: Method,
    upstream: Arc<Upstream>,
    principal: Arc<Principal>,
    abilities: Abilities,
    /// Whether the answer repeats URIs that the client knows in another form.
    wrapped: bool,
    retry: Option<Retry>,
    /// The request as it came, with the upstream's own name of what it is about: a parked call is known by both.
    request: Envelope,
    own_name: Arc<str>,
    /// How many rounds of questions came before.
    round: u32,
    /// The most bytes of text in the result.
    text_max: usize,
}

/// What differs in a retry from the request that the call began with.
#[derive(Clone, Debug)]
struct Retry {
    /// The token under which the client now wants to hear of progress, if any.
    token: Option<Bytes>,
}

/// The caller that a modern request describes.
pub fn caller(gateway: &Gateway, principal: Arc<Principal>, request: &Envelope) -> Caller {
    let capabilities = request.meta_raw(Meta::ClientCapabilities).unwrap_or_default();
    let abilities = if capabilities.len() <= 2 { Abilities::default() } else { Abilities::read(capabilities) };
    Caller {
        principal,
        session: None,
        era: Era::Modern,
        facts: gateway.no_facts.clone(),
        abilities,
        reach: Weak::new(),
    }
}

/// Answers one request. What is wrong with its headers has been found before.
pub async fn handle(gateway: &Gateway, inbound: Inbound) -> Reply {
    let method = inbound.request.known_method();
    let id = inbound.request.slice(inbound.request.id_span());
    if let Some(kind) = ListKind::of(method) {
        return Box::pin(lists::list(
            gateway,
            &inbound.caller.principal,
            &inbound.endpoint,
            kind,
            &inbound.request,
            true,
        ))
        .await;
    }
    if matches!(method, Method::TasksGet | Method::TasksUpdate | Method::TasksCancel) {
        return Box::pin(task(gateway, inbound, method, id)).await;
    }
    match method {
        Method::Discover => Box::pin(discover(gateway, &inbound.endpoint, &id)).await,
        Method::Listen => Box::pin(listen::listen(gateway, inbound)).await,
        Method::Other if matches!(inbound.endpoint, Endpoint::Server(_)) => call(gateway, inbound, method, id).await,
        _ if method.modern_request() => call(gateway, inbound, method, id).await,
        _ => Reply::error(
            Some(&id),
            code::METHOD_NOT_FOUND,
            &format!("unknown method: {}", inbound.request.method()),
            true,
        ),
    }
}

/// What a client asks of a task: of a job of ours, or of a server's task.
async fn task(gateway: &Gateway, inbound: Inbound, method: Method, id: Bytes) -> Reply {
    if !declares_tasks(&inbound.request) {
        return failed(&Failure::MissingCapability(TASKS), &id, method);
    }
    match jobs::meant(gateway, &inbound.request, &inbound.caller.principal.name) {
        Some(job) => jobs::answer(gateway, &inbound, job, &id).await,
        None => call(gateway, inbound, method, id).await,
    }
}

async fn call(gateway: &Gateway, inbound: Inbound, method: Method, id: Bytes) -> Reply {
    if method == Method::ToolsCall && jobs::is_wished(&inbound.request) {
        return Box::pin(jobs::begin(gateway, inbound, &id)).await;
    }
    let request = inbound.request.clone();
    let text_max = gateway.result_text_max(&inbound.endpoint, method);
    let (upstream, call) = match route(&gateway.catalogue, &gateway.seals, inbound).await {
        Ok(routed) => routed,
        Err(failure) => return failed(&failure, &id, method),
    };
    let context = Context {
        id,
        method,
        upstream,
        principal: call.caller.principal.clone(),
        abilities: call.caller.abilities,
        wrapped: call.is_wrapped(),
        retry: call.is_retry().then(|| Retry { token: call.progress_token() }),
        request,
        own_name: call.own_name.clone(),
        round: 0,
        text_max,
    };
    if method.may_ask() && context.retry.is_some() && is_legacy(&context.upstream) {
        return Box::pin(resume(gateway, &call, context)).await;
    }
    match carry(gateway, &context.upstream, &call).await {
        Exchange::Done(end) if wants_visit(&end) => visit_first(gateway, &context, &end),
        Exchange::Done(end) => ended(gateway, &context, end),
        Exchange::Running(events) => Box::pin(drive(gateway, context, events)).await,
    }
}

fn is_legacy(upstream: &Upstream) -> bool {
    upstream.peer().is_some_and(|peer| peer.era == Era::Legacy)
}

/// The answer to a request that failed.
pub(super) fn failed(failure: &Failure, id: &[u8], method: Method) -> Reply {
    let bytes = failure.answer(id, method, true);
    let is_error = Envelope::parse(&bytes, mcp::ScanLimits::default()).is_ok_and(|answer| answer.kind() == Kind::Error);
    Reply::answer(bytes, is_error.then(|| i64::from(failure.code())), true)
}

/// The end of a call as the client sees it.
fn ended(gateway: &Gateway, context: &Context, end: Result<Answer, Failure>) -> Reply {
    if wants_visit(&end) {
        return visit_first(gateway, context, &end);
    }
    match end.and_then(|answer| answer.understood(context.method)) {
        Err(failure) => failed(&failure, &context.id, context.method),
        Ok(answer) => {
            let code =
                (answer.envelope.kind() == Kind::Error).then(|| answer.envelope.error_code().unwrap_or_default());
            Reply::answer(
                finish(
                    gateway,
                    context,
                    &gateway.shaped(answer, &context.upstream, &context.principal.name, context.text_max),
                ),
                code,
                true,
            )
        }
    }
}

/// Whether a legacy server refused because URLs have to be visited first.
fn wants_visit(end: &Result<Answer, Failure>) -> bool {
    end.as_ref().is_ok_and(|answer| answer.envelope.error_code() == Some(i64::from(code::LEGACY_URL_ELICITATION)))
}

/// A legacy server says that URLs have to be visited first; it has done nothing yet. The client is asked to visit them;
/// its retry is a call from the beginning, and the sealed state says that it may be one.
fn visit_first(gateway: &Gateway, context: &Context, end: &Result<Answer, Failure>) -> Reply {
    let questions = end.as_ref().ok().and_then(|answer| elicitations(&answer.envelope)).unwrap_or_default();
    if questions.is_empty() {
        return failed(
            &Failure::Garbage("it wants URLs visited and names none".to_owned()),
            &context.id,
            context.method,
        );
    }
    if questions.iter().any(|(_, question)| !context.abilities.allow(question)) {
        return failed(&Failure::MissingCapability(r#"{"elicitation":{"url":{}}}"#), &context.id, context.method);
    }
    let state = context.parked_state(gateway, NOTHING_BEGUN);
    let sealed = gateway.seals.seal(&state, &context.principal.name, gateway.parked.lifetime_s());
    Reply::result(&context.id, &input_required(&questions, &sealed))
}

/// The retry of a call that had to wait for a visit: it is made now, unless the user would not go.
async fn visited(gateway: &Gateway, call: &Call, context: Context, responses: &[u8]) -> Reply {
    let accepted = |(_, value): &(&[u8], mcp::Span)| {
        let response = value.of(responses).unwrap_or_default();
        array::member(response, "action").and_then(|action| action.of(response)) == Some(b"\"accept\"")
    };
    if !array::members(responses).is_ok_and(|members| !members.is_empty() && members.iter().all(accepted)) {
        let refusal = Failure::Refused(
            code::INVALID_PARAMS,
            "the server waits for the user to visit its URL, and the user did not: nothing was called".to_owned(),
        );
        return failed(&refusal, &context.id, context.method);
    }
    match carry(gateway, &context.upstream, call).await {
        Exchange::Done(end) => ended(gateway, &context, end),
        Exchange::Running(events) => drive(gateway, context, events).await,
    }
}

fn elicitations(refusal: &Envelope) -> Option<Vec<(String, Envelope)>> {
    let data = refusal.error_members().get(ErrorKey::Data).value.of(refusal.bytes())?;
    let list = array::member(data, "elicitations")?.of(data)?;
    let items = array::items(list).ok()?;
    let question = |(index, span): (usize, &mcp::Span)| {
        let asked = message::request(0, Method::ElicitationCreate.as_str(), span.of(list)?);
        Some((format!("r1_{}", index + 1), Envelope::parse(&asked, mcp::ScanLimits { depth_max: 128 }).ok()?))
    };
    items.iter().enumerate().map(question).collect()
}

fn finish(gateway: &Gateway, context: &Context, answer: &Answer) -> Bytes {
    let envelope = &answer.envelope;
    let task = envelope.result_members().get(ResultKey::TaskId).value;
    if task.is_some() && answer.era == Era::Modern {
        return with_task_id(gateway, context, envelope, task);
    }
    let answer = match answer.era {
        Era::Modern => translate::answer_unchanged(envelope, &context.id),
        Era::Legacy => translate::answer_for_modern(envelope, &context.id, context.method),
    };
    if context.wrapped { wrapped_answer(answer, &context.upstream.name) } else { answer }
}

/// A task id is a routing key: the client gets one that names the server and is good for this principal only.
fn with_task_id(gateway: &Gateway, context: &Context, envelope: &Envelope, task: mcp::Span) -> Bytes {
    let own = task.of(envelope.bytes()).and_then(mcp::plain_text).unwrap_or_default().to_owned();
    let shown = TaskId { server: context.upstream.name.to_string(), id: own }
        .conceal(&gateway.seals.ring(), &context.principal.name);
    let mut splice = Splice::new(envelope.bytes());
    splice.replace(envelope.id_span(), &context.id);
    splice.replace_owned(task, message::json_string(&shown));
    splice.apply()
}

/// Waits for the first thing that happens: an answer or a question is all there is to say, anything else opens a stream.
async fn drive(gateway: &Gateway, context: Context, mut events: Box<Events>) -> Reply {
    match events.next().await {
        Event::Done(end) => ended(gateway, &context, end),
        Event::Ask(ask) => {
            let (notes, last) = park(gateway, &context, events, ask).await;
            if notes.is_empty() { last } else { in_order(notes, last) }
        }
        Event::Notification(first) => {
            let (sender, receiver) = mpsc::channel(STREAM_QUEUE);
            tokio::spawn(pump(gateway.clone(), context, events, first, sender));
            Reply::Many(receiver)
        }
    }
}

/// What came while questions were gathered, then the questions.
fn in_order(notes: Vec<Bytes>, last: Reply) -> Reply {
    let Reply::One(last, _) = last else { return last };
    let (sender, receiver) = mpsc::channel(notes.len() + 1);
    for message in notes.into_iter().chain([last]) {
        let _ = sender.try_send(message);
    }
    Reply::Many(receiver)
}

impl Context {
    /// What a client is given to come back with when call number `call` is parked.
    fn parked_state(&self, gateway: &Gateway, call: u64) -> ParkedState {
        let arguments = self.request.param_raw(Param::Arguments);
        ParkedState {
            replica: gateway.seals.replica,
            call,
            server: self.upstream.name.to_string(),
            tool: self.own_name.to_string(),
            arguments_digest: arguments.map_or(Ok([0; 32]), arguments_digest).unwrap_or_default(),
            round: self.round,
        }
    }

    /// A notification in the client's words. After a retry that is another progress token than the one the call began
    /// with, or none.
    fn words(&self, notification: Bytes) -> Option<Bytes> {
        let Some(retry) = &self.retry else { return Some(notification) };
        let Ok(envelope) = Envelope::parse(&notification, mcp::ScanLimits { depth_max: 128 }) else { return None };
        if Method::parse(envelope.method()) != Method::Progress {
            return Some(notification);
        }
        Some(with_token(&envelope, retry.token.as_ref()?))
    }
}

/// Passes on what happens until the end, or until nobody listens: then the call is cancelled.
async fn pump(gateway: Gateway, context: Context, mut events: Box<Events>, first: Bytes, client: mpsc::Sender<Bytes>) {
    let mut next = Some(Event::Notification(first));
    loop {
        let event = if let Some(event) = next.take() {
            event
        } else {
            tokio::select! {
                event = events.next() => event,
                () = client.closed() => return,
            }
        };
        let last = match event {
            Event::Notification(notification) => {
                if let Some(notification) = context.words(notification)
                    && client.send(notification).await.is_err()
                {
                    return;
                }
                continue;
            }
            Event::Ask(ask) => {
                let (notes, last) = park(&gateway, &context, events, ask).await;
                for note in notes {
                    let _ = client.send(note).await;
                }
                last
            }
            Event::Done(end) => ended(&gateway, &context, end),
        };
        if let Reply::One(bytes, _) = last {
            let _ = client.send(bytes).await;
        }
        return;
    }
}

/// Parks the call and asks the client, together with whatever else the server asks at once.
async fn park(gateway: &Gateway, context: &Context, mut events: Box<Events>, first: Ask) -> (Vec<Bytes>, Reply) {
    let (mut asks, mut notes) = (vec![first], Vec::new());
    while let Ok(event) = tokio::time::timeout(ROUND_WINDOW, events.next()).await {
        match event {
            Event::Ask(ask) => asks.push(ask),
            Event::Notification(notification) => notes.extend(context.words(notification)),
            Event::Done(end) => return (notes, ended(gateway, context, end)),
        }
    }
    let questions = keyed(asks, context.round);
    (notes, ask_client(gateway, context, events, questions))
}

fn ask_client(
    gateway: &Gateway,
    context: &Context,
    events: Box<Events>,
    questions: BTreeMap<String, Question>,
) -> Reply {
    let requests: Vec<(String, Envelope)> =
        questions.iter().map(|(key, question)| (key.clone(), question.request.clone())).collect();
    let Some(call) = gateway.parked.park(events, questions, context.round) else {
        return failed(&Failure::Overloaded, &context.id, context.method);
    };
    let state = context.parked_state(gateway, call);
    let sealed = gateway.seals.seal(&state, &context.principal.name, gateway.parked.lifetime_s());
    Reply::result(&context.id, &input_required(&requests, &sealed))
}

/// The retry of a call that was answered with questions: its answers go to the server, the call goes on.
async fn resume(gateway: &Gateway, call: &Call, mut context: Context) -> Reply {
    let request = context.request.clone();
    let invalid = || {
        Reply::error(
            Some(&context.id),
            code::INVALID_PARAMS,
            "state not valid: the call was not repeated; call again without it",
            true,
        )
    };
    let Some(sealed) = request.param_text(Param::RequestState) else { return invalid() };
    let Ok(state) = gateway.seals.open::<ParkedState>(sealed, &context.principal.name) else { return invalid() };
    let same = ParkedState { call: 0, round: 0, ..state.clone() } == context.parked_state(gateway, 0);
    let responses = request.param_raw(Param::InputResponses).unwrap_or(b"{}");
    let (true, Ok(members)) = (same, array::members(responses)) else { return invalid() };
    if state.round + 1 >= gateway.limits.ask_rounds_max {
        let refusal = Failure::Refused(
            code::INVALID_PARAMS,
            format!("more than {} rounds of questions", gateway.limits.ask_rounds_max),
        );
        drop(gateway.parked.take(state.call));
        return failed(&refusal, &context.id, context.method);
    }
    if state.call == NOTHING_BEGUN {
        context.round = state.round + 1;
        return visited(gateway, call, context, responses).await;
    }
    let Some(Parked { events, mut questions, .. }) = gateway.parked.take(state.call) else { return invalid() };
    for (key, value) in members {
        if let Some(question) = std::str::from_utf8(key).ok().and_then(|key| questions.remove(key)) {
            let answer = Bytes::copy_from_slice(value.of(responses).unwrap_or(b"{}"));
            let _ = question.reply.send(crate::call::Reply::Result(answer));
        }
    }
    context.round = state.round + 1;
    if questions.is_empty() {
        drive(gateway, context, events).await
    } else {
        ask_client(gateway, &context, events, questions)
    }
}

/// What this endpoint is and can do.
async fn discover(gateway: &Gateway, endpoint: &Endpoint, id: &[u8]) -> Reply {
    let about = super::about::about(gateway, endpoint, Version::LATEST).await;
    let versions: Vec<String> = Version::SERVED.iter().map(|version| format!("\"{}\"", version.as_str())).collect();
    let instructions = about.instructions.map(|text| format!(r#","instructions":{text}"#)).unwrap_or_default();
    let result = format!(
        r#"{{"resultType":"complete","supportedVersions":[{}],"capabilities":{}{instructions},"ttlMs":0,"cacheScope":"private","_meta":{{"io.modelcontextprotocol/serverInfo":{}}}}}"#,
        versions.join(","),
        about.capabilities,
        gateway.catalogue.who(),
    );
    Reply::result(id, result.as_bytes())
}
