//! The running calls of one HTTP session whose clients can be asked something: where a question goes that its server
//! puts on the standing stream instead of the stream of the call.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mcp::Envelope;
use tokio::sync::{mpsc, oneshot};

use crate::{
    call::{Abilities, Ask, Event, Reply},
    events::Sender,
};

/// The calls by their id, so that the latest stands last.
#[derive(Debug, Default)]
pub struct Askable(Mutex<BTreeMap<u64, (Abilities, mpsc::Sender<Event>)>>);

impl Askable {
    /// Notes that the client of a call can be asked.
    pub fn insert(&self, id: u64, abilities: Abilities, sender: &Sender) {
        if let Some(asker) = sender.asker() {
            self.lock().insert(id, (abilities, asker));
        }
    }

    /// The call has ended.
    pub fn remove(&self, id: u64) {
        self.lock().remove(&id);
    }

    /// Puts a question to the latest call whose client can answer it. The calls of a session are of one principal, and
    /// the answer goes back by the id of the question, whichever call carries it.
    pub fn ask(&self, question: &Envelope) -> Result<oneshot::Receiver<Reply>, &'static str> {
        let calls = self.lock();
        let latest = calls.values().rev().find(|(abilities, _)| abilities.allow(question));
        let (_, asker) = latest.ok_or("no call is under way whose client can answer this")?;
        let (reply, answer) = oneshot::channel();
        let ask = Event::Ask(Ask { question: question.clone(), reply: reply.into() });
        asker.try_send(ask).map_err(|_| "the client does not keep up")?;
        Ok(answer)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, (Abilities, mpsc::Sender<Event>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mcp::ScanLimits;

    use super::*;
    use crate::events::{Events, Patience, channel};

    fn question() -> Envelope {
        let roots = br#"{"jsonrpc":"2.0","id":"q","method":"roots/list"}"#;
        Envelope::parse(&roots.to_vec().into(), ScanLimits::default()).unwrap()
    }

    fn call() -> (Sender, Box<Events>) {
        let patience = Patience { idle: Duration::from_secs(1), total: Duration::from_secs(1) };
        channel(true, patience, || {})
    }

    #[tokio::test]
    async fn the_latest_call_that_can_answer_is_asked() {
        let askable = Askable::default();
        let (first, mut first_events) = call();
        let (second, mut second_events) = call();
        let (mute, _mute_events) = call();
        askable.insert(1, Abilities::ALL, &first);
        askable.insert(2, Abilities::ALL, &second);
        askable.insert(3, Abilities::default(), &mute);

        askable.ask(&question()).unwrap();
        assert!(matches!(second_events.next().await, Event::Ask(_)));

        askable.remove(2);
        askable.ask(&question()).unwrap();
        assert!(matches!(first_events.next().await, Event::Ask(_)));
    }

    #[test]
    fn without_a_call_nobody_is_asked() {
        assert!(Askable::default().ask(&question()).is_err());
    }
}
