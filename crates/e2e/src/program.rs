//! A child process that announces its address on a line of its output.
//! Owns its life: it is killed when dropped, and its log is shown when the test has failed.

#![expect(clippy::disallowed_methods, reason = "the tests start the program from outside")]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a program may take to announce its address.
const ANNOUNCE_WITHIN: Duration = Duration::from_secs(30);

/// A running program and everything it has printed so far.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    log: Log,
    announced: String,
}

impl Program {
    /// Starts `command` and waits until it prints a line that contains `announcement`.
    ///
    /// # Panics
    ///
    /// When the program cannot start, or ends or stays silent before the announcement.
    pub fn start(name: &str, command: &mut Command, announcement: &'static str) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start ({}): {error}", command.get_program().display()));
        let mut program = Self { name: name.to_owned(), child, log: Log::default(), announced: String::new() };
        program.announced = program.wait_for(announcement);
        program
    }

    /// What follows the announcement on its line: the address.
    pub fn announced(&self) -> &str {
        &self.announced
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything the program has printed so far, stdout and stderr together.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Sends the process a signal, such as `HUP`.
    ///
    /// # Panics
    ///
    /// When it cannot be sent.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} cannot be sent to {}", self.name);
    }

    /// Waits until the process has ended.
    ///
    /// # Panics
    ///
    /// When it cannot be waited for.
    pub fn wait(&mut self) {
        self.child.wait().expect("a child can be waited for");
    }

    /// Whether the process still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn wait_for(&mut self, announcement: &'static str) -> String {
        let (found, announced) = mpsc::channel();
        let stdout = self.child.stdout.take().expect("stdout is piped");
        let stderr = self.child.stderr.take().expect("stderr is piped");
        self.log.follow(stdout, announcement, found.clone());
        self.log.follow(stderr, announcement, found);
        announced
            .recv_timeout(ANNOUNCE_WITHIN)
            .unwrap_or_else(|_| panic!("{} never printed {announcement:?}", self.name))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("---- log of {} ----\n{}----", self.name, self.log());
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    /// Copies `output` into the log until it ends, and sends what follows `announcement`, once per line with it.
    fn follow(&self, output: impl Read + Send + 'static, announcement: &'static str, found: Sender<String>) {
        let log = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                log.push(&line);
                if let Some((_, address)) = line.split_once(announcement) {
                    let _ = found.send(address.trim().to_owned());
                }
            }
        });
    }

    fn push(&self, line: &str) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(line);
        text.push('\n');
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A command for `program`.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    Command::new(program)
}

/// The path of one of the workspace's own binaries, in the `target/<profile>/` of the running test or binary.
///
/// # Panics
///
/// When it has not been built.
pub fn built(binary: &str) -> PathBuf {
    let running = std::env::current_exe().expect("a running program has a path");
    let profile = running.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).expect("it lies in a folder");
    let path = profile.join(binary);
    assert!(path.exists(), "{} is not built\nhint: cargo build --workspace --bins", path.display());
    path
}
