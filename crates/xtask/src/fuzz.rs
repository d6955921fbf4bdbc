//! `cargo xtask fuzz [target…] [--seconds N]`: runs the fuzz targets of all crates, one after the other.
//! It owns the loop and its time; the targets and their seeds live in `crates/*/fuzz`. Needs a nightly compiler and
//! `cargo install cargo-fuzz`.

use std::io;
use std::num::ParseIntError;
use std::path::{Path, PathBuf};

use crate::page;

const SECONDS_PER_TARGET: u32 = 5 * 60;

/// An input that takes longer than this is a finding.
const SECONDS_PER_INPUT_MAX: u32 = 10;

/// The crates that have fuzz targets, no name twice.
const CRATES: [&str; 2] = ["mcp", "adapters"];

/// A fuzz target.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    /// The folder of the fuzz targets of its crate.
    folder: PathBuf,
    name: String,
}

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
    for target in plan.chosen(targets()?)? {
        println!("fuzzing {} for {} s", target.name, plan.seconds);
        fuzz(&target, plan.seconds)?;
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

    fn chosen(&self, mut known: Vec<Target>) -> Result<Vec<Target>, Error> {
        if let Some(unknown) = self.targets.iter().find(|name| known.iter().all(|target| target.name != **name)) {
            let known: Vec<String> = known.into_iter().map(|target| target.name).collect();
            return Err(Error::Target { unknown: unknown.clone(), known: known.join(", ") });
        }
        known.retain(|target| self.targets.is_empty() || self.targets.contains(&target.name));
        Ok(known)
    }
}

fn parse_seconds(text: &str) -> Result<u32, Error> {
    text.parse().map_err(|source| Error::Seconds { given: text.to_owned(), source })
}

/// The targets of all crates.
fn targets() -> Result<Vec<Target>, Error> {
    let mut targets = Vec::new();
    for name in CRATES {
        targets.extend(targets_in(&page::root().join("crates").join(name).join("fuzz"))?);
    }
    Ok(targets)
}

/// The targets of one crate by name: every file in their folder is one.
fn targets_in(folder: &Path) -> Result<Vec<Target>, Error> {
    let files = folder.join("targets");
    let unreadable = |source| Error::Folder { folder: files.clone(), source };
    let mut targets = Vec::new();
    for entry in std::fs::read_dir(&files).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
        targets.extend(name.map(|name| Target { folder: folder.to_owned(), name }));
    }
    targets.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(targets)
}

#[expect(clippy::disallowed_methods, reason = "automation runs cargo; the rule guards the program, not its tools")]
fn fuzz(Target { folder, name }: &Target, seconds: u32) -> Result<(), Error> {
    let corpus = folder.join("corpus").join(name);
    std::fs::create_dir_all(&corpus).map_err(|source| Error::Folder { folder: corpus.clone(), source })?;
    let status = std::process::Command::new("cargo")
        .args(["+nightly", "fuzz", "run", "--fuzz-dir"])
        .arg(folder)
        .arg(name)
        .arg(corpus)
        .arg(folder.join("seeds").join(name))
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={SECONDS_PER_INPUT_MAX}"))
        .arg("-print_final_stats=1")
        .status()
        .map_err(Error::Start)?;
    if status.success() { Ok(()) } else { Err(Error::Finding(name.clone())) }
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

    fn known(names: &[&str]) -> Vec<Target> {
        let target = |name: &&str| Target { folder: PathBuf::new(), name: (*name).to_owned() };
        names.iter().map(target).collect()
    }

    #[test]
    fn without_options_every_target_runs_for_five_minutes() {
        let plan = plan(&[]).expect("nothing to misread");
        assert_eq!(plan.seconds, 300);
        assert_eq!(plan.chosen(known(&["a", "b"])).expect("nothing unknown"), known(&["a", "b"]));
    }

    #[test]
    fn targets_and_seconds_can_be_chosen() {
        let expected = Plan { targets: vec!["sse".to_owned()], seconds: 9 };
        assert_eq!(plan(&["sse", "--seconds", "9"]).as_ref(), Ok(&expected));
        assert_eq!(expected.chosen(known(&["a", "sse"])).expect("it is known"), known(&["sse"]));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        assert_eq!(plan(&["--seconds"]).unwrap_err(), "--seconds wants a number, not \"\"");
        assert_eq!(plan(&["--fast"]).unwrap_err(), "fuzz knows no option \"--fast\", only --seconds N");
        let wrong = plan(&["nope"]).expect("names are checked later");
        assert!(wrong.chosen(known(&["sse"])).is_err());
    }

    #[test]
    fn every_target_has_seeds_and_an_entry_in_the_manifest() {
        let targets = targets().expect("the fuzz targets");
        assert!(targets.len() > CRATES.len());
        for Target { folder, name } in targets {
            let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("the fuzz manifest");
            assert!(folder.join("seeds").join(&name).is_dir(), "{name} has no seeds");
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in the manifest");
        }
    }
}
