//! Calls of modern clients that wait for an answer of a human or a model: the call stays open at its legacy server while
//! the client holds a sealed handle to it. One table, with a cap and a deadline; what is lost fails plainly and is never
//! run again.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use mcp::{Envelope, message, translate};

use crate::{
    call::{Answering, Ask},
    events::Events,
};

/// The number in the state of a question that came before anything was begun: no call waits for its answer.
pub const NOTHING_BEGUN: u64 = 0;

/// One call that waits.
#[derive(Debug)]
pub struct Parked {
    /// What still comes of the call.
    pub events: Box<Events>,
    /// The questions without an answer, by the key under which the client sees them.
    pub questions: BTreeMap<String, Question>,
    /// How many rounds of questions there have been.
    pub round: u32,
    /// The token under which the client heard of progress.
    pub deadline: Instant,
}

/// One question to the client.
#[derive(Debug)]
pub struct Question {
    /// The request as the server sent it.
    pub request: Envelope,
    /// Where the answer goes.
    pub reply: Answering,
}

/// All calls that wait.
#[derive(Debug)]
pub struct ParkedCalls {
    calls: Mutex<HashMap<u64, Parked>>,
    next: AtomicU64,
    max: usize,
    lifetime: Duration,
}

impl ParkedCalls {
    /// A table of at most `max` calls, each waiting no longer than `lifetime`.
    pub fn new(max: usize, lifetime: Duration) -> Arc<Self> {
        Arc::new(Self { calls: Mutex::default(), next: AtomicU64::new(NOTHING_BEGUN + 1), max, lifetime })
    }

    /// Parks a call; `None` if the table is full.
    pub fn park(&self, events: Box<Events>, questions: BTreeMap<String, Question>, round: u32) -> Option<u64> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= self.max {
            return None;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        calls.insert(id, Parked { events, questions, round, deadline: Instant::now() + self.lifetime });
        Some(id)
    }

    /// Takes a call out; each can be taken once.
    pub fn take(&self, id: u64) -> Option<Parked> {
        let parked = self.calls.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)?;
        (parked.deadline > Instant::now()).then_some(parked)
    }

    /// Drops what has waited too long, which cancels it at its server.
    pub fn sweep(&self) {
        let now = Instant::now();
        let expired: Vec<Parked> = self
            .calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extract_if(|_, parked| parked.deadline <= now)
            .map(|(_, parked)| parked)
            .collect();
        drop(expired);
    }

    /// How long a call may wait, in seconds.
    pub fn lifetime_s(&self) -> u64 {
        self.lifetime.as_secs().max(1)
    }
}

/// Gives each question a key: the one that the server suggests, or `r1`, `r2`…
pub fn keyed(asks: Vec<Ask>, round: u32) -> BTreeMap<String, Question> {
    let mut questions = BTreeMap::new();
    for (index, Ask { question, reply }) in asks.into_iter().enumerate() {
        let suggested =
            question.meta_text(mcp::Meta::InputKey).map(str::to_owned).filter(|key| !questions.contains_key(key));
        let key = suggested.unwrap_or_else(|| format!("r{}_{}", round + 1, index + 1));
        questions.insert(key, Question { request: question, reply });
    }
    questions
}

/// The `inputRequests` of a round.
fn input_requests(questions: &[(String, Envelope)]) -> Vec<u8> {
    let mut out = vec![b'{'];
    for (index, (key, request)) in questions.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        message::push_string(&mut out, key);
        out.extend_from_slice(br#":{"method":"#);
        message::push_string(&mut out, request.method());
        out.extend_from_slice(br#","params":"#);
        out.extend_from_slice(&translate::question_for_modern(request));
        out.push(b'}');
    }
    out.push(b'}');
    out
}

/// The result that asks the client.
pub fn input_required(questions: &[(String, Envelope)], state: &str) -> Bytes {
    let mut out = br#"{"resultType":"input_required","inputRequests":"#.to_vec();
    out.extend_from_slice(&input_requests(questions));
    out.extend_from_slice(format!(r#","requestState":"{state}"}}"#).as_bytes());
    out.into()
}
