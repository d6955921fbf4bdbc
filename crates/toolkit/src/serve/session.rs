//! What is remembered of one connection: the calls under way by their ids, the questions that wait for an answer, and
//! what a legacy client said in its handshake.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use mcp::{Envelope, Method, message};
use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
};

use crate::{confirm, toolkit::Toolkit};

/// How long a person may think about a question.
const ANSWER_WITHIN: Duration = Duration::from_mins(10);
/// Streams of changes on one connection; each costs its id.
const LISTENS_MAX: usize = 64;

/// One connection.
pub(super) struct Session {
    pub(super) toolkit: Arc<Toolkit>,
    pub(super) client: mpsc::Sender<Bytes>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether a legacy client has shaken hands, and whether it can be asked.
    handshake: Option<bool>,
    calls: HashMap<Bytes, AbortHandle>,
    listens: HashSet<Bytes>,
    questions: HashMap<u64, oneshot::Sender<bool>>,
    next_question: u64,
}

impl Session {
    pub(super) fn new(toolkit: Arc<Toolkit>, client: mpsc::Sender<Bytes>) -> Self {
        Self { toolkit, client, state: Mutex::default() }
    }

    /// Sends a message; if the client has gone, nobody misses it.
    pub(super) async fn say(&self, message: Bytes) {
        let _ = self.client.send(message).await;
    }

    /// Notes the handshake of a legacy client.
    pub(super) fn shake_hands(&self, can_ask: bool) {
        self.lock().handshake = Some(can_ask);
    }

    /// Whether a legacy client has shaken hands.
    pub(super) fn has_shaken_hands(&self) -> bool {
        self.lock().handshake.is_some()
    }

    /// Whether the legacy client can be asked.
    pub(super) fn can_ask(&self) -> bool {
        self.lock().handshake.unwrap_or(false)
    }

    /// Starts a call and notes it before it can end; false if one with this id runs already.
    pub(super) fn start(&self, id: &Bytes, spawn: impl FnOnce(Bytes) -> AbortHandle) -> bool {
        let mut state = self.lock();
        if state.calls.contains_key(id) {
            return false;
        }
        state.calls.insert(id.clone(), spawn(id.clone()));
        true
    }

    /// Forgets a call that has its answer.
    pub(super) fn ended(&self, id: &Bytes) {
        self.lock().calls.remove(id);
    }

    /// Notes a stream of changes.
    pub(super) fn listens(&self, id: Bytes) {
        let mut state = self.lock();
        if state.listens.len() < LISTENS_MAX {
            state.listens.insert(id);
        }
    }

    /// Drops a call; says whether it was a stream of changes, which wants an answer even so.
    pub(super) fn cancel(&self, id: &[u8]) -> bool {
        let mut state = self.lock();
        if let Some(task) = state.calls.remove(id) {
            task.abort();
        }
        state.listens.remove(id)
    }

    /// Asks a legacy client for consent and waits for its answer.
    pub(super) async fn ask(&self, params: &Value) -> bool {
        let (reply, answer) = oneshot::channel();
        let id = {
            let mut state = self.lock();
            state.next_question += 1;
            let id = state.next_question;
            state.questions.insert(id, reply);
            id
        };
        let _forget = Forget { session: self, id };
        self.say(message::request(id, Method::ElicitationCreate.as_str(), params.to_string().as_bytes())).await;
        matches!(tokio::time::timeout(ANSWER_WITHIN, answer).await, Ok(Ok(true)))
    }

    /// Takes the answer to a question; an error is a no.
    pub(super) fn answered(&self, answer: &Envelope) {
        let id = answer.id().and_then(|id| std::str::from_utf8(id).ok()?.parse::<u64>().ok());
        if let Some(reply) = id.and_then(|id| self.lock().questions.remove(&id)) {
            let _ = reply.send(answer.result().is_some_and(confirm::agrees));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a question, also when its call is dropped while it waits.
struct Forget<'a> {
    session: &'a Session,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.session.lock().questions.remove(&self.id);
    }
}
