//! The listen requests that are open on one link, by their ids: that the server has acknowledged one, and that it ended.
//! They are no calls: nobody waits for their answer, and a link with nothing else on it rests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mcp::{Envelope, Meta};
use tokio::sync::watch;

use super::{link::Link, pending::parse_id};

/// How far a listen request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Asked,
    Acknowledged,
}

/// The listen requests of one link.
#[derive(Debug, Default)]
pub struct Listens(Mutex<HashMap<u64, watch::Sender<State>>>);

/// One listen request; dropping it tells the server that nobody listens any more.
#[derive(Debug)]
pub struct Listen {
    link: Arc<Link>,
    id: u64,
    state: watch::Receiver<State>,
}

impl Listens {
    /// Notes that a listen request is sent under `id`.
    pub fn insert(&self, id: u64, link: Arc<Link>) -> Listen {
        let (sender, state) = watch::channel(State::Asked);
        self.lock().insert(id, sender);
        Listen { link, id, state }
    }

    /// Takes the word of the server that it will tell.
    pub fn acknowledged(&self, notification: &Envelope) {
        let Some(id) = parse_id(notification.meta_raw(Meta::SubscriptionId)) else { return };
        if let Some(state) = self.lock().get(&id) {
            state.send_replace(State::Acknowledged);
        }
    }

    /// Takes the answer that ends a listen request; false if it is to none.
    pub fn ended(&self, answer: &Envelope) -> bool {
        parse_id(answer.id()).is_some_and(|id| self.forget(id))
    }

    /// Ends all, since their connection is gone.
    pub fn end_all(&self) {
        self.lock().clear();
    }

    fn forget(&self, id: u64) -> bool {
        self.lock().remove(&id).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, watch::Sender<State>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listen {
    /// Waits until the server has acknowledged it; false if it ended before.
    pub async fn acknowledged(&mut self) -> bool {
        self.state.wait_for(|state| *state == State::Acknowledged).await.is_ok()
    }

    /// Waits until it has ended: the server said so, or the connection is gone.
    pub async fn ended(&mut self) {
        while self.state.changed().await.is_ok() {}
    }
}

impl Drop for Listen {
    fn drop(&mut self) {
        if self.link.listens().forget(self.id)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (link, id) = (self.link.clone(), self.id);
            runtime.spawn(async move { link.cancel(id).await });
        }
    }
}
