//! `cargo xtask restarts [--rounds N] [--rate N] [--previous PROGRAM]`: a gateway is restarted again and again while it is asked at a fixed rate
//! in both eras, with standing streams open and one call to a stdio server running all the while. Any call that fails, any
//! stream that cannot be opened again and any process that is left fails the run.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use testkit::load::{self, Ask, Era, Latencies, Paced, Paces};
use tokio::sync::watch;

use crate::page::{self, Wish};
use crate::program::{self, Configuration, Program};

/// Connections of each era that take turns.
const CONNECTIONS: u32 = 32;
/// Standing streams of legacy sessions.
const STREAMS: usize = 8;
/// How long the gateway is asked before the first restart: what the restarts are compared with.
const BEFORE: Duration = Duration::from_secs(5);
/// How long a restart counts as going on after its successor was ready: connections move meanwhile.
const SETTLES_FOR: Duration = Duration::from_secs(1);
/// How long is waited between the end of one restart and the next.
const BETWEEN: Duration = Duration::from_millis(300);
/// How long processes may take to end after the last call has.
const ENDS_WITHIN: Duration = Duration::from_secs(30);
/// How often they are looked at.
const LOOK: Duration = Duration::from_millis(20);
/// What p99 may be while a restart goes on.
const P99_MAX: Duration = Duration::from_millis(50);

/// How a standing stream ends that its client may open again: the last event, and the last chunk.
const COME_BACK: &str = "retry: 1000\n\n\r\n0\r\n";
const LAST_CHUNK: &str = "\r\n0\r\n";

/// Options of `cargo xtask restarts`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask restarts", no_binary_name = true)]
struct Options {
    /// How often the gateway is restarted.
    #[arg(long, default_value_t = 100)]
    rounds: u32,
    /// Calls in a second, half of them in each era.
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// The build profile whose programs are taken.
    #[arg(long, default_value = "release")]
    profile: String,
    /// Another build of the gateway: each restart goes from one of the two to the other, and back.
    #[arg(long, value_name = "PROGRAM", conflicts_with = "write")]
    previous: Option<PathBuf>,
    /// Write the figures into the manual.
    #[arg(long)]
    write: bool,
}

/// What can go wrong with the restarts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Program(#[from] program::Error),
    #[error("cannot ask the gateway")]
    Load(#[from] load::Error),
    #[error("cannot {doing}")]
    System { doing: &'static str, source: io::Error },
    #[error("restart {round} failed: {reason}")]
    Restart { round: u32, reason: String },
    #[error("{errors} calls failed; the first: {first}")]
    CallsFailed { errors: u64, first: String },
    #[error("a standing stream could not be opened again")]
    StreamLost,
    #[error("the long call ended with {0:?}")]
    LongCall(String),
    #[error("processes are left: {0:?}")]
    ProcessesLeft(Vec<u32>),
    #[error("p99 during restarts was {0:?}, more than {P99_MAX:?}")]
    Slow(Duration),
    #[error(transparent)]
    Page(#[from] page::Error),
}

/// What a run found.
#[derive(Debug, Default)]
struct Findings {
    rounds: u32,
    calls: usize,
    long_call: Duration,
    streams: u64,
    before: Latencies,
    during: Latencies,
    swap: Latencies,
}

/// Restarts programs that are built already.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    let options = Options::parse_from(options);
    let findings = restarts(&options)?;
    let text = findings.table(options.rate, &options.profile);
    println!("{text}");
    if options.write {
        page::generate("docs/src/performance.md", "restarts", &text, Wish::Write)?;
    }
    let p99 = findings.during.percentile(0.99);
    if p99 > P99_MAX { Err(Error::Slow(p99)) } else { Ok(()) }
}

impl Findings {
    fn table(&self, rate: u32, profile: &str) -> String {
        let row = |name: &str, latencies: &Latencies| {
            let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| latencies.percentile(share).as_secs_f64() * 1e3);
            format!("| {name} | {p50:.2} ms | {p99:.2} ms | {max:.1} ms |\n")
        };
        format!(
            "{} restarts at {rate} calls/s ({profile} build): {} calls, none failed; one call of {:.0} s over stdio was answered; standing \
             streams were opened again {} times, none was lost.\n\n\
             | | p50 | p99 | longest |\n|---|---|---|---|\n{}{}{}",
            self.rounds,
            self.calls,
            self.long_call.as_secs_f64(),
            self.streams,
            row("a call before the restarts", &self.before),
            row("a call during a restart", &self.during),
            row("the restart itself, until the successor is ready", &self.swap),
        )
    }
}

fn restarts(options: &Options) -> Result<Findings, Error> {
    let (rounds, rate) = (options.rounds, options.rate);
    let folder = program::folder(&options.profile)?;
    let configuration = Configuration::write(&servers(&folder)?)?;
    let own = program::find(&folder, "switchboard")?;
    let installed = Installed::new([options.previous.clone().unwrap_or_else(|| own.clone()), own])?;
    let mut first = Program::gateway(program::command(installed.path()), configuration.path())?;
    let mut node = Restarted { installed, url: first.at("/mcp").to_string(), configuration, pids: vec![first.pid()] };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(system("start the runtime"))?;
    let (stop, stopped) = watch::channel(false);
    let loads = [(Era::Modern, "bench_modern"), (Era::Legacy, "bench_legacy")].map(|(era, server)| {
        let ask = Ask::Echo { tool: "echo".to_owned() };
        let endpoint = first.at(&format!("/servers/{server}/mcp"));
        let paced = Paced { endpoint, era, ask, connections: CONNECTIONS, rate: f64::from(rate) / 2.0 };
        runtime.spawn(paced.run(stopped.clone()))
    });
    let address = first.at("").address.to_string();
    let long_call = LongCall::begin(&address, expected_length(rounds))?;
    let streams = Streams::open(&address)?;
    let begun = Instant::now();
    std::thread::sleep(BEFORE);
    let mut swaps = Vec::new();
    for round in 0..rounds {
        swaps.push(node.restart(round)?);
        std::thread::sleep(BETWEEN);
    }
    let answer = long_call.end();
    let long_call = begun.elapsed();
    let streams = streams.end()?;
    let _ = stop.send(true);
    let mut paces = Paces::default();
    for load in loads {
        paces.add(runtime.block_on(load).map_err(|error| system("finish the load")(error.into()))??);
    }
    let answer = answer?;
    node.end(&mut first)?;
    if paces.errors > 0 {
        return Err(Error::CallsFailed { errors: paces.errors, first: paces.first_error.unwrap_or_default() });
    }
    if !answer.contains("done") {
        return Err(Error::LongCall(answer));
    }
    Ok(Findings { rounds, long_call, streams, ..sorted(&paces, begun, &swaps) })
}

/// How long the call has to run that is to outlast all restarts.
fn expected_length(rounds: u32) -> Duration {
    BEFORE + (BETWEEN + Duration::from_millis(700)) * rounds
}

/// The calls by when they were due.
fn sorted(paces: &Paces, begun: Instant, swaps: &[(Instant, Instant)]) -> Findings {
    let [mut before, mut during, mut swap] = [(); 3].map(|()| Latencies::default());
    for sample in &paces.samples {
        let due = sample.due.into_std();
        if due < begun + BEFORE {
            before.record(sample.latency);
        } else if swaps.iter().any(|(from, to)| due >= *from && due < *to + SETTLES_FOR) {
            during.record(sample.latency);
        }
    }
    for (from, to) in swaps {
        swap.record(*to - *from);
    }
    [&mut before, &mut during, &mut swap].into_iter().for_each(Latencies::sort);
    Findings { calls: paces.samples.len(), before, during, swap, ..Findings::default() }
}

fn servers(folder: &Path) -> Result<String, Error> {
    let (bench, slow) = (program::find(folder, "bench-server")?, program::find(folder, "rogue")?);
    let bench = |name: &str, era: &str| {
        let program = bench.display();
        format!("[servers.{name}]\ncommand = '{program}'\nargs = [\"--stdio\"]\nera = \"{era}\"\nmode = \"shared\"\n\n")
    };
    let slow = format!(
        "[limits]\ncall_ms_max = 3600000\ncall_total_ms_max = 3600000\n\n[servers.slow]\ncommand = '{}'\nmode = \"shared\"\n\n",
        slow.display()
    );
    Ok([slow, bench("bench_modern", "modern"), bench("bench_legacy", "legacy")].concat())
}

/// The program as it is installed: a link, which an upgrade leads to another build.
struct Installed {
    folder: tempfile::TempDir,
    builds: [PathBuf; 2],
}

impl Installed {
    /// The first build is installed.
    fn new(builds: [PathBuf; 2]) -> Result<Self, Error> {
        let folder = tempfile::tempdir().map_err(system("make a folder for the program"))?;
        let builds = builds.map(std::path::absolute);
        let [Ok(first), Ok(second)] = builds else {
            return Err(system("find the programs")(io::ErrorKind::NotFound.into()));
        };
        let installed = Self { folder, builds: [first, second] };
        installed.install(0)?;
        Ok(installed)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("switchboard")
    }

    /// Puts a build in the place of the other one, in one step.
    fn install(&self, build: usize) -> Result<(), Error> {
        let fresh = self.folder.path().join("fresh");
        let linked = std::os::unix::fs::symlink(&self.builds[build % 2], &fresh);
        linked.and_then(|()| std::fs::rename(&fresh, self.path())).map_err(system("install a build"))
    }
}

/// A node and all its processes, which end with it.
struct Restarted {
    installed: Installed,
    url: String,
    configuration: Configuration,
    pids: Vec<u32>,
}

impl Restarted {
    /// Restarts the node as an operator does, and gives when it began and when the successor was ready.
    fn restart(&mut self, round: u32) -> Result<(Instant, Instant), Error> {
        let failed = |reason: String| Error::Restart { round, reason };
        self.installed.install(self.pids.len())?;
        let mut restart = program::command(self.installed.path());
        restart.args(["restart", "--json", "--url", &self.url]).arg("--config").arg(self.configuration.path());
        program::keep_state(&mut restart)?;
        let begun = Instant::now();
        let output = restart.output().map_err(|error| failed(error.to_string()))?;
        let ready = Instant::now();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let pid = answer["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
        let pid = pid.ok_or_else(|| failed(String::from_utf8_lossy(&output.stderr).into_owned()))?;
        self.pids.push(pid);
        Ok((begun, ready))
    }

    /// Ends the last process; those before have to end by themselves.
    fn end(&self, first: &mut Program) -> Result<(), Error> {
        if let Some(last) = self.pids.last().copied().and_then(process) {
            kill_process(last, Signal::TERM).map_err(|errno| system("end the gateway")(errno.into()))?;
        }
        let since = Instant::now();
        loop {
            let first_has_ended = first.has_ended();
            let is_left = |pid: &u32| {
                let is_alive = process(*pid).is_some_and(|pid| test_kill_process(pid).is_ok());
                is_alive && !(first_has_ended && *pid == first.pid())
            };
            let left: Vec<u32> = self.pids.iter().copied().filter(is_left).collect();
            if left.is_empty() {
                return Ok(());
            }
            if since.elapsed() > ENDS_WITHIN {
                return Err(Error::ProcessesLeft(left));
            }
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Restarted {
    fn drop(&mut self) {
        for pid in self.pids.iter().copied().filter_map(process) {
            // most of them have ended by themselves
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn process(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

/// A call that runs over all restarts, on a connection of its own.
struct LongCall(std::thread::JoinHandle<io::Result<String>>);

impl LongCall {
    #[expect(clippy::disallowed_methods, reason = "the answer of our own gateway")]
    fn begin(address: &str, length: Duration) -> Result<Self, Error> {
        let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"slow","arguments":{{"ms":{}}},{meta}}}}}"#,
            length.as_millis()
        );
        let mut connection = connect(address).map_err(system("begin the long call"))?;
        write!(
            connection,
            "POST /servers/slow/mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
             Mcp-Method: tools/call\r\nMcp-Name: slow\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .map_err(system("begin the long call"))?;
        Ok(Self(std::thread::spawn(move || io::read_to_string(connection))))
    }

    fn end(self) -> Result<String, Error> {
        let answer = self.0.join().unwrap_or_else(|_| Err(io::Error::other("its reader panicked")));
        answer.map_err(system("read the long call"))
    }
}

/// Standing streams that are opened again whenever they end.
struct Streams {
    readers: Vec<std::thread::JoinHandle<bool>>,
    is_over: Arc<AtomicBool>,
    reopened: Arc<AtomicU64>,
}

impl Streams {
    fn open(address: &str) -> Result<Self, Error> {
        let (is_over, reopened) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut readers = Vec::new();
        for _ in 0..STREAMS {
            let session = session(address).map_err(system("open a session"))?;
            let (address, is_over, reopened) = (address.to_owned(), is_over.clone(), reopened.clone());
            readers.push(std::thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    if !matches!(listen(&address, &session, &is_over), Ok(true)) {
                        return false;
                    }
                    reopened.fetch_add(1, Ordering::Relaxed);
                }
                true
            }));
        }
        Ok(Self { readers, is_over, reopened })
    }

    /// How often one was opened again.
    fn end(self) -> Result<u64, Error> {
        self.is_over.store(true, Ordering::Relaxed);
        if self.readers.into_iter().all(|reader| reader.join().unwrap_or(false)) {
            Ok(self.reopened.load(Ordering::Relaxed))
        } else {
            Err(Error::StreamLost)
        }
    }
}

/// Reads a standing stream to its end; whether it could be opened, and ended as it should.
fn listen(address: &str, session: &str, is_over: &AtomicBool) -> io::Result<bool> {
    let mut connection = connect(address)?;
    connection.set_read_timeout(Some(Duration::from_millis(200)))?;
    write!(
        connection,
        "GET /servers/bench_legacy/mcp HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\
         Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: 2025-11-25\r\n\r\n"
    )?;
    let (mut reader, mut read) = (BufReader::new(connection), String::new());
    loop {
        match reader.read_line(&mut read) {
            Ok(0) => return Ok(false),
            Ok(_) if read.ends_with(LAST_CHUNK) => return Ok(read.contains(COME_BACK)),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                if is_over.load(Ordering::Relaxed) {
                    return Ok(read.starts_with("HTTP/1.1 200"));
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// Opens a legacy session and gives its id.
#[expect(clippy::disallowed_methods, reason = "the answer of our own gateway")]
fn session(address: &str) -> io::Result<String> {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"restarts","version":"1.0.0"}}}"#;
    let mut connection = connect(address)?;
    write!(
        connection,
        "POST /servers/bench_legacy/mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let answer = io::read_to_string(connection)?;
    let id = answer
        .lines()
        .find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("mcp-session-id")));
    id.map(|(_, id)| id.to_owned()).ok_or_else(|| io::Error::other(answer.clone()))
}

#[expect(clippy::disallowed_methods, reason = "a task drives the product from outside, so not through `egress`")]
fn connect(address: &str) -> io::Result<TcpStream> {
    TcpStream::connect(address)
}

fn system(doing: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::System { doing, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_restarts_lose_nothing() {
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        let options = Options { rounds: 3, rate: 100, profile: profile.to_owned(), previous: None, write: false };
        match restarts(&options) {
            Ok(findings) => assert!(findings.calls > 500 && findings.streams > 0, "{findings:?}"),
            Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error)),
        }
    }
}
