//! From a file or a text to a checked configuration with all its problems.
//! `load` is the only place in this crate that touches the file system or the environment.

use std::collections::BTreeSet;
use std::path::Path;

use crate::document::Document;
use crate::problem::Problems;
use crate::{Config, Error, Problem, Severity, checks, secrets, shape};

/// The default configuration, commented: what holds where the operator chose nothing.
pub const DEFAULT: &str = include_str!("../default.toml");

/// A configuration and what is wrong with it. Servers with a problem are left out of `config`.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// What can be used; only meaningful while there is no fatal problem.
    pub config: Config,
    /// All problems, in the order of the file.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// The problems that keep the node from starting.
    pub fn fatal(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity == Severity::Fatal)
    }

    /// The servers left out, each once, by name.
    pub fn failed_servers(&self) -> BTreeSet<&str> {
        self.problems.iter().filter_map(Problem::server).collect()
    }
}

/// Reads and checks the configuration file at `path`, with the environment of this process.
pub fn load(path: &Path) -> Result<Loaded, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    Ok(parse(&text, &path.display().to_string(), &|name| std::env::var(name).ok()))
}

/// Checks the configuration in `text`; `file_name` is used in problems, `environment` looks variables up.
pub fn parse(text: &str, file_name: &str, environment: &dyn Fn(&str) -> Option<String>) -> Loaded {
    let document = match Document::parse(text, file_name) {
        Ok(document) => document,
        Err(problems) => {
            return Loaded { config: Config::default(), problems };
        }
    };
    let mut problems = Problems::of(&document);
    let mut config = shape::read(&document, &mut problems);
    secrets::resolve(&mut config, environment, &mut problems);
    checks::check(&config, &mut problems);
    let problems = problems.into_sorted();
    config.servers.retain(|name, _| !problems.iter().any(|problem| problem.server() == Some(name)));
    Loaded { config, problems }
}
