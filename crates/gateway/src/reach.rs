//! How the client of a legacy session is reached: the questions put to it and where their answers go, and the standing
//! stream on which it hears of what happens outside of calls. What it is to hear is decided elsewhere.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use mcp::{Envelope, Kind, message};
use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
};

use crate::{
    call::{Abilities, Reply},
    seals::random,
};

/// Messages that may wait for the client on its standing stream.
const STANDING: usize = 256;

/// Questions outside of calls that may wait for an answer of one client: more than that no person answers.
const QUESTIONS_MAX: usize = 64;

/// The way to one client.
#[derive(Debug)]
pub struct Reach {
    abilities: Abilities,
    questions: Mutex<HashMap<String, oneshot::Sender<Reply>>>,
    next_question: AtomicU64,
    /// Tells the ids of its questions from those of another process of the node.
    run: u32,
    ear: Mutex<Ear>,
}

/// Where the client listens.
#[derive(Debug, Default)]
struct Ear {
    standing: Option<Standing>,
    /// What it is told when it listens again.
    owed: Vec<Bytes>,
}

/// The way to a client that listens, and the task that tells it of changes; that one ends with it.
#[derive(Debug)]
struct Standing {
    sender: mpsc::Sender<Bytes>,
    follower: AbortHandle,
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

impl Reach {
    /// The way to a client that can be asked these things. It does not listen yet.
    pub fn new(abilities: Abilities) -> Self {
        let run = u32::from_be_bytes(random());
        Self { abilities, questions: Mutex::default(), next_question: AtomicU64::new(0), run, ear: Mutex::default() }
    }

    /// A question for the client under an id of ours, and where its answer will be.
    pub fn question(&self, request: &Envelope) -> (Bytes, oneshot::Receiver<Reply>) {
        let id = format!("sb-{:08x}-{}", self.run, self.next_question.fetch_add(1, Ordering::Relaxed) + 1);
        let (reply, answer) = oneshot::channel();
        let token = message::json_string(&id);
        let question = message::request_with_id(&token, request.method(), request.params().unwrap_or(b"{}"));
        lock(&self.questions).insert(id, reply);
        (question, answer)
    }

    /// Takes an answer of the client; false if it answers nothing that was asked.
    pub fn answered(&self, answer: &Envelope) -> bool {
        let Some(id) = answer.id().and_then(mcp::plain_text) else { return false };
        let Some(reply) = lock(&self.questions).remove(id) else { return false };
        let span = if answer.kind() == Kind::Result { answer.result_span() } else { answer.error_span() };
        let raw = answer.slice(span);
        reply.send(if answer.kind() == Kind::Result { Reply::Result(raw) } else { Reply::Error(raw) }).is_ok()
    }

    /// Opens the standing stream: what the client is told outside of calls. An older one ends. `follow` starts the task
    /// that tells the client of changes; it is given what shows that nobody listens any more.
    pub fn stand(&self, follow: impl FnOnce(mpsc::Sender<Bytes>) -> AbortHandle) -> mpsc::Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(STANDING);
        let follower = follow(sender.clone());
        let mut ear = lock(&self.ear);
        for message in ear.owed.drain(..) {
            // the stream has room for all that may be owed
            let _ = sender.try_send(message);
        }
        ear.standing = Some(Standing { sender, follower });
        receiver
    }

    /// Tells the client something outside of a call; false if it does not listen or does not keep up.
    pub fn tell(&self, message: Bytes) -> bool {
        lock(&self.ear).tell(message)
    }

    /// Tells the client something outside of a call, now or when it listens again.
    pub fn tell_in_time(&self, message: Bytes) {
        let mut ear = lock(&self.ear);
        if !ear.tell(message.clone()) && ear.owed.len() < STANDING {
            ear.owed.push(message);
        }
    }

    /// Puts a question that belongs to no call to the client, if it listens.
    pub fn ask(&self, question: &Envelope) -> Result<oneshot::Receiver<Reply>, &'static str> {
        if !self.abilities.allow(question) {
            return Err("the client cannot be asked this");
        }
        if !self.has_room() {
            return Err("the client does not keep up");
        }
        let (question, answer) = self.question(question);
        if self.tell(question) { Ok(answer) } else { Err("no call is under way and the client does not listen") }
    }

    /// Whether the client listens.
    pub fn listens(&self) -> bool {
        lock(&self.ear).standing.as_ref().is_some_and(|standing| !standing.sender.is_closed())
    }

    /// Whether one more question can wait. Those whose servers no longer wait are forgotten.
    fn has_room(&self) -> bool {
        let mut questions = lock(&self.questions);
        if questions.len() >= QUESTIONS_MAX {
            questions.retain(|_, reply| !reply.is_closed());
        }
        questions.len() < QUESTIONS_MAX
    }
}

impl Ear {
    fn tell(&self, message: Bytes) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.sender.try_send(message).is_ok())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use mcp::ScanLimits;

    use super::*;

    fn parse(text: &str) -> Envelope {
        Envelope::parse(&text.as_bytes().to_vec().into(), ScanLimits::default()).unwrap()
    }

    fn roots() -> Envelope {
        parse(r#"{"jsonrpc":"2.0","id":"theirs","method":"roots/list"}"#)
    }

    fn listening(abilities: Abilities) -> (Reach, mpsc::Receiver<Bytes>) {
        let reach = Reach::new(abilities);
        let stream = reach.stand(|_| tokio::spawn(std::future::pending::<()>()).abort_handle());
        (reach, stream)
    }

    #[tokio::test]
    async fn a_client_that_listens_is_asked_and_its_answer_comes_back() {
        let (reach, mut stream) = listening(Abilities::ALL);
        let answer = reach.ask(&roots()).unwrap();
        let asked = parse(std::str::from_utf8(&stream.recv().await.unwrap()).unwrap());
        assert_eq!(asked.method(), "roots/list");
        let id = asked.id().and_then(mcp::plain_text).unwrap();
        let reply = format!(r#"{{"jsonrpc":"2.0","id":"{id}","result":{{"roots":[]}}}}"#);
        let other = Reach::new(Abilities::ALL);
        drop(other.question(&roots()));
        assert!(!other.answered(&parse(&reply)), "it was asked by another process");
        assert!(reach.answered(&parse(&reply)));
        assert!(matches!(answer.await, Ok(Reply::Result(roots)) if roots == r#"{"roots":[]}"#));
    }

    #[tokio::test]
    async fn who_cannot_answer_or_does_not_listen_is_not_asked() {
        let (mute, mut stream) = listening(Abilities::default());
        assert!(mute.ask(&roots()).is_err());
        assert!(stream.try_recv().is_err());
        assert!(Reach::new(Abilities::ALL).ask(&roots()).is_err());
        let (gone, stream) = listening(Abilities::ALL);
        drop(stream);
        assert!(gone.ask(&roots()).is_err());
    }

    #[tokio::test]
    async fn what_is_owed_to_a_client_is_told_when_it_listens_and_only_once() {
        let reach = Reach::new(Abilities::ALL);
        reach.tell_in_time(Bytes::from_static(b"one"));
        let mut stream = reach.stand(|_| tokio::spawn(std::future::pending::<()>()).abort_handle());
        reach.tell_in_time(Bytes::from_static(b"two"));
        assert_eq!((stream.recv().await.unwrap(), stream.recv().await.unwrap()), ("one".into(), "two".into()));
        let mut again = reach.stand(|_| tokio::spawn(std::future::pending::<()>()).abort_handle());
        assert!(again.try_recv().is_err());
    }

    #[tokio::test]
    async fn no_more_questions_wait_than_there_is_room_for() {
        let (reach, mut stream) = listening(Abilities::ALL);
        let waiting: Vec<_> = (0..QUESTIONS_MAX).map(|_| reach.ask(&roots()).unwrap()).collect();
        assert!(reach.ask(&roots()).is_err());
        drop(waiting);
        assert!(reach.ask(&roots()).is_ok());
        assert!(stream.recv().await.is_some());
    }
}
