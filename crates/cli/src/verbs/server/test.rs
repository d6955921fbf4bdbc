//! `switchboard server test`: servers of the configuration, tried out one by one.

use clap::Args;
use serde::Serialize;

use crate::text::Text;
use crate::trial::Trial;
use crate::{Context, Error, Exit, Report, completion};

/// Try servers out: start or connect each, shake hands, and ask for its lists. A running node is not asked.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server test
  switchboard server test git --timeout 60 --json")]
pub(super) struct Test {
    /// The servers to try out; all that are enabled, if none is named.
    #[arg(add = completion::servers())]
    servers: Vec<String>,
    /// Seconds each may take to become ready.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Trials(Vec<Trial>);

impl Test {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let mut trials = Vec::new();
        for name in &self.named(context)? {
            trials.push(try_configured(name, self.timeout, context).await?);
        }
        let trials = Trials(trials);
        context.terminal.show(&trials)?;
        Ok(trials.0.iter().map(Trial::exit).find(|exit| *exit != Exit::Done).unwrap_or(Exit::Done))
    }

    fn named(&self, context: &Context<'_>) -> Result<Vec<String>, Error> {
        if !self.servers.is_empty() {
            return Ok(self.servers.clone());
        }
        let loaded = context.options.settings.load()?;
        let failed = loaded.failed_servers().into_iter().map(str::to_owned);
        let enabled = loaded.config.servers.iter().filter(|(_, server)| server.enabled).map(|(name, _)| name.clone());
        Ok(enabled.chain(failed).collect())
    }
}

/// Tries out a server as the configuration has it now.
pub(super) async fn try_configured(name: &str, timeout_s: u64, context: &mut Context<'_>) -> Result<Trial, Error> {
    let loaded = context.options.settings.load()?;
    if let Some(problem) = loaded.problems.iter().find(|problem| problem.server() == Some(name)) {
        return Ok(Trial::failed(name, problem.to_string()));
    }
    let names = loaded.config.servers.keys().map(String::as_str);
    let server = loaded.config.servers.get(name).ok_or_else(|| Error::unknown("server", name, names, "server list"))?;
    context.terminal.say(&format!("trying {name} …"));
    Ok(Trial::of(name, server, timeout_s, context).await)
}

impl Report for Trials {
    fn text(&self) -> Text {
        Text::lines(self.0.iter().map(Report::text))
    }
}
