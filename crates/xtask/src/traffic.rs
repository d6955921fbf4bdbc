//! `cargo xtask traffic [SCENARIO…]`: what the ways of a call promise under load, measured on the real program and judged.
//! Times count from the moment a call was due. It owns the list of scenarios; what happens in one is its own file.

mod crowd;
pub(crate) mod finding;
mod full;
mod growth;
mod late;
mod overload;
mod rates;
pub(crate) mod stand;
mod steady;
mod storm;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use testkit::load;

use crate::page::{self, Wish};
use crate::program;
use finding::Finding;

/// Options of `cargo xtask traffic`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask traffic", no_binary_name = true)]
struct Options {
    /// What is measured; everything where nothing is said.
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,
    /// How long each load lasts, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The build profile whose programs are taken.
    #[arg(long, default_value = "release")]
    profile: String,
    /// A former build of the program, to compare the processor time of a call with.
    #[arg(long)]
    beside: Option<PathBuf>,
    /// Count allocations too, with valgrind and a build that takes its memory from the system.
    #[arg(long)]
    allocations: bool,
    /// The former build once more, without the feature `mimalloc`, to compare allocations with.
    #[arg(long, requires = "allocations")]
    beside_countable: Option<PathBuf>,
    /// Count instructions too, with valgrind: whatever else the machine does, they are the same.
    #[arg(long)]
    instructions: bool,
    /// Write the figures into the manual.
    #[arg(long)]
    write: bool,
}

/// One situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// 3,000 calls a second.
    Steady,
    /// One caller at fifty times its share.
    Abuse,
    /// One server that answers nothing, with a thousand callers.
    Hung,
    /// A queue that takes no more.
    Full,
    /// Calls whose time has passed before their turn came.
    Late,
    /// Five times as many calls as a server can do, each with little time.
    Overload,
    /// Five thousand clients in one second.
    Storm,
    /// Rates of a principal, a server and a tool, asked for twice as much.
    Rates,
    /// What queue, rates, breaker and cache cost a call.
    Growth,
}

/// What can go wrong with a scenario.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Program(#[from] program::Error),
    #[error("cannot ask")]
    Load(#[from] load::Error),
    #[error("cannot {doing}")]
    System { doing: &'static str, source: std::io::Error },
    #[error("{errors} calls failed that should not; the first: {first}")]
    CallsFailed { errors: u64, first: String },
    #[error("cannot count what a call costs")]
    Counts(#[from] crate::bench::Error),
    #[error("a promise is not kept: {}", .0.join("; "))]
    NotKept(Vec<String>),
    #[error(transparent)]
    Page(#[from] page::Error),
}

/// What the scenarios are played with.
#[derive(Clone, Debug)]
struct Settings {
    folder: PathBuf,
    seconds: u64,
    beside: Option<PathBuf>,
    allocations: bool,
    beside_countable: Option<PathBuf>,
    instructions: bool,
}

/// Plays the scenarios with programs that are built already.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    let options = Options::parse_from(options);
    let settings = Settings {
        folder: program::folder(&options.profile)?,
        seconds: options.seconds,
        beside: options.beside,
        allocations: options.allocations,
        beside_countable: options.beside_countable,
        instructions: options.instructions,
    };
    program::raise_descriptor_limit();
    let asked_for = if options.scenarios.is_empty() { Scenario::value_variants() } else { &options.scenarios[..] };
    let mut broken = Vec::new();
    for scenario in asked_for {
        eprintln!("{}", scenario.part());
        let findings = scenario.play(&settings)?;
        let text = finding::table(&options.profile, &findings);
        println!("{text}");
        if options.write {
            page::generate("docs/src/performance.md", scenario.part(), &text, Wish::Write)?;
        }
        broken.extend(findings.iter().filter(|finding| !finding.is_kept).map(Finding::to_string));
    }
    if broken.is_empty() { Ok(()) } else { Err(Error::NotKept(broken)) }
}

impl Scenario {
    /// The part of the manual that it writes.
    fn part(self) -> &'static str {
        match self {
            Self::Steady => "traffic-steady",
            Self::Abuse => "traffic-abuse",
            Self::Hung => "traffic-hung",
            Self::Full => "traffic-full",
            Self::Late => "traffic-late",
            Self::Overload => "traffic-overload",
            Self::Storm => "traffic-storm",
            Self::Rates => "traffic-rates",
            Self::Growth => "traffic-growth",
        }
    }

    fn play(self, settings: &Settings) -> Result<Vec<Finding>, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(system("start the runtime"))?;
        runtime.block_on(async {
            match self {
                Self::Steady => steady::play(settings).await,
                Self::Abuse => crowd::abuse(settings).await,
                Self::Hung => crowd::hung(settings).await,
                Self::Full => full::play(settings).await,
                Self::Late => late::play(settings).await,
                Self::Overload => overload::play(settings).await,
                Self::Storm => storm::play(settings).await,
                Self::Rates => rates::play(settings).await,
                Self::Growth => growth::play(settings).await,
            }
        })
    }
}

fn system(doing: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |source| Error::System { doing, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a scenario for two seconds. What depends on how fast the machine is and what else it does is not judged.
    fn check(scenario: Scenario) {
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        let folder = program::folder(profile).unwrap();
        let played = scenario.play(&Settings {
            folder,
            seconds: 2,
            beside: None,
            allocations: false,
            beside_countable: None,
            instructions: false,
        });
        let findings = played.unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)));
        assert!(!findings.is_empty());
        for finding in findings {
            println!("{finding}");
            assert!(finding.is_kept || finding.is_of_the_machine, "{finding}");
        }
    }

    #[test]
    fn three_thousand_calls_a_second_are_all_answered() {
        check(Scenario::Steady);
    }

    #[test]
    fn modest_callers_are_answered_beside_an_abusive_one() {
        check(Scenario::Abuse);
    }

    #[test]
    fn a_hung_server_takes_nobody_along() {
        check(Scenario::Hung);
    }

    #[test]
    fn a_full_queue_refuses_and_says_when_to_come_again() {
        check(Scenario::Full);
    }

    #[test]
    fn what_comes_too_late_is_never_executed() {
        check(Scenario::Late);
    }

    #[test]
    fn a_server_with_too_much_to_do_answers_what_it_can() {
        check(Scenario::Overload);
    }

    #[test]
    fn a_storm_of_clients_leaves_a_node_that_is_well() {
        check(Scenario::Storm);
    }

    #[test]
    fn what_passes_is_what_the_rates_say() {
        check(Scenario::Rates);
    }

    #[test]
    fn a_call_through_all_steps_is_measured() {
        check(Scenario::Growth);
    }
}
