//! `cargo xtask fuzz [target…] [--seconds N]`: runs the fuzz targets of `mcp`, one after the other.
//! It owns the loop and its time; the targets and their seeds live in `crates/mcp/fuzz`. Needs a nightly compiler and
//! `cargo install cargo-fuzz`.

use std::io;
use std::num::ParseIntError;
use std::path::{Path, PathBuf};

use crate::page;

const SECONDS_PER_TARGET: u32 = 5 * 60;

/// An input that takes longer than this is a finding.
const SECONDS_PER_INPUT_MAX: u32 = 10;

/// What was asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    /// Empty for all targets.
    targets: Vec<String>,
    seconds: u32,
}

/// Fuzzes until the time is over or a target finds something.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    let plan = Plan::from_options(options)?;
    let folder = page::root().join("crates/mcp/fuzz");
    let known = targets(&folder)?;
    for target in plan.chosen(&known)? {
        println!("fuzzing {target} for {} s", plan.seconds);
        fuzz(&folder, target, plan.seconds)?;
    }
    Ok(())
}

impl Plan {
    fn from_options(options: &[String]) -> Result<Self, Error> {
        let mut plan = Self { targets: Vec::new(), seconds: SECONDS_PER_TARGET };
        let mut options = options.iter();
        while let Some(option) = options.next() {
            match option.as_str() {
                "--seconds" => plan.seconds = parse_seconds(options.next().map_or("", String::as_str))?,
                unknown if unknown.starts_with('-') => return Err(Error::Option(unknown.to_owned())),
                target => plan.targets.push(target.to_owned()),
            }
        }
        Ok(plan)
    }

    fn chosen<'plan>(&'plan self, known: &'plan [String]) -> Result<&'plan [String], Error> {
        if let Some(unknown) = self.targets.iter().find(|target| !known.contains(target)) {
            return Err(Error::Target { unknown: unknown.clone(), known: known.join(", ") });
        }
        Ok(if self.targets.is_empty() { known } else { &self.targets })
    }
}

fn parse_seconds(text: &str) -> Result<u32, Error> {
    text.parse().map_err(|source| Error::Seconds { given: text.to_owned(), source })
}

/// The targets by name: every file in their folder is one.
fn targets(folder: &Path) -> Result<Vec<String>, Error> {
    let folder = folder.join("targets");
    let unreadable = |source| Error::Folder { folder: folder.clone(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

#[expect(clippy::disallowed_methods, reason = "automation runs cargo; the rule guards the program, not its tools")]
fn fuzz(folder: &Path, target: &str, seconds: u32) -> Result<(), Error> {
    let corpus = folder.join("corpus").join(target);
    std::fs::create_dir_all(&corpus).map_err(|source| Error::Folder { folder: corpus.clone(), source })?;
    let status = std::process::Command::new("cargo")
        .args(["+nightly", "fuzz", "run", "--fuzz-dir"])
        .arg(folder)
        .arg(target)
        .arg(corpus)
        .arg(folder.join("seeds").join(target))
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={SECONDS_PER_INPUT_MAX}"))
        .arg("-print_final_stats=1")
        .status()
        .map_err(Error::Start)?;
    if status.success() { Ok(()) } else { Err(Error::Finding(target.to_owned())) }
}

/// What can go wrong while fuzzing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start cargo fuzz; hint: cargo install cargo-fuzz")]
    Start(#[source] io::Error),
    #[error("fuzz target {0} failed; the input is named above")]
    Finding(String),
    #[error("no fuzz target is called {unknown:?}; there are {known}")]
    Target { unknown: String, known: String },
    #[error("fuzz knows no option {0:?}, only --seconds N")]
    Option(String),
    #[error("--seconds wants a number, not {given:?}")]
    Seconds {
        given: String,
        #[source]
        source: ParseIntError,
    },
    #[error("cannot use the folder {}", folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(options: &[&str]) -> Result<Plan, String> {
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        Plan::from_options(&options).map_err(|error| error.to_string())
    }

    #[test]
    fn without_options_every_target_runs_for_five_minutes() {
        let known = ["a".to_owned(), "b".to_owned()];
        let plan = plan(&[]).expect("nothing to misread");
        assert_eq!(plan.seconds, 300);
        assert_eq!(plan.chosen(&known).expect("nothing unknown"), known);
    }

    #[test]
    fn targets_and_seconds_can_be_chosen() {
        let expected = Plan { targets: vec!["sse".to_owned()], seconds: 9 };
        assert_eq!(plan(&["sse", "--seconds", "9"]), Ok(expected));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        assert_eq!(plan(&["--seconds"]).unwrap_err(), "--seconds wants a number, not \"\"");
        assert_eq!(plan(&["--fast"]).unwrap_err(), "fuzz knows no option \"--fast\", only --seconds N");
        let wrong = plan(&["nope"]).expect("names are checked later");
        assert!(wrong.chosen(&["sse".to_owned()]).is_err());
    }

    #[test]
    fn every_target_has_seeds_and_an_entry_in_the_manifest() {
        let folder = page::root().join("crates/mcp/fuzz");
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("the fuzz manifest");
        let targets = targets(&folder).expect("the fuzz targets");
        assert!(!targets.is_empty());
        for target in targets {
            assert!(folder.join("seeds").join(&target).is_dir(), "{target} has no seeds");
            assert!(manifest.contains(&format!("name = \"{target}\"")), "{target} is not in the manifest");
        }
    }
}
