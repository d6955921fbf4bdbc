//! The stream of events of one running call: what may be lost when nobody reads (progress, log lines) travels in a
//! bounded queue, the end of the call in a slot of its own, so that a flood can never push it out.

use std::time::Duration;

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};

use crate::{
    call::{Answer, Event, Exchange},
    failure::Failure,
    pipeline::{breaker::Permit, queue::Slot},
    upstream::place::Place,
};

/// How many notifications and questions of one call may wait for a slow client.
const QUEUE: usize = 64;

/// How long a call may be silent, and how long it may take in all.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Silence: neither answer nor notification.
    pub idle: Duration,
    /// From start to end.
    pub total: Duration,
}

/// The receiving end. Dropping it before the end cancels the call at its upstream.
#[derive(Debug)]
pub struct Events {
    notes: Option<mpsc::Receiver<Event>>,
    done: oneshot::Receiver<Result<Answer, Failure>>,
    patience: Patience,
    /// How long it may be silent while nobody has been asked anything, where that is known.
    silence: Option<Duration>,
    deadline: Instant,
    /// What was taken to see whether the call had ended at once.
    first: Option<Event>,
    place: Option<Place>,
    slot: Option<Slot>,
    permit: Option<Permit>,
    at_end: AtEnd,
    /// Whether the server has asked for anything meanwhile.
    was_asked: bool,
    _cancel: Cancel,
}

/// The sending end, held by the server edge.
#[derive(Debug)]
pub struct Sender {
    notes: Option<mpsc::Sender<Event>>,
    done: oneshot::Sender<Result<Answer, Failure>>,
}

/// A new pair. Without `with_notes` only the end of the call can be sent, which costs less.
pub fn channel(with_notes: bool, patience: Patience, cancel: impl FnOnce() + Send + 'static) -> (Sender, Box<Events>) {
    let (notes_in, notes_out) = if with_notes { Some(mpsc::channel(QUEUE)).unzip() } else { (None, None) };
    let (done_in, done_out) = oneshot::channel();
    let events = Events {
        notes: notes_out,
        done: done_out,
        patience,
        silence: None,
        deadline: Instant::now() + patience.total,
        first: None,
        place: None,
        slot: None,
        permit: None,
        at_end: AtEnd(None),
        was_asked: false,
        _cancel: Cancel(Some(Box::new(cancel))),
    };
    (Sender { notes: notes_in, done: done_in }, Box::new(events))
}

impl Sender {
    /// Passes on what may be lost: if the client does not keep up, it is.
    pub fn offer(&self, event: Event) -> Result<(), Event> {
        match &self.notes {
            Some(notes) => notes.try_send(event).map_err(mpsc::error::TrySendError::into_inner),
            None => Err(event),
        }
    }

    /// Passes on an event and waits until there is room for it.
    pub async fn send(&self, event: Event) {
        if let Some(notes) = &self.notes {
            let _ = notes.send(event).await;
        }
    }

    /// A way to put questions to the client of this call from beside its own stream.
    pub fn asker(&self) -> Option<mpsc::Sender<Event>> {
        self.notes.clone()
    }

    /// Ends the call.
    pub fn finish(self, end: Result<Answer, Failure>) {
        let _ = self.done.send(end);
    }

    /// Whether the client can be told anything before the end.
    pub fn takes_notes(&self) -> bool {
        self.notes.is_some()
    }
}

impl Events {
    /// Keeps the place of the call among those under way until it ends.
    pub fn keep(&mut self, place: Place) {
        self.place = Some(place);
    }

    /// Keeps the place of the call in its queue until it ends. It may be silent for `silence`, and has to end by `until`.
    pub fn occupy(&mut self, slot: Slot, silence: Option<Duration>, until: Option<std::time::Instant>) {
        self.slot = Some(slot);
        self.silence = silence;
        self.deadline = until.map_or(self.deadline, |until| self.deadline.min(until.into()));
    }

    /// Tells the breakers of the server how the call ends.
    pub fn watched_by(&mut self, permit: Permit) {
        self.permit = Some(permit);
    }

    /// Has the end of the call looked at before anybody sees it. `look` is also told whether the server has asked for
    /// anything meanwhile; it is dropped if the call is given up.
    pub fn at_end(&mut self, look: impl FnOnce(End, bool) -> End + Send + 'static) {
        self.at_end = AtEnd(Some(match self.at_end.0.take() {
            None => Box::new(look),
            Some(first) => Box::new(move |end, was_asked| look(first(end, was_asked), was_asked)),
        }));
    }

    /// Waits for the first event: a call that has ended is told as such, so that it can be judged at once.
    pub async fn settle(mut self: Box<Self>) -> Exchange {
        match self.next().await {
            Event::Done(end) => Exchange::Done(end),
            first => {
                self.first = Some(first);
                Exchange::Running(self)
            }
        }
    }

    /// The next event. After [`Event::Done`] there is none.
    pub async fn next(&mut self) -> Event {
        if let Some(first) = self.first.take() {
            return first;
        }
        let limit = self.deadline.min(Instant::now() + self.patience());
        match timeout_at(limit, self.wait()).await.unwrap_or(Event::Done(Err(Failure::Timeout))) {
            Event::Done(end) => Event::Done(self.ended(end)),
            Event::Ask(mut ask) => {
                self.was_asked = true;
                ask.reply.rests(self.slot.as_ref().and_then(Slot::rest));
                Event::Ask(ask)
            }
            event @ Event::Notification(_) => event,
        }
    }

    /// How long it may be silent. Whoever has been asked something takes time that is not the server's.
    fn patience(&self) -> Duration {
        match self.silence {
            None => self.patience.idle,
            Some(silence) if self.was_asked => silence.max(self.patience.idle),
            Some(silence) => silence,
        }
    }

    /// Gives back what the call held and has its end looked at.
    fn ended(&mut self, mut end: End) -> End {
        if let Some(place) = self.place.take() {
            place.ended(&end);
        }
        // first the breakers: whoever gets the place must not be let through to a server that has just proved to fail
        if let Some(permit) = self.permit.take() {
            permit.ended(&end);
        }
        if let Some(slot) = self.slot.take() {
            end = slot.ended(end);
        }
        match self.at_end.0.take() {
            Some(look) => look(end, self.was_asked),
            None => end,
        }
    }

    async fn wait(&mut self) -> Event {
        let Self { notes, done, slot, .. } = self;
        tokio::select! {
            biased;
            Some(event) = note(notes) => event,
            end = done => Event::Done(end.unwrap_or(Err(Failure::Lost))),
            () = withdrawn(slot.as_ref()) => Event::Done(Err(Failure::Withdrawn { was_sent: true })),
        }
    }
}

/// The next notification or question, if there can be any.
async fn note(notes: &mut Option<mpsc::Receiver<Event>>) -> Option<Event> {
    match notes {
        Some(notes) => notes.recv().await,
        None => None,
    }
}

/// Resolves when an operator ends the call.
async fn withdrawn(slot: Option<&Slot>) {
    match slot {
        Some(slot) => slot.withdrawn().await,
        None => std::future::pending().await,
    }
}

/// How a call ended.
pub type End = Result<Answer, Failure>;

/// Who looks at the end of a call before anybody sees it.
struct AtEnd(Option<Box<dyn FnOnce(End, bool) -> End + Send>>);

impl std::fmt::Debug for AtEnd {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("AtEnd")
    }
}

/// What to do when nobody waits for the call any more; the server edge ignores it when the call has ended.
struct Cancel(Option<Box<dyn FnOnce() + Send>>);

impl std::fmt::Debug for Cancel {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Cancel")
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        if let Some(cancel) = self.0.take() {
            cancel();
        }
    }
}
