//! The event streams of one legacy session. Each event has an id and is kept for a while, so that a client whose
//! connection broke comes back and hears what it missed; a stream goes on without its client. What is kept has bounds in
//! number, bytes and time; whoever comes back later than that is told so.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use mcp::{Version, sse};
use tokio::sync::{mpsc, oneshot};

use crate::{edge::STREAM_QUEUE, seals::random};

/// Events kept for one session: the progress of many calls.
const EVENTS_KEPT_MAX: usize = 256;
/// Bytes kept for one session: many ordinary results, though not the largest.
const BYTES_KEPT_MAX: usize = 1024 * 1024;
/// Bytes kept for all sessions of a node, so that many busy sessions cannot fill its memory.
const BYTES_KEPT_BY_ALL_MAX: usize = 256 * 1024 * 1024;
/// How long the end of a stream is kept, and how long a standing stream waits for its client.
const KEPT_FOR: Duration = Duration::from_mins(5);
/// How long a client is asked to wait before it comes back.
const RETRY_MS: u64 = 1_000;

/// All streams of one session.
#[derive(Debug)]
pub struct Streams {
    /// Tells these ids from those of an earlier run.
    run: u32,
    state: Mutex<State>,
    /// What all sessions keep together.
    kept_by_all: Arc<AtomicUsize>,
}

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The answer to a request and what comes before it.
    Call,
    /// What is said outside of calls.
    Standing,
}

/// The place of an event: `purpose-run-stream-event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    purpose: Purpose,
    run: u32,
    stream: u64,
    event: u64,
}

/// A stream as a client hears it: what comes first, then the events, framed.
#[derive(Debug)]
pub struct Heard {
    /// What the stream is for.
    pub purpose: Purpose,
    /// What is sent before all else.
    pub opening: Option<Bytes>,
    /// Events, already in the form of the wire.
    pub events: mpsc::Receiver<Bytes>,
}

/// Why a stream cannot be resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// No event of ours has this id.
    Unknown,
    /// What came after it is not kept any more; for a standing stream that is no loss but of notices.
    TooOld(Purpose),
}

#[derive(Debug, Default)]
struct State {
    last_stream: u64,
    streams: HashMap<u64, Stream>,
    kept: VecDeque<Kept>,
    kept_bytes: usize,
}

#[derive(Debug)]
struct Stream {
    purpose: Purpose,
    last_event: u64,
    /// The latest event that is not kept any more.
    forgotten: u64,
    client: Option<mpsc::Sender<Bytes>>,
    /// Since when nobody can hear more of it: it has ended, or its client has gone.
    silent_since: Option<Instant>,
    ended: bool,
    /// Dropped, it ends the task that feeds the stream.
    _feeding: oneshot::Sender<()>,
}

#[derive(Debug)]
struct Kept {
    stream: u64,
    event: u64,
    frame: Bytes,
}

impl Streams {
    /// No streams yet. `kept_by_all` counts what all sessions keep.
    pub fn new(kept_by_all: Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self { run: u32::from_be_bytes(random()), state: Mutex::default(), kept_by_all })
    }

    /// Opens a stream of these messages. A client of a revision that knows how is told at once how to come back.
    pub fn open(self: &Arc<Self>, purpose: Purpose, version: Version, messages: mpsc::Receiver<Bytes>) -> Heard {
        let (client, events) = mpsc::channel(STREAM_QUEUE);
        let (feeding, stopped) = oneshot::channel();
        let mut state = self.lock();
        state.last_stream += 1;
        let stream = state.last_stream;
        let opened = Stream {
            purpose,
            last_event: 0,
            forgotten: 0,
            client: Some(client),
            silent_since: None,
            ended: false,
            _feeding: feeding,
        };
        state.streams.insert(stream, opened);
        drop(state);
        tokio::spawn(feed(self.clone(), stream, messages, stopped));
        let place = Place { purpose, run: self.run, stream, event: 0 };
        let opening = (version >= Version::V2025_11_25).then(|| {
            let mut priming = Vec::new();
            sse::encode_priming(&mut priming, &place.id(), Some(RETRY_MS));
            priming.into()
        });
        Heard { purpose, opening, events }
    }

    /// What a client missed since this event, and what comes next.
    pub fn resume(&self, last_event_id: &str) -> Result<Heard, Lost> {
        let place = Place::parse(last_event_id).ok_or(Lost::Unknown)?;
        let too_old = Lost::TooOld(place.purpose);
        let mut state = self.lock();
        let stream = state.streams.get_mut(&place.stream).filter(|_| place.run == self.run).ok_or(too_old)?;
        if place.event < stream.forgotten || place.event > stream.last_event {
            return Err(too_old);
        }
        let (client, events) = mpsc::channel(STREAM_QUEUE);
        if !stream.ended {
            stream.client = Some(client);
            stream.silent_since = None;
        }
        let missed = state.kept.iter().filter(|kept| kept.stream == place.stream && kept.event > place.event);
        let missed: Vec<&[u8]> = missed.map(|kept| &kept.frame[..]).collect();
        let opening = (!missed.is_empty()).then(|| missed.concat().into());
        Ok(Heard { purpose: place.purpose, opening, events })
    }

    /// Forgets what nobody can be expected to come back for.
    pub fn sweep(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        for stream in state.streams.values_mut() {
            let left = stream.purpose == Purpose::Standing
                && stream.client.as_ref().is_some_and(mpsc::Sender::is_closed)
                && stream.silent_since.is_none();
            if left {
                stream.silent_since = Some(now);
            }
        }
        let is_over = |stream: &Stream| stream.silent_since.is_some_and(|since| now - since >= KEPT_FOR);
        state.streams.retain(|_, stream| !is_over(stream));
        let freed = state.forget_orphans();
        self.kept_by_all.fetch_sub(freed, Ordering::Relaxed);
    }

    /// Says one message, and waits for as long as a client that is there has no room for it.
    async fn say(&self, stream: u64, message: &[u8]) {
        let Some((client, frame)) = self.keep(stream, message) else { return };
        if let Some(client) = client {
            let _ = client.send(frame).await;
        }
    }

    fn keep(&self, number: u64, message: &[u8]) -> Option<(Option<mpsc::Sender<Bytes>>, Bytes)> {
        let mut state = self.lock();
        let stream = state.streams.get_mut(&number)?;
        stream.last_event += 1;
        let place = Place { purpose: stream.purpose, run: self.run, stream: number, event: stream.last_event };
        let mut frame = Vec::with_capacity(message.len() + 64);
        sse::encode_event(&mut frame, Some("message"), Some(&place.id()), message);
        let frame = Bytes::from(frame);
        let client = stream.client.clone();
        let room = self.kept_by_all.fetch_add(frame.len(), Ordering::Relaxed) + frame.len() <= BYTES_KEPT_BY_ALL_MAX;
        state.kept_bytes += frame.len();
        state.kept.push_back(Kept { stream: number, event: place.event, frame: frame.clone() });
        let freed = state.forget_over(if room { BYTES_KEPT_MAX } else { 0 });
        self.kept_by_all.fetch_sub(freed, Ordering::Relaxed);
        Some((client, frame))
    }

    fn end(&self, stream: u64) {
        let mut state = self.lock();
        let Some(ended) = state.streams.get_mut(&stream) else { return };
        ended.ended = true;
        ended.client = None;
        ended.silent_since = Some(Instant::now());
        if ended.forgotten == ended.last_event {
            state.streams.remove(&stream);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        let kept = self.lock().kept_bytes;
        self.kept_by_all.fetch_sub(kept, Ordering::Relaxed);
    }
}

/// Feeds a stream until its messages end or nobody is expected to come back for them.
async fn feed(
    streams: Arc<Streams>,
    stream: u64,
    mut messages: mpsc::Receiver<Bytes>,
    mut stopped: oneshot::Receiver<()>,
) {
    loop {
        let message = tokio::select! {
            message = messages.recv() => message,
            _ = &mut stopped => return,
        };
        let Some(message) = message else { return streams.end(stream) };
        streams.say(stream, &message).await;
    }
}

impl State {
    /// Forgets the oldest events until the bounds hold, and gives the number of bytes.
    fn forget_over(&mut self, bytes_max: usize) -> usize {
        let before = self.kept_bytes;
        while self.kept.len() > EVENTS_KEPT_MAX || self.kept_bytes > bytes_max {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.kept_bytes -= oldest.frame.len();
            if let Some(stream) = self.streams.get_mut(&oldest.stream) {
                stream.forgotten = oldest.event;
                if stream.ended && stream.forgotten == stream.last_event {
                    self.streams.remove(&oldest.stream);
                }
            }
        }
        before - self.kept_bytes
    }

    /// Forgets the events of streams that are no more, and gives the number of bytes.
    fn forget_orphans(&mut self) -> usize {
        let streams = &self.streams;
        self.kept.retain(|kept| streams.contains_key(&kept.stream));
        let before = std::mem::replace(&mut self.kept_bytes, self.kept.iter().map(|kept| kept.frame.len()).sum());
        before - self.kept_bytes
    }
}

impl Place {
    fn id(&self) -> String {
        let purpose = match self.purpose {
            Purpose::Call => "call",
            Purpose::Standing => "standing",
        };
        format!("{purpose}-{:08x}-{}-{}", self.run, self.stream, self.event)
    }

    fn parse(id: &str) -> Option<Self> {
        let mut parts = id.split('-');
        let purpose = match parts.next()? {
            "call" => Purpose::Call,
            "standing" => Purpose::Standing,
            _ => return None,
        };
        let run = u32::from_str_radix(parts.next()?, 16).ok()?;
        let (stream, event) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { purpose, run, stream, event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Version = Version::V2025_11_25;

    fn streams() -> (Arc<Streams>, Arc<AtomicUsize>) {
        let kept_by_all = Arc::new(AtomicUsize::new(0));
        (Streams::new(kept_by_all.clone()), kept_by_all)
    }

    fn open(streams: &Arc<Streams>, purpose: Purpose) -> (mpsc::Sender<Bytes>, Heard) {
        let (say, messages) = mpsc::channel(STREAM_QUEUE);
        (say, streams.open(purpose, NEW, messages))
    }

    fn decode(frames: &[u8]) -> Vec<(String, String)> {
        let mut decoder = sse::Decoder::new(sse::Limits::default());
        decoder.push(frames);
        std::iter::from_fn(|| decoder.next())
            .map(|event| event.unwrap())
            .map(|event| (event.id.unwrap(), String::from_utf8(event.data.to_vec()).unwrap()))
            .collect()
    }

    /// Says these messages and gives the ids and the data that the client heard.
    async fn say(say: &mpsc::Sender<Bytes>, heard: &mut Heard, messages: &[&'static str]) -> Vec<(String, String)> {
        let mut events = Vec::new();
        for message in messages {
            say.send(Bytes::from_static(message.as_bytes())).await.unwrap();
            events.extend(decode(&heard.events.recv().await.unwrap()));
        }
        events
    }

    fn data(events: &[(String, String)]) -> Vec<&str> {
        events.iter().map(|(_, data)| data.as_str()).collect()
    }

    #[tokio::test]
    async fn a_client_that_comes_back_hears_what_it_missed_and_what_follows() {
        let (streams, _) = streams();
        let (sender, mut heard) = open(&streams, Purpose::Call);
        let events = say(&sender, &mut heard, &["one", "two", "three"]).await;
        drop(heard);
        let mut again = streams.resume(&events[0].0).unwrap();
        assert_eq!(data(&decode(again.opening.as_ref().unwrap())), ["two", "three"]);
        assert_eq!(data(&say(&sender, &mut again, &["four"]).await), ["four"]);
    }

    #[tokio::test]
    async fn a_stream_goes_on_without_its_client_to_the_end() {
        let (streams, _) = streams();
        let (sender, heard) = open(&streams, Purpose::Call);
        let priming = decode(heard.opening.as_ref().unwrap());
        assert_eq!(data(&priming), [""]);
        drop(heard);
        sender.send(Bytes::from_static(b"answer")).await.unwrap();
        drop(sender);
        let state = || streams.lock().streams[&1].ended;
        while !state() {
            tokio::task::yield_now().await;
        }
        let mut again = streams.resume(&priming[0].0).unwrap();
        assert_eq!(data(&decode(again.opening.as_ref().unwrap())), ["answer"]);
        assert_eq!(again.events.recv().await, None);
    }

    #[tokio::test]
    async fn a_stream_never_replays_another() {
        let (streams, _) = streams();
        let (first, mut heard_first) = open(&streams, Purpose::Call);
        let (second, mut heard_second) = open(&streams, Purpose::Standing);
        let events = say(&first, &mut heard_first, &["first"]).await;
        say(&second, &mut heard_second, &["second"]).await;
        assert_eq!(streams.resume(&events[0].0).unwrap().opening, None);
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_who_comes_too_late_is_told() {
        let (streams, kept_by_all) = streams();
        let (sender, mut heard) = open(&streams, Purpose::Call);
        let first = say(&sender, &mut heard, &["first"]).await.remove(0).0;
        let large = Bytes::from(vec![b'x'; BYTES_KEPT_MAX / 4]);
        let mut last = Vec::new();
        for _ in 0..8 {
            sender.send(large.clone()).await.unwrap();
            last = decode(&heard.events.recv().await.unwrap());
            assert!(kept_by_all.load(Ordering::Relaxed) <= BYTES_KEPT_MAX);
        }
        assert_eq!(streams.resume(&first).unwrap_err(), Lost::TooOld(Purpose::Call));
        let mut heard = streams.resume(&last[0].0).unwrap();
        for _ in 0..2 * EVENTS_KEPT_MAX {
            say(&sender, &mut heard, &["small"]).await;
        }
        assert_eq!(streams.lock().kept.len(), EVENTS_KEPT_MAX);
        assert_eq!(streams.resume(&last[0].0).unwrap_err(), Lost::TooOld(Purpose::Call));
        drop((sender, heard));
        while Arc::strong_count(&streams) > 1 {
            tokio::task::yield_now().await;
        }
        drop(streams);
        assert_eq!(kept_by_all.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn ids_that_are_not_ours_are_unknown_and_those_of_another_run_too_old() {
        let (streams, _) = streams();
        for id in ["", "1", "call", "call-x-1-1", "call-0-1-1-1", "other-00000000-1-1"] {
            assert_eq!(streams.resume(id).unwrap_err(), Lost::Unknown, "{id}");
        }
        let before = Place { purpose: Purpose::Standing, run: streams.run.wrapping_add(1), stream: 1, event: 1 };
        assert_eq!(streams.resume(&before.id()).unwrap_err(), Lost::TooOld(Purpose::Standing));
    }
}
