//! `switchboard config`: the configuration, without running anything. What is more than a few lines has a file of its own.

mod diff;
mod explain;
mod history;
mod reload;
mod rollback;

use clap::{Args, Subcommand};
use config::Folders;
use config::history::Record;
use serde::Serialize;
use serde_json::Value;

use crate::in_force::then_in_force;
use crate::{Context, Error, Exit, Report, Text, Word};

/// Check, show, explain or describe the configuration, and go back to one of the past.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard config check --config switchboard.toml
  switchboard config show
  switchboard config show --default > switchboard.toml
  switchboard config explain limits.call_ms_max
  switchboard config diff
  switchboard config schema > switchboard.schema.json")]
pub struct Config {
    #[command(subcommand)]
    verb: ConfigVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum ConfigVerb {
    /// Report every problem; any problem is a failure.
    #[command(after_help = "Examples:\n  switchboard config check --config switchboard.toml")]
    Check,
    /// Print what applies, defaults included; secrets read •••.
    #[command(after_help = "Examples:\n  switchboard config show\n  switchboard config show --default")]
    Show(Show),
    /// Print the JSON Schema of the configuration file.
    #[command(after_help = "Examples:\n  switchboard config schema")]
    Schema,
    Explain(explain::Explain),
    History(history::History),
    Diff(diff::Diff),
    Rollback(rollback::Rollback),
    Reload(reload::Reload),
}

/// Print what applies.
#[derive(Clone, Debug, Args)]
struct Show {
    /// Print the commented default file instead.
    #[arg(long)]
    default: bool,
}

impl Config {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match &self.verb {
            ConfigVerb::Check => check(context),
            ConfigVerb::Show(show) if show.default => print(config::DEFAULT, context),
            ConfigVerb::Show(_) => show(context),
            ConfigVerb::Schema => print(&format!("{:#}", config::schema()), context),
            ConfigVerb::Explain(explain) => explain.run(context),
            ConfigVerb::History(history) => history.run(context),
            ConfigVerb::Diff(diff) => diff.run(context),
            ConfigVerb::Rollback(rollback) => then_in_force(rollback.run(context), context).await,
            ConfigVerb::Reload(reload) => reload.run(context).await,
        }
    }
}

/// A configuration without problems.
#[derive(Serialize)]
struct Checked {
    file: Option<String>,
    problems: usize,
}

impl Report for Checked {
    fn text(&self) -> Text {
        Text::plain(match &self.file {
            Some(file) => format!("{file}: no problems"),
            None => "no configuration file: the defaults hold".to_owned(),
        })
    }
}

/// A configuration as it applies.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    config: Value,
    #[serde(skip)]
    toml: String,
}

impl Report for Shown {
    fn text(&self) -> Text {
        Text::plain(&self.toml)
    }
}

fn check(context: &mut Context<'_>) -> Result<Exit, Error> {
    let settings = &context.options.settings;
    let problems = settings.load()?.problems;
    for problem in &problems {
        context.terminal.problem(Word::Error, &problem.to_string(), problem.hint.as_deref());
    }
    if !problems.is_empty() {
        return Err(Error::Problems { count: problems.len() });
    }
    let file = settings.existing().map(|path| path.display().to_string());
    context.terminal.show(&Checked { file, problems: 0 })?;
    Ok(Exit::Done)
}

fn show(context: &mut Context<'_>) -> Result<Exit, Error> {
    let config = context.options.settings.load_usable(context.terminal)?.config;
    let toml = config.to_toml()?;
    let config = serde_json::to_value(&config).map_err(std::io::Error::other)?;
    context.terminal.show(&Shown { config, toml })?;
    Ok(Exit::Done)
}

fn print(text: &str, context: &mut Context<'_>) -> Result<Exit, Error> {
    context.terminal.data(text)?;
    Ok(Exit::Done)
}

/// The configurations of the past of the file that holds.
fn past(context: &Context<'_>) -> Result<config::History, Error> {
    let state = Folders::of_process().ok_or(Error::Homeless)?.state;
    Ok(config::History::of(&state, context.options.settings.source().path().as_deref()))
}

/// The configuration of the past with this number, or the newest.
fn record(number: Option<u64>, context: &Context<'_>) -> Result<Record, Error> {
    let past = past(context)?;
    let found = match number {
        Some(number) => past.get(number)?,
        None => past.list()?.into_iter().next(),
    };
    let name = number.map_or_else(|| "newest".to_owned(), |number| number.to_string());
    found.ok_or_else(|| Error::unknown("configuration", &name, std::iter::empty(), "config history"))
}
