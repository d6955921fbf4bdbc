//! A connection whose other end has to take what is written to it. Who takes next to nothing for a while is cut off: what
//! waits for it would be held for good.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// Bytes that have to be taken in the time there is. Whoever takes them begins a new time.
const TAKEN_MIN: usize = 16 * 1024;

/// A connection that ends when its other end stops taking.
#[derive(Debug)]
pub(super) struct Unstalled<S> {
    stream: S,
    limit: Duration,
    wait: Option<Wait>,
}

/// Since the other end could take no more.
#[derive(Debug)]
struct Wait {
    taken: usize,
    end: Pin<Box<Sleep>>,
}

impl<S> Unstalled<S> {
    /// A connection whose other end has this time to take what waits for it.
    pub(super) fn new(stream: S, limit: Duration) -> Self {
        Self { stream, limit, wait: None }
    }

    /// What became of an attempt to write.
    fn judge(&mut self, written: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(count)) => {
                let is_enough = self.wait.as_mut().is_some_and(|wait| {
                    wait.taken += count;
                    wait.taken >= TAKEN_MIN
                });
                if is_enough {
                    self.wait = None;
                }
                Poll::Ready(Ok(count))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let limit = self.limit;
                let wait = self.wait.get_or_insert_with(|| Wait { taken: 0, end: Box::pin(sleep(limit)) });
                wait.end.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unstalled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unstalled<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(written, context)
    }

    /// Whoever flushes has written all there was.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wait = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.judge(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl<S: AsFd> AsFd for Unstalled<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::Instant,
    };

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);
    const SECOND: Duration = Duration::from_secs(1);

    /// Writes a megabyte to somebody who takes `bytes` in each second, and says after how long it was cut off, if it was.
    async fn cut_off(bytes: usize) -> Option<Duration> {
        let (ours, mut theirs) = duplex(1_024);
        let began = Instant::now();
        let reader = tokio::spawn(async move {
            let mut taken = vec![0; bytes.max(1)];
            loop {
                tokio::time::sleep(SECOND).await;
                if bytes > 0 && theirs.read_exact(&mut taken).await.is_err() {
                    return;
                }
            }
        });
        let mut ours = Unstalled::new(ours, LIMIT);
        let written = ours.write_all(&vec![0; 1 << 20]).await;
        reader.abort();
        written.is_err().then(|| began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_cut_off_in_time() {
        assert_eq!(cut_off(0).await, Some(LIMIT));
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_next_to_nothing_is_cut_off_too() {
        assert!(cut_off(100).await.is_some_and(|after| after <= LIMIT + SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_slow_gets_everything() {
        assert_eq!(cut_off(2_048).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_between_messages_is_no_stall() {
        let (ours, mut theirs) = duplex(1_024);
        let mut ours = Unstalled::new(ours, LIMIT);
        for _ in 0..3 {
            let message = [0; 2_000];
            let (written, read) = tokio::join!(
                async {
                    ours.write_all(&message).await?;
                    ours.flush().await
                },
                async {
                    tokio::time::sleep(SECOND).await;
                    theirs.read_exact(&mut [0; 2_000]).await
                }
            );
            assert!(written.is_ok() && read.is_ok());
            tokio::time::sleep(2 * LIMIT).await;
        }
    }
}
