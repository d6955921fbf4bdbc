//! Keeps the end of a child's stderr, and gives its lines to the journal of its server, which also takes the secrets
//! out of them. It is always read, so no child can block on it.

use std::{
    collections::VecDeque,
    io,
    os::fd::OwnedFd,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use memchr::memchr;
use tokio::{io::AsyncReadExt as _, net::unix::pipe, sync::oneshot, task::JoinHandle};

use crate::Journal;

const READ_BYTES: usize = 8 << 10;
/// Longest line taken from stderr, in bytes: room for a stack frame with its paths. The rest of a longer one is dropped.
const LINE_BYTES_MAX: usize = 4 << 10;
/// What is read beyond it, so that a secret is seen whole where the line is cut.
const SECRET_BYTES_MAX: usize = 1 << 10;

/// The last bytes of one stderr, shared with the task that reads it.
#[derive(Debug, Clone)]
pub(crate) struct Tail(Arc<Mutex<Ring>>);

#[derive(Debug)]
struct Ring {
    bytes: VecDeque<u8>,
    bytes_max: usize,
}

impl Ring {
    fn push(&mut self, more: &[u8]) {
        let more = &more[more.len().saturating_sub(self.bytes_max)..];
        let excess = (self.bytes.len() + more.len()).saturating_sub(self.bytes_max);
        self.bytes.drain(..excess);
        self.bytes.extend(more);
    }
}

/// The task that reads one stderr. It goes on when this is dropped.
#[derive(Debug)]
pub(crate) struct Reading {
    stop: oneshot::Sender<()>,
    task: JoinHandle<pipe::Receiver>,
}

impl Reading {
    /// Ends the task, and gives the pipe from which it read.
    pub(crate) async fn stop(self) -> Option<pipe::Receiver> {
        // one that has ended by itself gives the pipe too
        let _ = self.stop.send(());
        self.task.await.ok()
    }
}

impl Tail {
    /// Starts the reader.
    pub(crate) fn start(stderr: OwnedFd, bytes_max: usize, journal: Option<Journal>) -> io::Result<(Self, Reading)> {
        let stderr = pipe::Receiver::from_owned_fd(stderr)?;
        let tail = Self(Arc::new(Mutex::new(Ring { bytes: VecDeque::new(), bytes_max })));
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(read(stderr, tail.clone(), journal, stopped));
        Ok((tail, Reading { stop, task }))
    }

    /// What was written last, with replacement characters where it is not UTF-8.
    pub(crate) fn text(&self) -> String {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (front, back) = ring.bytes.as_slices();
        String::from_utf8_lossy(&[front, back].concat()).into_owned()
    }

    fn push(&self, more: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(more);
    }
}

async fn read(
    mut stderr: pipe::Receiver,
    tail: Tail,
    journal: Option<Journal>,
    stopped: oneshot::Receiver<()>,
) -> pipe::Receiver {
    let mut stopped = pin!(async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
    });
    let mut piece = vec![0; READ_BYTES];
    let mut cutter = Cutter::default();
    let take = |line: &[u8]| {
        let text = String::from_utf8_lossy(line);
        let mut text = journal.as_ref().map_or_else(|| text.clone().into_owned(), |journal| journal.clean(&text));
        text.truncate(text.floor_char_boundary(LINE_BYTES_MAX));
        tail.push(text.as_bytes());
        tail.push(b"\n");
        if let Some(journal) = &journal {
            journal.note(text);
        }
    };
    loop {
        let read = tokio::select! {
            read = stderr.read(&mut piece) => read,
            () = &mut stopped => break,
        };
        let Ok(count @ 1..) = read else { break };
        cutter.cut(&piece[..count], take);
        // a child that never stops talking must not keep a thread for itself
        tokio::task::coop::consume_budget().await;
    }
    cutter.finish(take);
    stderr
}

/// Cuts what comes into lines and holds no more than a line may have.
#[derive(Debug, Default)]
struct Cutter {
    line: Vec<u8>,
}

impl Cutter {
    fn cut(&mut self, mut piece: &[u8], take: impl Fn(&[u8])) {
        while let Some(end) = memchr(b'\n', piece) {
            self.hold(&piece[..end]);
            self.finish(&take);
            piece = &piece[end + 1..];
        }
        self.hold(piece);
    }

    /// Hands out the line as far as it has come, if there is anything in it.
    fn finish(&mut self, take: impl Fn(&[u8])) {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        if !line.is_empty() {
            take(line);
        }
        self.line.clear();
    }

    fn hold(&mut self, more: &[u8]) {
        let room = (LINE_BYTES_MAX + SECRET_BYTES_MAX).saturating_sub(self.line.len());
        self.line.extend_from_slice(&more[..more.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pushed: &[&str], expected: &str) {
        let mut ring = Ring { bytes: VecDeque::new(), bytes_max: 4 };
        for more in pushed {
            ring.push(more.as_bytes());
        }
        assert_eq!(Vec::from(ring.bytes), expected.as_bytes());
    }

    #[test]
    fn the_ring_keeps_the_last_bytes() {
        check(&[], "");
        check(&["ab"], "ab");
        check(&["ab", "cd"], "abcd");
        check(&["ab", "cde"], "bcde");
        check(&["abcdefgh"], "efgh");
        check(&["ab", "cdefgh", "i"], "fghi");
    }

    #[test]
    fn lines_are_cut_whatever_the_pieces_and_long_ones_are_cut_off() {
        let text = format!("one\r\n\ntwo\n{}\nlast", "x".repeat(10_000));
        for size in [1, 3, 4096, text.len()] {
            let (mut cutter, lines) = (Cutter::default(), Mutex::new(Vec::new()));
            let take = |line: &[u8]| lines.lock().unwrap().push((line[0], line.len()));
            for piece in text.as_bytes().chunks(size) {
                cutter.cut(piece, take);
            }
            cutter.finish(take);
            let expected = [(b'o', 3), (b't', 3), (b'x', LINE_BYTES_MAX + SECRET_BYTES_MAX), (b'l', 4)];
            assert_eq!(lines.into_inner().unwrap(), expected, "in pieces of {size}");
        }
    }
}
