//! `switchboard doctor`: what is wrong here, and the command that mends it.

use clap::Args;
use serde::Serialize;

use crate::{
    Context, Error, Exit, Report, Text, Tone,
    doctor::{self, Finding, Patient, State},
};

/// Look for what is wrong: machine, folders, configuration, addresses, programs, and each server from start to call.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Ends with 1 if something does not work, so that scripts can ask.

Examples:
  switchboard doctor
  switchboard doctor --fix
  switchboard doctor --offline --json")]
pub struct Doctor {
    /// Mend what can be mended safely: folders, permissions, dead sockets.
    #[arg(long)]
    fix: bool,
    /// Do not start or connect the servers.
    #[arg(long)]
    offline: bool,
    /// Show what is as it should be, too.
    #[arg(long, short)]
    all: bool,
    /// Seconds each server may take to become ready.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

#[derive(Serialize)]
struct Examination {
    /// Whether everything works.
    healthy: bool,
    findings: Vec<Finding>,
    #[serde(skip)]
    all: bool,
}

impl Doctor {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let patient = Patient::of(context)?;
        let mut findings = doctor::look(&patient).await;
        if !self.offline {
            findings.extend(doctor::try_servers(&patient, self.timeout, context).await?);
        }
        if self.fix {
            findings.iter_mut().for_each(Finding::fix);
        }
        let healthy = findings.iter().all(|finding| finding.state != State::Bad);
        context.terminal.show(&Examination { healthy, findings, all: self.all })?;
        Ok(if healthy { Exit::Done } else { Exit::Failure })
    }
}

impl Report for Examination {
    fn text(&self) -> Text {
        let shown = self.findings.iter().filter(|finding| self.all || finding.state != State::Good);
        let lines = shown.flat_map(lines);
        let count = |state| self.findings.iter().filter(|finding| finding.state == state).count();
        let sum = format!(
            "{} as it should be, {} doubtful, {} wrong, {} mended",
            count(State::Good),
            count(State::Doubtful),
            count(State::Bad),
            count(State::Mended)
        );
        Text::lines(lines.chain([Text::default().and(Tone::Faint, sum)]))
    }
}

fn lines(finding: &Finding) -> Vec<Text> {
    let (word, tone) = match finding.state {
        State::Good => ("good", Tone::Good),
        State::Doubtful => ("doubtful", Tone::Doubtful),
        State::Bad => ("wrong", Tone::Bad),
        State::Mended => ("mended", Tone::Good),
    };
    let first = Text::default().and(tone, format!("{word:<9}")).and(Tone::Faint, format!("{:<14}", finding.area));
    let mut lines = vec![first.and(Tone::Plain, &finding.what)];
    lines.extend(finding.hint.iter().map(|hint| Text::plain(format!("{:23}hint: {hint}", ""))));
    lines
}
