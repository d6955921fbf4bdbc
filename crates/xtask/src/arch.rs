//! `cargo xtask arch [--check]`: the crate drawing in `ARCHITECTURE.md` and the rule "only downwards".
//! It owns the table of floors. It does not look inside crates: the manifests say all it needs.

mod drawing;
mod rules;
mod workspace;

use std::fs;
use std::io;
use std::path::PathBuf;

use self::rules::Problem;

/// One floor of the house: a number, its noun, and the crates that live there.
pub(crate) struct Floor {
    number: u8,
    noun: &'static str,
    crates: &'static [&'static str],
}

/// The floors from the top down. A crate may use crates on lower floors only.
pub(crate) const FLOORS: &[Floor] = &[
    Floor {
        number: 7,
        noun: "whole",
        crates: &["switchboard"],
    },
    Floor {
        number: 6,
        noun: "faces",
        crates: &["cli"],
    },
    Floor {
        number: 5,
        noun: "planes",
        crates: &["gateway"],
    },
    Floor {
        number: 3,
        noun: "adapters",
        crates: &["egress", "supervisor"],
    },
    Floor {
        number: 2,
        noun: "rules",
        crates: &["config"],
    },
    Floor {
        number: 1,
        noun: "words",
        crates: &["mcp", "types"],
    },
    Floor {
        number: 0,
        noun: "base",
        crates: &["telemetry"],
    },
];

/// The crates beside the floors: they may look at every floor, and no floor may use them but in its tests.
pub(crate) const BESIDE: &[&str] = &["e2e", "testkit", "xtask"];

/// The one crate beside the floors that a floor's tests may use.
pub(crate) const TEST_SUPPORT: &str = "testkit";

/// Draws the crates into `ARCHITECTURE.md`; with `--check` only says whether drawing and floors hold.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    match options
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => draw(),
        ["--check"] => check(),
        _ => Err(Error::Options {
            given: options.join(" "),
        }),
    }
}

fn draw() -> Result<(), Error> {
    let path = page_path();
    let page = read(&path)?;
    let drawn =
        drawing::replace(&page, &drawing::render(&sound_crates()?)).ok_or(Error::NoMarkers)?;
    fs::write(&path, drawn).map_err(|source| Error::Write { path, source })
}

fn check() -> Result<(), Error> {
    let page = read(&page_path())?;
    let drawn =
        drawing::replace(&page, &drawing::render(&sound_crates()?)).ok_or(Error::NoMarkers)?;
    if drawn == page {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

fn sound_crates() -> Result<Vec<workspace::Crate>, Error> {
    let crates = workspace::crates()?;
    let problems = rules::problems(&crates);
    if problems.is_empty() {
        Ok(crates)
    } else {
        Err(Error::Rules { problems })
    }
}

fn page_path() -> PathBuf {
    workspace::root().join("ARCHITECTURE.md")
}

fn read(path: &PathBuf) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.clone(),
        source,
    })
}

/// What can go wrong with the drawing or the floors.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("arch takes nothing or --check, not `{given}`")]
    Options { given: String },
    #[error("cannot start cargo metadata")]
    Start(#[source] io::Error),
    #[error("cargo metadata failed: {stderr}")]
    Metadata { stderr: String },
    #[error("cannot understand what cargo metadata printed")]
    Parse(#[from] serde_json::Error),
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("ARCHITECTURE.md has no pair of `crates:begin` and `crates:end` markers")]
    NoMarkers,
    #[error("the drawing in ARCHITECTURE.md is not what the manifests say\nhint: cargo xtask arch")]
    Stale,
    #[error("the floors do not hold:\n{}", listed(problems))]
    Rules { problems: Vec<Problem> },
}

fn listed(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| format!("  {problem}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_keeps_its_floors_and_the_drawing_is_current() {
        if let Err(error) = check() {
            panic!("{error}");
        }
    }

    #[test]
    fn an_unknown_option_is_refused_by_name() {
        let error = run(&["--draw".to_owned()]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "arch takes nothing or --check, not `--draw`"
        );
    }
}
