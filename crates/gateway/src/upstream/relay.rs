//! The way between two processes that have calls on one link: whole messages, each behind its length, since what one of them
//! sends need not stand on one line. Either side ends it by closing its socket.

use std::{io, os::unix::net::UnixStream as Socket};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
};

/// Messages that may wait for the other process to take them.
const QUEUE: usize = 256;

/// One end.
#[derive(Debug)]
pub struct Relay {
    input: OwnedReadHalf,
    output: OwnedWriteHalf,
}

/// What one process says to the other.
#[derive(Clone, Debug)]
pub struct Outbox(mpsc::Sender<Bytes>);

impl Relay {
    /// An end of ours, and one for the other process.
    pub fn pair() -> io::Result<(Self, Socket)> {
        let (ours, theirs) = Socket::pair()?;
        Ok((Self::over(ours)?, theirs))
    }

    /// The end at this socket. Needs a tokio runtime.
    pub fn over(socket: Socket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let (input, output) = UnixStream::from_std(socket)?.into_split();
        Ok(Self { input, output })
    }

    /// Passes a message on, and waits until it is on its way.
    pub async fn say(&mut self, message: &[u8]) -> io::Result<()> {
        write_one(&mut self.output, message).await
    }

    /// Opens the way out, which closes when the last of its outboxes is dropped; what comes in is read with the rest.
    pub fn open(self) -> (Outbox, Incoming) {
        let (sender, queue) = mpsc::channel(QUEUE);
        tokio::spawn(write(self.output, queue));
        (Outbox(sender), Incoming(self.input))
    }
}

impl Outbox {
    /// Passes a message on, after those that wait. False if nobody is there any more.
    pub async fn send(&self, message: Bytes) -> bool {
        self.0.send(message).await.is_ok()
    }

    /// Passes a message on that may be lost if the other process does not keep up.
    pub fn offer(&self, message: Bytes) {
        let _ = self.0.try_send(message);
    }
}

/// What the other process says.
#[derive(Debug)]
pub struct Incoming(OwnedReadHalf);

impl Incoming {
    /// The next message of at most so many bytes; `None` when the other process is gone or breaks the rules.
    pub async fn next(&mut self, bytes_max: usize) -> Option<Bytes> {
        let length = usize::try_from(self.0.read_u32().await.ok()?).ok().filter(|length| *length <= bytes_max)?;
        let mut message = vec![0; length];
        self.0.read_exact(&mut message).await.ok()?;
        Some(message.into())
    }
}

async fn write(mut output: OwnedWriteHalf, mut queue: mpsc::Receiver<Bytes>) {
    while let Some(message) = queue.recv().await {
        if write_one(&mut output, &message).await.is_err() {
            return;
        }
    }
}

/// Writes a message behind its length; one that is too long for that is passed over.
async fn write_one(output: &mut OwnedWriteHalf, message: &[u8]) -> io::Result<()> {
    let Ok(length) = u32::try_from(message.len()) else { return Ok(()) };
    output.write_u32(length).await?;
    output.write_all(message).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_pass_whole_until_either_side_closes() {
        let (ours, theirs) = Relay::pair().unwrap();
        let ((to_them, mut from_them), (to_us, mut from_us)) = (ours.open(), Relay::over(theirs).unwrap().open());
        assert!(to_them.send("{\n}".into()).await);
        assert_eq!(from_us.next(10).await.as_deref(), Some(&b"{\n}"[..]));
        to_us.offer("1".into());
        assert_eq!(from_them.next(10).await.as_deref(), Some(&b"1"[..]));
        drop(to_us);
        assert_eq!(from_them.next(10).await, None);
    }

    #[tokio::test]
    async fn a_message_over_the_limit_ends_it() {
        let (ours, theirs) = Relay::pair().unwrap();
        let ((to_them, _ours), (_theirs, mut from_us)) = (ours.open(), Relay::over(theirs).unwrap().open());
        assert!(to_them.send("12345".into()).await);
        assert_eq!(from_us.next(4).await, None);
    }
}
