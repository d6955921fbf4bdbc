//! `cargo xtask arch [--check]`: the crate drawing in `ARCHITECTURE.md` and the rule "only downwards".
//! It owns the table of floors. It does not look inside crates: the manifests say all it needs.

mod drawing;
mod rules;
mod workspace;

use std::io;

use self::rules::Problem;
use crate::page::{self, Wish};

/// One floor of the house: a number, its noun, and the crates that live there.
struct Floor {
    number: u8,
    noun: &'static str,
    crates: &'static [&'static str],
}

/// The floors from the top down. A crate may use crates on lower floors only.
const FLOORS: &[Floor] = &[
    Floor { number: 7, noun: "whole", crates: &["switchboard"] },
    Floor { number: 6, noun: "faces", crates: &["cli", "control", "toolkit-switchboard"] },
    Floor {
        number: 5,
        noun: "planes",
        crates: &[
            "adapters",
            "gateway",
            "toolkit-dev-env",
            "toolkit-docker",
            "toolkit-graphics",
            "toolkit-project",
            "toolkit-server",
        ],
    },
    Floor { number: 4, noun: "tools", crates: &["client", "valkey", "workbench"] },
    Floor { number: 3, noun: "adapters", crates: &["egress", "store", "supervisor"] },
    Floor { number: 2, noun: "rules", crates: &["adoption", "config", "toolkit", "traffic"] },
    Floor { number: 1, noun: "words", crates: &["mcp"] },
    Floor { number: 0, noun: "base", crates: &["telemetry"] },
];

/// The crates beside the floors: they may look at every floor, and no floor may use them but in its tests.
const BESIDE: &[&str] = &["e2e", "simulation", "testkit", "xtask"];

/// The one crate beside the floors that the tests of a floor may use.
const TEST_SUPPORT: &str = "testkit";

/// Draws the crates into `ARCHITECTURE.md`; with `--check` only says whether drawing and floors hold.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    draw(Wish::from_options(options)?)
}

fn draw(wish: Wish) -> Result<(), Error> {
    let crates = workspace::crates()?;
    let problems = rules::problems(&crates);
    if !problems.is_empty() {
        return Err(Error::Floors { problems });
    }
    let drawing = drawing::render(&crates);
    Ok(page::generate("ARCHITECTURE.md", "crates", &drawing, wish)?)
}

/// What can go wrong with the drawing or the floors.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start cargo metadata")]
    Start(#[source] io::Error),
    #[error("cargo metadata failed: {stderr}")]
    Metadata { stderr: String },
    #[error("cannot understand what cargo metadata printed")]
    Parse(#[from] serde_json::Error),
    #[error("the floors do not hold:\n{}", listed(problems))]
    Floors { problems: Vec<Problem> },
    #[error(transparent)]
    Page(#[from] page::Error),
}

fn listed(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_keeps_its_floors_and_the_drawing_is_current() {
        if let Err(error) = draw(Wish::Check) {
            panic!("{error}");
        }
    }
}
