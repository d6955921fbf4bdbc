//! The configuration in force, and the way to the next one: read, check, plan, apply as a whole. Where a step fails, the
//! old one stays, and says why it is still there.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use client::{Applied, Health};
use config::history::Record;
use config::{Config, Files, History, Loaded, Problem, Source, plan};
use gateway::{Current, moment};
use telemetry::Log;

use crate::folders::Folders;
use crate::log;
use crate::refused::{Refused, told};

/// How long a reload by hand waits for a program that is just writing a file.
const WRITER_WAIT: Duration = Duration::from_secs(2);
/// How often it looks whether the program is done.
const WRITER_LOOK: Duration = Duration::from_millis(20);

/// The configuration of one node. Cheap to clone.
#[derive(Clone)]
pub struct Configuration(Arc<Parts>);

struct Parts {
    source: Source,
    /// Nothing, where there is no folder to keep it in.
    history: Option<History>,
    current: Current,
    log: Log,
    /// What the node was started with.
    started: Config,
    /// The folders of the files; nothing, where the kernel tells nothing.
    folders: Option<Arc<Folders>>,
    /// Held while a configuration is read and put in force, one after the other, and while a successor starts from it.
    turn: Mutex<Turn>,
    state: Mutex<State>,
}

/// Who reads the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// This process.
    Ours,
    /// The process that has followed it.
    OfSuccessor,
}

/// The configuration kept as it is; it can change again when this is dropped.
#[derive(Debug)]
pub struct Held<'a>(MutexGuard<'a, Turn>);

impl Held<'_> {
    /// From now on the files are those of the process that follows this one: they are read here no more.
    pub fn leave(mut self) {
        *self.0 = Turn::OfSuccessor;
    }
}

struct State {
    /// What was loaded last and is in force.
    config: Config,
    /// The files as they were when they were read last, for good or not.
    files: Files,
    health: Health,
    /// What is wrong with the servers that were left out.
    left_out: BTreeMap<String, Vec<String>>,
}

/// What put a configuration in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The node was started.
    Start,
    /// A file changed.
    File,
    /// The process got SIGHUP.
    Signal,
    /// Somebody asked for it.
    Command,
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Start => "start",
            Self::File => "file",
            Self::Signal => "signal",
            Self::Command => "command",
        })
    }
}

impl Configuration {
    /// The configuration with which the node starts: `loaded` from `source`, and applied to `current` and `log` already.
    pub fn new(source: Source, loaded: &Loaded, current: Current, log: Log, history: Option<History>) -> Self {
        let state = State {
            config: loaded.config.clone(),
            files: loaded.files.clone(),
            health: Health::default(),
            left_out: left_out(loaded),
        };
        let configuration = Self(Arc::new(Parts {
            source,
            history,
            current,
            log,
            started: loaded.config.clone(),
            folders: folders(),
            turn: Mutex::new(Turn::Ours),
            state: Mutex::new(state),
        }));
        configuration.watch();
        let number = configuration.remember(loaded, Cause::Start, "the node was started");
        configuration.lock().health = Health { number, applied_at: now().0, ..Health::default() };
        configuration
    }

    /// Reads the configuration anew and puts it in force, or says why not. A file that somebody is writing is waited for,
    /// but not for long. Blocks the thread.
    pub fn reload(&self, cause: Cause) -> Result<Applied, Refused> {
        let held = self.hold();
        if *held.0 == Turn::OfSuccessor {
            return Err(Refused::Left);
        }
        if let Some(emptied) = self.files().emptied().filter(|_| cause == Cause::File) {
            let refused = Refused::Emptied(emptied.to_owned());
            return self.keep(self.files().now(), refused, cause);
        }
        let (files, loaded) = match self.read_whole() {
            Ok(read) => read,
            Err(refused) => {
                tracing::warn!(%cause, %refused, "the configuration stays as it was for now");
                return Err(refused);
            }
        };
        match loaded.map_err(Refused::from).and_then(usable) {
            Ok(loaded) => Ok(self.put_in_force(&loaded, cause, &mut self.lock())),
            Err(refused) => self.keep(files, refused, cause),
        }
    }

    /// Keeps the configuration as it is for a while; what changes meanwhile is put in force afterwards. Two processes that
    /// read the same change at the same time would both start what it wants. Blocks the thread.
    pub fn hold(&self) -> Held<'_> {
        Held(self.0.turn.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with the configuration in force, and says why.
    fn keep(&self, files: Files, refused: Refused, cause: Cause) -> Result<Applied, Refused> {
        let mut state = self.lock();
        state.files = files;
        state.health.problems = refused.problems();
        for problem in &state.health.problems {
            tracing::error!(%cause, problem, "the configuration stays as it was");
        }
        Err(refused)
    }

    /// Reads all files in a moment in which nobody writes any of them.
    fn read_whole(&self) -> Result<(Files, Result<Loaded, config::Error>), Refused> {
        let since = Instant::now();
        loop {
            let before = self.files().now();
            let loaded = self.0.source.load();
            let files = loaded.as_ref().map_or(before, |loaded| loaded.files.clone());
            // Asked afterwards, so that nothing of a writer was read.
            let writer = self.being_written().or_else(|| files.changed().map(Path::to_owned));
            match writer {
                None => return Ok((files, loaded)),
                Some(path) if since.elapsed() > WRITER_WAIT => return Err(Refused::BeingWritten(path)),
                Some(_) => std::thread::sleep(WRITER_LOOK),
            }
        }
    }

    fn being_written(&self) -> Option<PathBuf> {
        self.0.folders.as_ref()?.being_written()
    }

    fn put_in_force(&self, loaded: &Loaded, cause: Cause, state: &mut State) -> Applied {
        let plan = plan(&state.config, &loaded.config);
        if state.config != loaded.config {
            self.0.current.apply(&loaded.config);
        }
        let number = self.remember(loaded, cause, &plan.to_string());
        let at_restart = config::plan(&self.0.started, &loaded.config).at_restart;
        state.health = Health { number, applied_at: now().0, problems: Vec::new(), at_restart };
        state.config = loaded.config.clone();
        state.files.clone_from(&loaded.files);
        state.left_out = left_out(loaded);
        let mut warnings: Vec<String> = loaded.problems.iter().map(told).collect();
        for warning in &warnings {
            tracing::warn!(warning, "a server is left out");
        }
        if let Err(wrong) = log::change(&self.0.log, &loaded.config) {
            tracing::warn!(error = &wrong as &dyn std::error::Error, "the log goes on as it was");
            warnings.push(wrong.to_string());
        }
        tracing::info!(%cause, number, %plan, "the configuration is in force");
        Applied { number, plan, warnings }
    }

    /// Keeps the configuration among those of the past. Where it cannot be kept, the node goes on without.
    fn remember(&self, loaded: &Loaded, cause: Cause, summary: &str) -> u64 {
        let record = Record {
            number: 0,
            at_unix_s: now().1,
            origin: cause.to_string(),
            summary: summary.to_owned(),
            text: loaded.text.clone(),
            stored: loaded.stored.clone(),
        };
        let Some(history) = &self.0.history else { return 0 };
        history.add(&record).unwrap_or_else(|error| {
            tracing::warn!(%error, "the configuration cannot be kept for `config history`");
            0
        })
    }

    /// What the configuration is read from.
    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// The gateway it is applied to.
    pub fn current(&self) -> &Current {
        &self.0.current
    }

    /// The node's own log.
    pub fn log(&self) -> &Log {
        &self.0.log
    }

    /// Those of the past, if they are kept.
    pub fn history(&self) -> Option<&History> {
        self.0.history.as_ref()
    }

    /// Whether the newest one is in force.
    pub fn health(&self) -> Health {
        self.lock().health.clone()
    }

    /// The files that take part, as they were when they were read last.
    pub(crate) fn files(&self) -> Files {
        self.lock().files.clone()
    }

    /// Whether a file has changed since, and nobody is writing one.
    pub(crate) fn is_due(&self) -> bool {
        self.files().changed().is_some() && self.being_written().is_none()
    }

    /// Watches the folders of the files that take part now.
    pub(crate) fn watch(&self) {
        if let Some(folders) = &self.0.folders {
            folders.watch(self.files().paths());
        }
    }

    /// The folders of the files, where the kernel tells of them.
    pub(crate) fn folders(&self) -> Option<Arc<Folders>> {
        self.0.folders.clone()
    }

    /// What is wrong with the servers that were left out, by name.
    pub fn left_out(&self) -> BTreeMap<String, Vec<String>> {
        self.lock().left_out.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ear at the files.
fn folders() -> Option<Arc<Folders>> {
    let folders = Folders::new().inspect_err(
        |error| tracing::warn!(%error, "changes of files are noticed late: use `switchboard config reload`"),
    );
    folders.ok().map(Arc::new)
}

/// A configuration without a problem that concerns the whole node.
fn usable(loaded: Loaded) -> Result<Loaded, Refused> {
    let fatal: Vec<Problem> = loaded.fatal().cloned().collect();
    if fatal.is_empty() { Ok(loaded) } else { Err(Refused::Wrong(fatal)) }
}

fn left_out(loaded: &Loaded) -> BTreeMap<String, Vec<String>> {
    let mut servers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for problem in &loaded.problems {
        if let Some(server) = problem.server() {
            servers.entry(server.to_owned()).or_default().push(told(problem));
        }
    }
    servers
}

/// This moment, for people and as seconds since 1970.
fn now() -> (String, u64) {
    let now = SystemTime::now();
    (moment::rfc3339(now), now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
