//! A toolkit on one connection, in both protocol eras: messages come in on one bounded channel and go out on another.
//! Each call is a task under a limit; a cancelled one is dropped. It knows no transport.

mod legacy;
mod lists;
mod pump;
mod session;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use mcp::{Envelope, Era, Kind, Meta, Method, Param, ScanLimits, Version, array, code, message};
use serde_json::{Map, Value, json};
use tokio::{sync::mpsc, task::JoinSet};

pub use self::pump::serve_lines;
use self::session::Session;
use crate::{
    call::{Caller, Progress},
    commands,
    confirm::{self, Consent},
    perform::{Asked, Performed},
    toolkit::Toolkit,
};

/// Calls that run at one time on one connection; the gateway sends no more to one server either.
const CALLS_MAX: usize = 256;
/// Levels of nesting in a message.
const DEPTH_MAX: u32 = 128;
/// How long calls may go on after the client has stopped talking.
const DRAIN: Duration = Duration::from_secs(5);

/// Serves a toolkit until the client has gone.
pub async fn serve(toolkit: Arc<Toolkit>, mut incoming: mpsc::Receiver<Bytes>, outgoing: mpsc::Sender<Bytes>) {
    let session = Arc::new(Session::new(toolkit, outgoing));
    let mut calls = JoinSet::new();
    loop {
        tokio::select! {
            message = incoming.recv() => match message {
                Some(message) => receive(&session, &message, &mut calls).await,
                None => break,
            },
            Some(_) = calls.join_next(), if !calls.is_empty() => {}
            () = session.client.closed() => return,
        }
    }
    let drained = async { while calls.join_next().await.is_some() {} };
    tokio::select! {
        _ = tokio::time::timeout(DRAIN, drained) => {}
        () = session.client.closed() => {}
    }
}

/// Takes one message.
async fn receive(session: &Arc<Session>, bytes: &Bytes, calls: &mut JoinSet<()>) {
    let envelope = match Envelope::parse(bytes, ScanLimits { depth_max: DEPTH_MAX }) {
        Ok(envelope) => envelope,
        Err(invalid) => return session.say(message::error(None, invalid.code(), &invalid.to_string(), None)).await,
    };
    match envelope.kind() {
        Kind::Request => request(session, envelope, calls).await,
        Kind::Notification => {
            if Method::parse(envelope.method()) == Method::Cancelled
                && let Some(id) = envelope.param_raw(Param::RequestId)
                && session.cancel(id)
            {
                session.say(listen_ended(id)).await;
            }
        }
        Kind::Result | Kind::Error => session.answered(&envelope),
    }
}

async fn request(session: &Arc<Session>, request: Envelope, calls: &mut JoinSet<()>) {
    let id = request.slice(request.id_span());
    let Some(asked) = request.meta_text(Meta::ProtocolVersion) else {
        return legacy::request(session, request, id, calls).await;
    };
    if Version::parse(asked).is_none_or(|version| version.era() != Era::Modern) {
        return session.say(unsupported(&id, asked)).await;
    }
    if !request.meta_raw(Meta::ClientCapabilities).is_some_and(|raw| raw.starts_with(b"{")) {
        let text = "`_meta` needs `io.modelcontextprotocol/clientCapabilities`";
        return session.say(message::error(Some(&id), code::INVALID_PARAMS, text, None)).await;
    }
    let toolkit = &session.toolkit;
    let reply = match Method::parse(request.method()) {
        Method::ToolsCall => return call(session, request, Era::Modern, id, calls).await,
        Method::Discover => lists::discover(toolkit),
        Method::ToolsList => lists::tools(toolkit),
        Method::Listen => return listen(session, id).await,
        Method::ResourcesList if toolkit.resources.is_some() => lists::empty("resources"),
        Method::TemplatesList if toolkit.resources.is_some() => lists::empty("resourceTemplates"),
        Method::ResourcesRead if toolkit.resources.is_some() => {
            match lists::read(toolkit, &request, Era::Modern, &id).await {
                Ok(result) => result,
                Err(refusal) => return session.say(refusal).await,
            }
        }
        _ => return session.say(unknown_method(&id, request.method())).await,
    };
    session.say(result(toolkit, Era::Modern, &id, reply)).await;
}

/// Starts a call as a task of its own.
async fn call(session: &Arc<Session>, request: Envelope, era: Era, id: Bytes, calls: &mut JoinSet<()>) {
    if calls.len() >= CALLS_MAX {
        let text = format!("{CALLS_MAX} calls are running: call again when one has ended");
        return session.say(message::error(Some(&id), code::OVERLOADED, &text, None)).await;
    }
    let running = session.clone();
    let started = session.start(&id, |id| {
        calls.spawn(async move {
            let answer = answer(&running, &request, era, &id).await;
            running.ended(&id);
            running.say(answer).await;
        })
    });
    if !started {
        let text = "a call with this id is running";
        session.say(message::error(Some(&id), code::INVALID_REQUEST, text, None)).await;
    }
}

/// Makes a call, through as many questions as it needs, and gives the message that answers it.
async fn answer(session: &Session, request: &Envelope, era: Era, id: &Bytes) -> Bytes {
    let toolkit = &session.toolkit;
    let name = request.param_raw(Param::Name).and_then(|raw| serde_json::from_slice::<String>(raw).ok());
    let Some(name) = name else {
        return message::error(Some(id), code::INVALID_PARAMS, "`name` must be a string", None);
    };
    let tool = match toolkit.find(&name) {
        Ok(tool) => tool,
        Err(failure) => {
            let data = failure.envelope().to_string();
            return message::error(Some(id), code::INVALID_PARAMS, &failure.message, Some(data.as_bytes()));
        }
    };
    let mut consent = consent(session, request, era);
    loop {
        let asked = Asked {
            tool: &**tool,
            arguments: request.param_raw(Param::Arguments).unwrap_or(b"{}"),
            caller: Caller::of(request),
            consent,
            shows_commands: commands::is_wanted(request.param_raw(Param::Meta).unwrap_or_default()),
        };
        match toolkit.perform(asked, Progress::new(request, session.client.clone())).await {
            Performed::Result(performed) => return result(toolkit, era, id, performed),
            Performed::Ask(params) if era == Era::Modern => return input_required(toolkit, id, &params),
            Performed::Ask(params) => consent = Consent::Answered(session.ask(&params).await),
        }
    }
}

/// Whether the call is confirmed by an answer that came with it, or could be by asking.
fn consent(session: &Session, request: &Envelope, era: Era) -> Consent {
    let responses = request.param_raw(Param::InputResponses).unwrap_or(b"{}");
    let answered = array::member(responses, confirm::QUESTION).and_then(|span| span.of(responses));
    let can_ask = match era {
        Era::Modern => confirm::can_ask(request.meta_raw(Meta::ClientCapabilities).unwrap_or_default()),
        Era::Legacy => session.can_ask(),
    };
    match answered.filter(|_| era == Era::Modern) {
        Some(answer) => Consent::Answered(confirm::agrees(answer)),
        None if can_ask => Consent::Askable,
        None => Consent::Unreachable,
    }
}

/// Opens a stream of changes. A toolkit never changes, so nothing is honoured and nothing will come.
async fn listen(session: &Session, id: Bytes) {
    let params = format!(
        r#"{{"notifications":{{}},"_meta":{{"io.modelcontextprotocol/subscriptionId":{}}}}}"#,
        String::from_utf8_lossy(&id)
    );
    session.listens(id);
    session.say(message::notification(Method::Acknowledged.as_str(), params.as_bytes())).await;
}

fn listen_ended(id: &[u8]) -> Bytes {
    let id_text = String::from_utf8_lossy(id);
    let ended =
        format!(r#"{{"resultType":"complete","_meta":{{"io.modelcontextprotocol/subscriptionId":{id_text}}}}}"#);
    message::result(id, ended.as_bytes())
}

/// A result as a message of its era.
fn result(toolkit: &Toolkit, era: Era, id: &[u8], mut result: Map<String, Value>) -> Bytes {
    if era == Era::Modern {
        result.insert("resultType".to_owned(), "complete".into());
        let meta = result.entry("_meta").or_insert_with(|| json!({}));
        meta["io.modelcontextprotocol/serverInfo"] = toolkit.info();
    } else {
        for modern in ["ttlMs", "cacheScope"] {
            result.remove(modern);
        }
    }
    message::result(id, Value::Object(result).to_string().as_bytes())
}

fn input_required(toolkit: &Toolkit, id: &[u8], params: &Value) -> Bytes {
    let result = json!({
        "resultType": "input_required",
        "inputRequests": {confirm::QUESTION: {"method": Method::ElicitationCreate.as_str(), "params": params}},
        "_meta": {"io.modelcontextprotocol/serverInfo": toolkit.info()},
    });
    message::result(id, result.to_string().as_bytes())
}

fn unsupported(id: &[u8], asked: &str) -> Bytes {
    let served: Vec<&str> = Version::SERVED.iter().map(|version| version.as_str()).collect();
    let data = json!({"supported": served, "requested": asked}).to_string();
    message::error(Some(id), code::UNSUPPORTED_VERSION, "this protocol version is not served", Some(data.as_bytes()))
}

fn unknown_method(id: &[u8], method: &str) -> Bytes {
    message::error(Some(id), code::METHOD_NOT_FOUND, &format!("unknown method: {method}"), None)
}
