//! The way of log lines out of the process. Who says something never waits for who reads it: lines queue up to a bound, one
//! thread writes them, and what comes while there is no room is dropped, counted, and told of as soon as there is room.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Bytes of lines that wait to be written: as much as the journal keeps, far more than a disk that takes its time makes wait.
const WAITING_BYTES_MAX: usize = 256 << 10;

/// The outlet. Clones write to the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outlet(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    waiting: Vec<u8>,
    /// Whether the thread is writing what it has taken.
    is_busy: bool,
    /// Lines that were dropped and not told of.
    untold: u64,
    /// Lines that were ever dropped.
    dropped: u64,
}

impl Outlet {
    /// Starts the thread that writes to `out`.
    pub(crate) fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let outlet = Self::default();
        let lines = outlet.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || lines.write_to(out))?;
        Ok(outlet)
    }

    /// How many lines were dropped since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Waits until everything is written, no longer than `patience`; says whether it is.
    pub(crate) fn drain(&self, patience: Duration) -> bool {
        let is_left = |lines: &mut Lines| lines.is_busy || !lines.waiting.is_empty() || lines.untold > 0;
        let waited = self.0.changed.wait_timeout_while(self.lock(), patience, is_left);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn write_to(&self, mut out: impl Write) {
        loop {
            let (lines, dropped) = self.take();
            // nobody is left who could be told that it failed
            let _ = out.write_all(&lines).and_then(|()| out.flush());
            if dropped > 0 {
                tracing::warn!(lines = dropped, "lines of the log were dropped: who reads it did not keep up");
            }
            self.lock().is_busy = false;
            self.0.changed.notify_all();
        }
    }

    /// Waits for lines, and takes all of them with the number of those that were dropped.
    fn take(&self) -> (Vec<u8>, u64) {
        let is_idle = |lines: &mut Lines| lines.waiting.is_empty() && lines.untold == 0;
        let mut lines = self.0.changed.wait_while(self.lock(), is_idle).unwrap_or_else(PoisonError::into_inner);
        lines.is_busy = true;
        (std::mem::take(&mut lines.waiting), std::mem::take(&mut lines.untold))
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Outlet {
    /// Takes one line. It comes whole or not at all.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut lines = self.lock();
        if lines.waiting.len() + line.len() > WAITING_BYTES_MAX {
            lines.untold += 1;
            lines.dropped += 1;
        } else {
            lines.waiting.extend_from_slice(line);
        }
        drop(lines);
        self.0.changed.notify_all();
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);
    const LINES: usize = 10_000;

    /// Takes lines only while it is let.
    struct Stuck {
        turns: Receiver<()>,
        page: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.turns.recv().map_err(io::Error::other)?;
            self.page.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn stuck() -> (Outlet, SyncSender<()>, Arc<Mutex<Vec<u8>>>) {
        let (turn, turns) = sync_channel(100);
        let page = Arc::default();
        (Outlet::start(Stuck { turns, page: Arc::clone(&page) }).unwrap(), turn, page)
    }

    #[test]
    fn lines_are_written_in_their_order() {
        let (mut outlet, turn, page) = stuck();
        for line in ["one\n", "two\n", "three\n"] {
            outlet.write_all(line.as_bytes()).unwrap();
            turn.send(()).unwrap();
        }
        assert!(outlet.drain(PATIENCE));
        assert_eq!(*page.lock().unwrap(), b"one\ntwo\nthree\n");
        assert_eq!(outlet.dropped(), 0);
    }

    #[test]
    fn who_reads_nothing_holds_nobody_up_and_what_is_dropped_is_counted() {
        let (mut outlet, turn, page) = stuck();
        let line = [b'x'; 1_000];
        for _ in 0..LINES {
            outlet.write_all(&line).unwrap();
        }
        assert!(!outlet.drain(Duration::from_millis(10)), "nobody has read anything");
        let dropped = usize::try_from(outlet.dropped()).unwrap();
        turn.send(()).unwrap();
        turn.send(()).unwrap();
        assert!(outlet.drain(PATIENCE));
        assert_eq!(page.lock().unwrap().len(), (LINES - dropped) * line.len());
        let room = WAITING_BYTES_MAX / line.len();
        assert!((room..=2 * room).contains(&(LINES - dropped)), "{dropped} of {LINES} were dropped");
    }
}
