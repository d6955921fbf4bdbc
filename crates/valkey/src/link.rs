//! The link that is asked: commands go out one behind the other over one connection, and replies come back in their order.
//! Whoever asks waits for a moment and no longer. While it does not answer, nobody waits at all.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use egress::{Client, Raw};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};

use crate::{Address, Command, Error, Reply, greeting, listen::listen, pace::Pace};

/// How long whoever asks waits for a reply. It has to be less than asking a server.
const PATIENCE: Duration = Duration::from_millis(50);
/// A connection on which a command had no reply for so long is given up.
const SILENCE_MAX: Duration = Duration::from_secs(1);
/// Commands that are on their way at one time; more are not sent.
const COMMANDS_MAX: usize = 1_024;
/// Bytes of commands that wait to be written; where there are more, a command is not sent.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// What is done with the reply to a command; `None` where there is none.
type Then = Box<dyn FnOnce(Option<Reply>) + Send>;

/// Something that whoever opened the link may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// There is a connection again, and commands are answered.
    Answers,
    /// Messages are heard from now on. What was said before may have been missed.
    Hears,
    /// A message of some node.
    Message(Bytes),
}

/// How a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// There is no connection.
    Down,
    /// The last reply came too late, and none has come since.
    Slow,
    /// It answers.
    Up,
}

/// The connections to one place that several nodes share. They end when it is dropped.
#[derive(Debug)]
pub struct Link {
    commands: mpsc::Sender<(Written, Sent)>,
    room: Arc<Semaphore>,
    state: Arc<AtomicU8>,
    tasks: [JoinHandle<()>; 2],
}

/// Who is told of events.
pub(crate) struct Told(Box<dyn Fn(Event) + Send + Sync>);

/// A command to be written, and the room that it takes until then.
struct Written {
    command: Command,
    _room: OwnedSemaphorePermit,
}

/// A command on its way. Dropped, it had no reply.
struct Sent {
    since: Instant,
    then: Option<Then>,
}

impl Link {
    /// Begins to connect, and to listen to a channel. `bytes_max` bounds what is believed to be a value of ours.
    pub fn open(
        client: &Client,
        address: &Address,
        channel: &str,
        bytes_max: usize,
        told: impl Fn(Event) + Send + Sync + 'static,
    ) -> Self {
        let (commands, sent) = mpsc::channel(COMMANDS_MAX);
        let told = Arc::new(Told(Box::new(told)));
        let state = Arc::new(AtomicU8::new(State::Down as u8));
        let asked = Asked { sent, state: state.clone(), told: told.clone(), bytes_max };
        let tasks = [
            tokio::spawn(asked.run(client.clone(), address.clone())),
            tokio::spawn(listen(client.clone(), address.clone(), channel.into(), told)),
        ];
        Self { commands, room: Arc::new(Semaphore::new(BYTES_MAX)), state, tasks }
    }

    /// How it is.
    pub fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            up if up == State::Up as u8 => State::Up,
            slow if slow == State::Slow as u8 => State::Slow,
            _ => State::Down,
        }
    }

    /// Asks something. No answer in time is no answer.
    pub async fn ask(&self, command: Command) -> Option<Reply> {
        if self.state() != State::Up {
            return None;
        }
        let (teller, told) = oneshot::channel();
        // who does not wait any more is not told
        self.send(command, move |reply| _ = teller.send(reply));
        let Ok(reply) = timeout(PATIENCE, told).await else {
            self.change(State::Up, State::Slow);
            return None;
        };
        reply.ok().flatten()
    }

    /// Sends a command behind all others, without waiting; `then` learns what came of it.
    pub fn send(&self, command: Command, then: impl FnOnce(Option<Reply>) + Send + 'static) {
        let sent = Sent { since: Instant::now(), then: Some(Box::new(then)) };
        let bytes = u32::try_from(command.wire().len()).unwrap_or(u32::MAX);
        let room = self.room.clone().try_acquire_many_owned(bytes).ok().filter(|_| self.state() != State::Down);
        if let Some(room) = room {
            // refused, it is dropped, and so has no reply
            let _ = self.commands.try_send((Written { command, _room: room }, sent));
        }
    }

    fn change(&self, from: State, to: State) {
        let _ = self.state.compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Told {
    pub(crate) fn tell(&self, event: Event) {
        (self.0)(event);
    }
}

impl Sent {
    fn reply(mut self, reply: Reply) {
        if let Some(then) = self.then.take() {
            then(Some(reply));
        }
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        if let Some(then) = self.then.take() {
            then(None);
        }
    }
}

/// The end of a link that has the connection.
struct Asked {
    sent: mpsc::Receiver<(Written, Sent)>,
    state: Arc<AtomicU8>,
    told: Arc<Told>,
    bytes_max: usize,
}

impl Asked {
    async fn run(mut self, client: Client, address: Address) {
        let mut pace = Pace::default();
        let mut is_known = false;
        loop {
            match greeting::connect(&client, &address).await {
                Ok(stream) => {
                    pace.begin_anew();
                    tracing::info!("kept answers are shared with other nodes");
                    let error = self.serve(stream).await;
                    tracing::warn!(error = %with_cause(&error), "kept answers are not shared with other nodes for now");
                    is_known = true;
                }
                Err(error) if is_known => tracing::debug!(error = %with_cause(&error), "still not shared"),
                Err(error) => {
                    tracing::warn!(error = %with_cause(&error), "kept answers are not shared with other nodes for now");
                    is_known = true;
                }
            }
            sleep(pace.next()).await;
        }
    }

    /// Sends commands and takes replies until the connection ends, and says why it did.
    async fn serve(&mut self, stream: Raw) -> Error {
        // what was sent to a connection before is not sent to this one
        while self.sent.try_recv().is_ok() {}
        // what is sent on this occasion goes before anything that is asked
        self.set(State::Slow);
        self.told.tell(Event::Answers);
        self.set(State::Up);
        let (reading, writing) = tokio::io::split(stream);
        let mut conversation = Conversation {
            reading,
            writing,
            arrived: BytesMut::new(),
            waiting: VecDeque::new(),
            bytes_max: self.bytes_max,
        };
        let error = loop {
            match conversation.step(&mut self.sent).await {
                Ok(Step::AllAnswered) => self.set(State::Up),
                Ok(Step::Some) => {}
                Err(error) => break error,
            }
        };
        self.set(State::Down);
        drop(conversation);
        while self.sent.try_recv().is_ok() {}
        error
    }

    fn set(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
    }
}

/// One connection, and the commands on it that wait for their replies.
struct Conversation {
    reading: ReadHalf<Raw>,
    writing: WriteHalf<Raw>,
    arrived: BytesMut,
    waiting: VecDeque<Sent>,
    bytes_max: usize,
}

/// What a step left behind.
enum Step {
    AllAnswered,
    Some,
}

impl Conversation {
    /// Sends a command, or takes the replies that have come.
    async fn step(&mut self, sent: &mut mpsc::Receiver<(Written, Sent)>) -> Result<Step, Error> {
        let due = self.waiting.front().map(|oldest| oldest.since + SILENCE_MAX);
        let is_room = self.waiting.len() < COMMANDS_MAX;
        tokio::select! {
            read = self.reading.read_buf(&mut self.arrived) => {
                if read? == 0 {
                    return Err(Error::Closed);
                }
                self.take_replies()
            }
            command = sent.recv(), if is_room => match command {
                Some((written, sent)) => self.write(written, sent).await,
                None => Err(Error::Closed),
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Err(Error::Silent(SILENCE_MAX)),
        }
    }

    async fn write(&mut self, written: Written, sent: Sent) -> Result<Step, Error> {
        let until = sent.since + SILENCE_MAX;
        timeout_at(until, self.writing.write_all(written.command.wire()))
            .await
            .map_err(|_| Error::Silent(SILENCE_MAX))??;
        self.waiting.push_back(sent);
        Ok(Step::Some)
    }

    fn take_replies(&mut self) -> Result<Step, Error> {
        while let Some(reply) = Reply::take(&mut self.arrived, self.bytes_max)? {
            let Some(sent) = self.waiting.pop_front() else { return Err(Error::Garbled("nobody asked for it")) };
            sent.reply(reply);
        }
        Ok(if self.waiting.is_empty() { Step::AllAnswered } else { Step::Some })
    }
}

fn with_cause(error: &Error) -> String {
    use std::error::Error as _;
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
