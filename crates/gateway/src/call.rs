//! The era-free middle: what a call is between the two edges, and what can come back of it.
//!
//! A call goes to one upstream and yields events: notifications that belong to it, questions back to the client
//! ([`Ask`], the one idea behind legacy requests of servers and modern `input_required`), and at last its end. The
//! client edge and the server edge each translate their era to and from this; nothing in between asks about eras.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use mcp::{ClientFacts, Envelope, Era, Kind, Meta, Method, Param, ResultKey, Splice, message, translate};
use tokio::sync::oneshot;

use crate::{
    events::Events,
    failure::Failure,
    manner::Manner,
    pipeline::{queue::Resting, wishes::Wishes},
    principal::Principal,
    reach::Reach,
};

/// Who is calling, as far as an upstream may tell callers apart.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The principal.
    pub principal: Arc<Principal>,
    /// The session of a legacy client.
    pub session: Option<u64>,
    /// The era of the client.
    pub era: Era,
    /// What the client said of itself.
    pub facts: Arc<ClientFacts>,
    /// Which questions it can be asked.
    pub abilities: Abilities,
    /// How it is reached outside of calls; only the client of a legacy session is.
    pub reach: Weak<Reach>,
}

/// The kinds of questions that a client can answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Abilities(u8);

impl Abilities {
    const FORM: u8 = 1;
    const URL: u8 = 2;
    const SAMPLING: u8 = 4;
    const ROOTS: u8 = 8;

    /// Everything that the gateway can carry across.
    pub const ALL: Self = Self(Self::FORM | Self::URL | Self::SAMPLING | Self::ROOTS);

    /// As a number, to tell them apart.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Those of a number.
    pub fn of_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Whether there is nothing that a client could be asked.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Reads them from a raw `ClientCapabilities` object.
    pub fn read(capabilities: &[u8]) -> Self {
        let has = |name| mcp::array::member(capabilities, name).is_some();
        let mut bits = 0;
        if let Some(elicitation) = mcp::array::member(capabilities, "elicitation") {
            let modes = elicitation.of(capabilities).unwrap_or_default();
            let (form, url) = (mcp::array::member(modes, "form").is_some(), mcp::array::member(modes, "url").is_some());
            bits |= if form || !url { Self::FORM } else { 0 } | if url { Self::URL } else { 0 };
        }
        bits |= if has("sampling") { Self::SAMPLING } else { 0 };
        bits |= if has("roots") { Self::ROOTS } else { 0 };
        Self(bits)
    }

    /// Whether a client with these abilities can be asked this.
    pub fn allow(self, question: &Envelope) -> bool {
        match Method::parse(question.method()) {
            Method::SamplingCreate => self.0 & Self::SAMPLING != 0,
            Method::RootsList => self.0 & Self::ROOTS != 0,
            Method::ElicitationCreate => {
                let url = question
                    .params()
                    .and_then(|params| mcp::array::member(params, "mode")?.of(params))
                    .is_some_and(|mode| mode == b"\"url\"");
                self.0 & if url { Self::URL } else { Self::FORM } != 0
            }
            _ => false,
        }
    }

    /// As the `capabilities` of a legacy handshake.
    pub fn as_capabilities(self) -> String {
        let mut members = Vec::new();
        match (self.0 & Self::FORM != 0, self.0 & Self::URL != 0) {
            (true, true) => members.push(r#""elicitation":{"form":{},"url":{}}"#),
            (true, false) => members.push(r#""elicitation":{}"#),
            (false, true) => members.push(r#""elicitation":{"url":{}}"#),
            (false, false) => {}
        }
        if self.0 & Self::SAMPLING != 0 {
            members.push(r#""sampling":{}"#);
        }
        if self.0 & Self::ROOTS != 0 {
            members.push(r#""roots":{"listChanged":true}"#);
        }
        format!("{{{}}}", members.join(","))
    }

    /// The capability that a client would have to declare for this question, as a raw `ClientCapabilities` object.
    pub fn required(question: &Envelope) -> &'static str {
        match Method::parse(question.method()) {
            Method::SamplingCreate => r#"{"sampling":{}}"#,
            Method::RootsList => r#"{"roots":{}}"#,
            _ => r#"{"elicitation":{}}"#,
        }
    }
}

/// One request on its way to one upstream.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who calls.
    pub caller: Caller,
    /// The request as the client sent it.
    pub request: Envelope,
    /// Its method.
    pub method: Method,
    /// The edit that says the name in the words of the upstream.
    pub rename: Option<(mcp::Span, Bytes)>,
    /// The edits that put in arguments with a fixed value.
    pub fixed: Vec<(mcp::Span, Bytes)>,
    /// Whether such edits have been written into the request.
    pub is_settled: bool,
    /// The upstream's own name of the tool, prompt, resource or task; empty where the method has none.
    pub own_name: Arc<str>,
    /// Headers that repeat arguments, `Mcp-Param-*`.
    pub param_headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// Whether the server takes it only as a core task (2025-11-25), which the client did not ask for.
    pub only_as_task: bool,
    /// What the caller wishes for its way.
    pub wishes: Wishes,
    /// When it ends, however often and wherever it is sent, where its caller said so.
    pub until: Option<Instant>,
    /// What is known of how it acts.
    pub manner: Arc<Manner>,
    /// What has become of it so far.
    pub so_far: SoFar,
}

/// What has become of a call before it is sent.
#[derive(Clone, Debug, Default)]
pub struct SoFar {
    /// Another server was called, and had no answer.
    pub is_elsewhere: bool,
    /// It was sent before, and lost.
    pub is_again: bool,
    /// What its attempts have left behind.
    pub trace: Trace,
    /// Where it is noted at which instance of its server it is, if somebody wants to know.
    pub whereabouts: Option<Whereabouts>,
    /// The instance of its server at which it is already: another one is to be asked.
    pub is_at: Option<usize>,
}

/// At which instance of its server a call is, for the copy of it that goes to another one.
#[derive(Clone, Debug, Default)]
pub struct Whereabouts(Arc<AtomicUsize>);

impl Whereabouts {
    /// It is sent to this instance.
    pub fn note(&self, at: usize) {
        self.0.store(at + 1, Ordering::Relaxed);
    }

    /// The instance to which it was sent last; nothing if it was not sent yet.
    pub fn at(&self) -> Option<usize> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }
}

/// Whether an attempt of a call that failed may have had an effect; noted where somebody wants to know. Clones speak of the
/// same call, so nothing is forgotten when the last attempt was never sent.
#[derive(Clone, Debug, Default)]
pub struct Trace(Option<Arc<AtomicBool>>);

impl Trace {
    /// Somebody wants to know.
    pub fn wanted() -> Self {
        Self(Some(Arc::default()))
    }

    /// An attempt has failed like this.
    pub fn note(&self, failure: &Failure) {
        if let Some(left) = self.0.as_ref().filter(|_| failure.may_have_happened()) {
            left.store(true, Ordering::Relaxed);
        }
    }

    /// Another call stood for this one, and has left this behind.
    pub fn take_over(&self, other: &Self) {
        if let Some(left) = self.0.as_ref().filter(|_| other.is_left()) {
            left.store(true, Ordering::Relaxed);
        }
    }

    /// Whether an attempt may have had an effect.
    pub fn is_left(&self) -> bool {
        self.0.as_ref().is_some_and(|left| left.load(Ordering::Relaxed))
    }
}

impl Call {
    /// From this moment it has the time that its caller gives it.
    pub fn begin(&mut self) {
        self.until = self.wishes.timeout.map(|timeout| Instant::now() + timeout);
    }

    /// What comes of something that is waited for, unless the time that its caller gives it ends before.
    pub async fn in_time<T>(&self, awaited: impl Future<Output = T>) -> Option<T> {
        match self.until {
            Some(until) => tokio::time::timeout_at(until.into(), awaited).await.ok(),
            None => Some(awaited.await),
        }
    }

    /// The request for an upstream of `era`, under an id of ours. A progress token becomes that id too, because it
    /// has to be unique on the connection.
    pub fn message(&self, id: u64, era: Era) -> Bytes {
        let mut digits = [0; message::DIGITS_MAX];
        let id = message::digits(id, &mut digits);
        let mut splice = Splice::new(self.request.bytes());
        splice.replace(self.request.id_span(), id);
        for (span, bytes) in self.rename.iter().chain(&self.fixed) {
            splice.replace(*span, bytes);
        }
        let token = self.request.meta_members().get(Meta::ProgressToken);
        if token.is_some() {
            splice.replace(token.value, id);
        }
        match (self.caller.era, era) {
            (Era::Legacy, Era::Modern) => {
                translate::request_for_modern(
                    &mut splice,
                    &self.request,
                    mcp::Version::LATEST.as_str(),
                    &self.caller.facts,
                );
            }
            (Era::Modern, Era::Legacy) => translate::request_for_legacy(&mut splice, &self.request),
            _ => {}
        }
        splice.apply()
    }

    /// Writes the edits of routing into the request, so that further edits can build on it.
    pub fn settle(&mut self) -> Result<(), mcp::Invalid> {
        if self.rename.is_none() && self.fixed.is_empty() {
            return Ok(());
        }
        self.is_settled = true;
        let mut splice = Splice::new(self.request.bytes());
        for (span, bytes) in self.rename.iter().chain(&self.fixed) {
            splice.replace(*span, bytes);
        }
        let settled = splice.apply();
        self.request = Envelope::parse(&settled, mcp::ScanLimits { depth_max: 128 })?;
        self.rename = None;
        self.fixed.clear();
        Ok(())
    }

    /// Says in `_meta` who calls, for a server that lives here: the member with its key. What the client itself said
    /// there is taken out.
    pub fn tell(&mut self, caller: Vec<u8>) -> Result<(), mcp::Invalid> {
        self.settle()?;
        let mut splice = Splice::new(self.request.bytes());
        let meta = self.request.meta_members();
        if meta.span.is_some() {
            splice.remove_members(&[meta.get(Meta::Caller)]).insert_members(meta.span, caller);
        } else {
            let mut member = br#""_meta":{"#.to_vec();
            member.extend_from_slice(&caller);
            member.push(b'}');
            splice.insert_members(self.request.params_members().span, member);
        }
        self.request = Envelope::parse(&splice.apply(), mcp::ScanLimits { depth_max: 128 })?;
        Ok(())
    }

    /// Takes out of `_meta` who calls, for a server that does not live here.
    pub fn tell_nobody(&mut self) -> Result<(), mcp::Invalid> {
        let caller = self.request.meta_members().get(Meta::Caller);
        if !caller.is_some() {
            return Ok(());
        }
        self.settle()?;
        let mut splice = Splice::new(self.request.bytes());
        splice.remove_members(&[self.request.meta_members().get(Meta::Caller)]);
        self.request = Envelope::parse(&splice.apply(), mcp::ScanLimits { depth_max: 128 })?;
        Ok(())
    }

    /// The token under which the client wants to hear of progress.
    pub fn progress_token(&self) -> Option<Bytes> {
        let token = self.request.meta_members().get(Meta::ProgressToken).value;
        token.is_some().then(|| self.request.slice(token))
    }

    /// The level down to which the client wants log messages: of this request, or of its session.
    pub fn log_level(&self) -> Option<&[u8]> {
        match self.caller.era {
            Era::Modern => self.request.meta_raw(Meta::LogLevel),
            Era::Legacy => Some(&self.caller.facts.log_level[..]).filter(|level| !level.is_empty()),
        }
    }

    /// Whether the client knows the URI of this request in another form than the server, which its answer has to repeat.
    pub fn is_wrapped(&self) -> bool {
        matches!(self.method, Method::ResourcesRead | Method::SkillsGet | Method::DirectoryRead)
            && (self.is_settled || self.rename.is_some())
    }

    /// Whether the request is the retry of one that was answered with questions.
    pub fn is_retry(&self) -> bool {
        self.request.param(Param::RequestState).is_some() || self.request.param(Param::InputResponses).is_some()
    }
}

/// What comes back from an upstream while a call runs.
#[derive(Debug)]
pub enum Event {
    /// A notification that belongs to this call, in the client's words.
    Notification(Bytes),
    /// A question of the upstream to the client.
    Ask(Ask),
    /// The end of the call.
    Done(Result<Answer, Failure>),
}

/// A question of an upstream in the middle of a call.
#[derive(Debug)]
pub struct Ask {
    /// The request as the upstream sent it.
    pub question: Envelope,
    /// Where its answer goes. Dropped without an answer, the upstream is told that nobody answers.
    pub reply: Answering,
}

/// The way back for the answer to a question. As long as there is none, the call that asks takes no place from others.
#[derive(Debug)]
pub struct Answering {
    reply: oneshot::Sender<Reply>,
    rest: Option<Resting>,
}

impl Answering {
    /// The call rests until the answer is given, or it is known that there will be none.
    pub fn rests(&mut self, rest: Option<Resting>) {
        self.rest = rest;
    }

    /// Gives the answer; it comes back if nobody waits for it.
    pub fn send(self, answer: Reply) -> Result<(), Reply> {
        drop(self.rest);
        self.reply.send(answer)
    }
}

impl From<oneshot::Sender<Reply>> for Answering {
    fn from(reply: oneshot::Sender<Reply>) -> Self {
        Self { reply, rest: None }
    }
}

/// The client's answer to a question.
#[derive(Debug)]
pub enum Reply {
    /// A raw result.
    Result(Bytes),
    /// A raw error object.
    Error(Bytes),
}

impl Reply {
    /// Nobody may be asked this.
    pub fn refusal(reason: &str) -> Self {
        let mut error = br#"{"code":-32601,"message":"#.to_vec();
        message::push_string(&mut error, reason);
        error.push(b'}');
        Self::Error(error.into())
    }

    /// Somebody was asked and said nothing.
    pub fn nobody() -> Self {
        Self::Error(Bytes::from_static(br#"{"code":-32603,"message":"the client gave no answer"}"#))
    }
}

/// The answer of an upstream.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The message as it came, under the id of our hop.
    pub envelope: Envelope,
    /// The era of the upstream that gave it.
    pub era: Era,
}

impl Answer {
    /// The answer to a request of this method, unless nobody could say what it means.
    pub fn understood(self, method: Method) -> Result<Self, Failure> {
        match self.nonsense(method) {
            None => Ok(self),
            Some(what) => Err(Failure::Garbage(what.to_owned())),
        }
    }

    /// What is wrong with a result that no revision knows.
    fn nonsense(&self, method: Method) -> Option<&'static str> {
        let (result, is_modern) = (&self.envelope, self.era == Era::Modern);
        if result.kind() != Kind::Result {
            return None;
        }
        if result.result_members().span.is_none() {
            return Some("a result that is no object");
        }
        let is_whole = match result.result_raw(ResultKey::ResultType) {
            None | Some(b"\"complete\"") => true,
            Some(b"\"input_required\"" | b"\"task\"") => false,
            Some(_) if is_modern => return Some("a result of an unknown kind (`resultType`)"),
            Some(_) => true,
        };
        if !matches!(result.result_raw(ResultKey::IsError), None | Some(b"true" | b"false")) {
            return Some("a result whose `isError` is neither true nor false");
        }
        match result.result_raw(ResultKey::Content) {
            Some(content) if !content.starts_with(b"[") => Some("a result whose `content` is no list"),
            None if is_whole && is_modern && method == Method::ToolsCall => Some("a result without `content`"),
            _ => None,
        }
    }
}

/// A running or finished call.
#[derive(Debug)]
pub enum Exchange {
    /// It has already ended.
    Done(Result<Answer, Failure>),
    /// It runs. Dropping the events cancels it. They stay where they are while the steps pass the call on: they are large.
    Running(Box<Events>),
}

impl Exchange {
    /// Waits for the end of the call. Questions are left unanswered: the upstream is told that nobody can.
    pub async fn finish(self) -> Result<Answer, Failure> {
        match self {
            Self::Done(answer) => answer,
            Self::Running(mut events) => loop {
                if let Event::Done(answer) = events.next().await {
                    break answer;
                }
            },
        }
    }
}
