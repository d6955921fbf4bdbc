//! Keeps the end of a child's stderr. It is always read, so no child can block on it.

use std::{
    collections::VecDeque,
    io,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{io::AsyncReadExt as _, net::unix::pipe};

const READ_BYTES: usize = 8 << 10;

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

impl Tail {
    /// Starts the reader.
    pub(crate) fn start(stderr: OwnedFd, bytes_max: usize) -> io::Result<Self> {
        let stderr = pipe::Receiver::from_owned_fd(stderr)?;
        let tail = Self(Arc::new(Mutex::new(Ring { bytes: VecDeque::new(), bytes_max })));
        tokio::spawn(read(stderr, tail.clone()));
        Ok(tail)
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

async fn read(mut stderr: pipe::Receiver, tail: Tail) {
    let mut piece = vec![0; READ_BYTES];
    while let Ok(count @ 1..) = stderr.read(&mut piece).await {
        tail.push(&piece[..count]);
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
}
