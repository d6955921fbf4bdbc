//! The configuration in force, and the way to the next one: read, check, plan, apply as a whole. Where a step fails, the
//! old one stays, and says why it is still there.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use client::{Applied, Health};
use config::history::Record;
use config::{Config, History, Loaded, Problem, Source, plan};
use gateway::{Current, moment};

/// The configuration of one node. Cheap to clone.
#[derive(Clone)]
pub struct Configuration(Arc<Parts>);

struct Parts {
    source: Source,
    /// Nothing, where there is no folder to keep it in.
    history: Option<History>,
    current: Current,
    /// What the node was started with.
    started: Config,
    state: Mutex<State>,
}

struct State {
    /// What was loaded last and is in force.
    config: Config,
    files: Vec<PathBuf>,
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

/// Why a configuration was not put in force; the one before still is.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A file could not be read.
    #[error("the configuration cannot be read")]
    Unreadable(#[from] config::Error),
    /// The configuration has problems that concern the whole node.
    #[error("the configuration has {} problem{}", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    Wrong(Vec<Problem>),
}

impl Refused {
    /// All that is wrong, one by one.
    pub fn problems(&self) -> Vec<String> {
        match self {
            Self::Wrong(problems) => problems.iter().map(told).collect(),
            Self::Unreadable(error) => {
                let cause = std::error::Error::source(error);
                vec![cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))]
            }
        }
    }
}

impl Configuration {
    /// The configuration with which the node starts: `loaded` from `source`, and applied to `current` already.
    pub fn new(source: Source, loaded: &Loaded, current: Current, history: Option<History>) -> Self {
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
            started: loaded.config.clone(),
            state: Mutex::new(state),
        }));
        let number = configuration.remember(loaded, Cause::Start, "the node was started");
        configuration.lock().health = Health { number, applied_at: now().0, ..Health::default() };
        configuration
    }

    /// Reads the configuration anew and puts it in force, or says why not.
    pub fn reload(&self, cause: Cause) -> Result<Applied, Refused> {
        let mut state = self.lock();
        match self.0.source.load().map_err(Refused::from).and_then(usable) {
            Ok(loaded) => Ok(self.put_in_force(&loaded, cause, &mut state)),
            Err(refused) => {
                state.health.problems = refused.problems();
                for problem in &state.health.problems {
                    tracing::error!(%cause, problem, "the configuration stays as it was");
                }
                Err(refused)
            }
        }
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
        let warnings: Vec<String> = loaded.problems.iter().map(told).collect();
        for warning in &warnings {
            tracing::warn!(warning, "a server is left out");
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

    /// Those of the past, if they are kept.
    pub fn history(&self) -> Option<&History> {
        self.0.history.as_ref()
    }

    /// Whether the newest one is in force.
    pub fn health(&self) -> Health {
        self.lock().health.clone()
    }

    /// The files that take part.
    pub fn files(&self) -> Vec<PathBuf> {
        self.lock().files.clone()
    }

    /// What is wrong with the servers that were left out, by name.
    pub fn left_out(&self) -> BTreeMap<String, Vec<String>> {
        self.lock().left_out.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

/// A problem with its hint in one line.
fn told(problem: &Problem) -> String {
    problem.hint.as_ref().map_or_else(|| problem.to_string(), |hint| format!("{problem} ({hint})"))
}

/// This moment, for people and as seconds since 1970.
fn now() -> (String, u64) {
    let now = SystemTime::now();
    (moment::rfc3339(now), now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
