//! Runs a program to its end and gives what it wrote, cut at a bound. It shares the guard, the limits and the end of the
//! whole tree with children that stay.

use std::{
    io,
    process::{self, Stdio},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::unix::pipe,
    sync::watch,
    time::timeout,
};

use crate::{
    Command, Error, Exit, Limits,
    spawn::{discard, prepare},
    warden::{self, Order, Warden},
};

/// Bytes that are read from a pipe at one time: what Linux keeps in one.
const CHUNK_BYTES: usize = 64 << 10;

/// The bounds of one run, beside the [`Limits`] of its process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// How long it may take; then all of it is killed. Default 30 s.
    pub time_max: Duration,
    /// How much of stdout is kept, in bytes from its beginning. Default 10 MiB.
    pub stdout_bytes_max: usize,
    /// How much of stderr is kept, in bytes from its beginning. Default 1 MiB.
    pub stderr_bytes_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { time_max: Duration::from_secs(30), stdout_bytes_max: 10 << 20, stderr_bytes_max: 1 << 20 }
    }
}

/// What a program wrote, as far as it was kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// The beginning.
    pub bytes: Vec<u8>,
    /// How much it wrote in all.
    pub bytes_total: u64,
}

impl Captured {
    /// Whether something is missing at the end.
    pub fn is_cut(&self) -> bool {
        self.bytes_total > self.bytes.len() as u64
    }

    fn take(&mut self, chunk: &[u8], bytes_max: usize) {
        let room = bytes_max.saturating_sub(self.bytes.len()).min(chunk.len());
        self.bytes.extend_from_slice(&chunk[..room]);
        self.bytes_total += chunk.len() as u64;
    }
}

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote to stdout.
    pub stdout: Captured,
    /// What it wrote to stderr.
    pub stderr: Captured,
    /// Whether it was killed because its time was over.
    pub is_timed_out: bool,
    /// How long it took.
    pub duration: Duration,
}

/// Runs a program to its end, with this on its stdin. Dropped, it kills the whole tree.
pub async fn run(command: &Command, limits: Limits, bounds: &Bounds, input: Bytes) -> Result<Finished, Error> {
    command.check()?;
    let started = Instant::now();
    let mut running =
        Running::start(command, limits).map_err(|source| Error::Spawn { program: command.program.clone(), source })?;
    let (mut stdout, mut stderr) = (Captured::default(), Captured::default());
    let is_timed_out =
        timeout(bounds.time_max, running.see_it_end(&mut stdout, &mut stderr, bounds, input)).await.is_err();
    if is_timed_out {
        running.orders.send_replace(Order::Kill);
    }
    // the warden never leaves without an answer, unless the whole runtime ends
    let exit = running.exit.wait_for(Option::is_some).await.ok().and_then(|exit| *exit).unwrap_or(Exit::Unknown);
    Ok(Finished { exit, stdout, stderr, is_timed_out, duration: started.elapsed() })
}

/// A started process with our ends of its pipes.
struct Running {
    stdin: Option<pipe::Sender>,
    stdout: pipe::Receiver,
    stderr: pipe::Receiver,
    orders: watch::Sender<Order>,
    exit: watch::Receiver<Option<Exit>>,
}

impl Running {
    fn start(command: &Command, limits: Limits) -> io::Result<Self> {
        let (mut prepared, guarded) = prepare(command, &limits, None);
        let mut process = prepared.stdin(Stdio::piped()).spawn()?;
        let (orders, ordered) = watch::channel(Order::Run);
        let (told, exit) = watch::channel(None);
        let fitted = fit(&mut process).inspect_err(|_| discard(&mut process))?;
        let ended = warden::end_of(&process).inspect_err(|_| discard(&mut process))?;
        tokio::spawn(Warden::new(process, ended, guarded, ordered, limits).run(told));
        let (stdin, stdout, stderr) = fitted;
        Ok(Self { stdin: Some(stdin), stdout, stderr, orders, exit })
    }

    /// Feeds and reads it until it is gone with all that held its pipes.
    async fn see_it_end(&mut self, stdout: &mut Captured, stderr: &mut Captured, bounds: &Bounds, input: Bytes) {
        let stdin = self.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                // a program that does not want all of its input may close it
                let _ = stdin.write_all(&input).await;
            }
        };
        let out = capture(&mut self.stdout, stdout, bounds.stdout_bytes_max);
        let err = capture(&mut self.stderr, stderr, bounds.stderr_bytes_max);
        // the guard of the value must not be kept over the other waits: it binds the future to one thread
        let gone = async { self.exit.wait_for(Option::is_some).await.is_ok() };
        let _ = tokio::join!(feed, out, err, gone);
    }
}

fn fit(process: &mut process::Child) -> io::Result<(pipe::Sender, pipe::Receiver, pipe::Receiver)> {
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (process.stdin.take(), process.stdout.take(), process.stderr.take())
    else {
        return Err(io::Error::other("the process was started without its pipes"));
    };
    Ok((
        pipe::Sender::from_owned_fd(stdin.into())?,
        pipe::Receiver::from_owned_fd(stdout.into())?,
        pipe::Receiver::from_owned_fd(stderr.into())?,
    ))
}

/// Reads to the end, also what is not kept: a program whose pipe is full would wait for ever.
async fn capture(pipe: &mut pipe::Receiver, captured: &mut Captured, bytes_max: usize) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = pipe.read(&mut chunk).await {
        captured.take(&chunk[..count], bytes_max);
        // a program that never stops talking must not keep a thread for itself
        tokio::task::coop::consume_budget().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run_shell(script: &str, bounds: &Bounds, input: &'static str) -> Finished {
        let command = Command::new("sh").args(["-c", script]);
        run(&command, Limits::default(), bounds, input.into()).await.expect("sh is there")
    }

    #[tokio::test]
    async fn a_run_gives_its_output_and_its_end() {
        let end = run_shell("cat; echo no >&2; exit 3", &Bounds::default(), "yes").await;
        assert_eq!((end.exit, end.is_timed_out), (Exit::Code(3), false));
        assert_eq!((&*end.stdout.bytes, &*end.stderr.bytes), (&b"yes"[..], &b"no\n"[..]));
    }

    #[tokio::test]
    async fn output_is_cut_and_counted() {
        let bounds = Bounds { stdout_bytes_max: 10, ..Bounds::default() };
        let end = run_shell("head -c 1000000 /dev/zero", &bounds, "").await;
        assert_eq!((end.stdout.bytes.len(), end.stdout.bytes_total, end.stdout.is_cut()), (10, 1_000_000, true));
        assert!(end.exit.is_success());
    }

    #[tokio::test]
    async fn a_run_out_of_time_is_killed_with_all_it_started() {
        let mut time_max = Duration::from_millis(300);
        loop {
            let end = run_shell("echo begun; sleep 1000 & wait", &Bounds { time_max, ..Bounds::default() }, "").await;
            assert_eq!((end.is_timed_out, end.exit), (true, Exit::Signal(9)), "{end:?}");
            assert!(end.duration < time_max + Duration::from_secs(20), "{end:?}");
            if &*end.stdout.bytes == b"begun\n" {
                return;
            }
            // on a busy machine it may not have got so far
            time_max *= 2;
            assert!(time_max < Duration::from_mins(1), "it never begins: {end:?}");
        }
    }

    #[tokio::test]
    async fn what_a_run_leaves_behind_is_not_waited_for() {
        let end = run_shell("sleep 1000 & echo done", &Bounds::default(), "").await;
        assert!(!end.is_timed_out, "{end:?}");
        assert_eq!(&*end.stdout.bytes, b"done\n");
    }
}
