//! `switchboard init`: the first configuration of a machine, proposed from what is found on it, and written only if agreed.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use crate::in_force::put_in_force;
use crate::programs::own_name;
use crate::setup::{self, Discovery, Found, Proposal, Surroundings};
use crate::{Context, Error, Exit, Report, Terminal, Text, Tone, Word};

/// Look at this machine, propose a configuration for it, and write that one if you agree.
///
/// Found are the servers of MCP clients, container engines, model servers, Home Assistant, and what servers are started
/// with. Looking starts nothing, changes nothing, and asks only this machine. A configuration that is there is never
/// overwritten.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard init
  switchboard init --dry-run --json
  switchboard init --yes --config switchboard.toml")]
pub struct Init {
    /// Write all that is proposed without asking, for scripts.
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Only say what is found and what would be written.
    #[arg(long)]
    dry_run: bool,
}

/// What was found, and what became of it.
#[derive(Serialize)]
struct Begun {
    file: String,
    written: bool,
    found: Vec<Found>,
    proposals: Vec<Row>,
    #[serde(skip)]
    clients: Vec<&'static str>,
    /// What was shown already, before a question.
    #[serde(skip)]
    is_told: bool,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    proposal: Proposal,
    /// Whether it stands in the file, or would.
    accepted: bool,
}

/// What the question for the whole is answered with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    All,
    Each,
    Nothing,
}

impl Init {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let file = context.options.settings.file()?;
        if file.exists() && !self.dry_run {
            return Err(config::Error::There { path: file }.into());
        }
        let discovery = setup::look(&Surroundings::of_process()?).await;
        for warning in &discovery.warnings {
            context.terminal.problem(Word::Warning, warning, None);
        }
        let mut begun = Begun::of(discovery, &file);
        let is_agreed = self.yes || begun.ask(self.dry_run, context.terminal)?;
        if is_agreed {
            config::store::create(&file, &begun.page())?;
            begun.written = true;
        }
        context.terminal.show(&begun)?;
        if is_agreed {
            put_in_force(context).await?;
        }
        if is_agreed || self.dry_run || begun.is_told {
            return Ok(Exit::Done);
        }
        let message = "nothing was written: nobody is there to agree".to_owned();
        Err(Error::Usage { message, hint: Some("add `--yes` to write it, or `--dry-run` to look only".to_owned()) })
    }
}

impl Begun {
    fn of(discovery: Discovery, file: &Path) -> Self {
        let Discovery { found, proposals, clients, .. } = discovery;
        let proposals = proposals.into_iter().map(|proposal| Row { proposal, accepted: true }).collect();
        Self { file: file.display().to_string(), written: false, found, proposals, clients, is_told: false }
    }

    /// Shows the plan to somebody who is there, and asks for all of it or each part.
    fn ask(&mut self, dry_run: bool, terminal: &mut Terminal) -> Result<bool, Error> {
        if dry_run || terminal.is_json() || !terminal.can_ask() {
            return Ok(false);
        }
        terminal.tell_text(&self.plan());
        self.is_told = true;
        match answer(&self.file, terminal)? {
            Answer::All => {}
            Answer::Nothing => return Ok(false),
            Answer::Each => {
                for row in &mut self.proposals {
                    let Proposal { section, what, .. } = &row.proposal;
                    row.accepted = terminal.confirm(&format!("[{section}] {what}?"))?;
                }
            }
        }
        Ok(true)
    }

    fn page(&self) -> String {
        setup::page(self.proposals.iter().filter(|row| row.accepted).map(|row| &row.proposal))
    }

    /// What was found, and what is proposed.
    fn plan(&self) -> Text {
        let title = |text: &str| Text::default().and(Tone::Strong, text);
        let found = self.found.iter().map(|found| {
            vec![Text::plain(format!("  {}", found.title)), Text::plain(&found.about), faint(&found.place)]
        });
        let proposed = self.proposals.iter().map(|Row { proposal, .. }| {
            let why = proposal.note.iter().fold(proposal.reason.clone(), |why, note| format!("{why}; {note}"));
            vec![Text::plain(format!("  {}", proposal.section)), Text::plain(&proposal.what), faint(&why)]
        });
        let part = |name: &str, rows: Vec<Vec<Text>>| match rows.as_slice() {
            [] => vec![title(name), Text::plain("  nothing")],
            rows => vec![title(name), Text::table(rows)],
        };
        Text::lines([part("found", found.collect()), part("proposed", proposed.collect())].into_iter().flatten())
    }

    /// What came of it, and how to go on.
    fn outcome(&self) -> Vec<Text> {
        let program = own_name();
        if !self.written {
            return vec![Text::plain(format!("nothing was written; its place would be {}", self.file))];
        }
        let accepted = self.proposals.iter().filter(|row| row.accepted).count();
        let sections = if accepted == 1 { "section" } else { "sections" };
        let mut lines = vec![
            Text::default()
                .and(Tone::Good, "wrote ")
                .and(Tone::Strong, &self.file)
                .and(Tone::Plain, format!(" with {accepted} {sections}")),
            Text::plain(format!(
                "next: `{program} serve` starts a node with it, and `{program} tools` lists what it offers"
            )),
        ];
        lines.extend(
            self.clients
                .first()
                .map(|client| Text::plain(format!("then: `{program} client install {client}` lets a client use it"))),
        );
        lines
    }
}

/// The answer of the person; anything unclear is a no.
fn answer(file: &str, terminal: &mut Terminal) -> Result<Answer, Error> {
    let answer = terminal.ask(&format!("write this to {file}? [y/N, c to choose] "))?.unwrap_or_default();
    Ok(match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Answer::All,
        "c" | "choose" => Answer::Each,
        _ => Answer::Nothing,
    })
}

fn faint(text: &str) -> Text {
    Text::default().and(Tone::Faint, text)
}

impl Report for Begun {
    fn text(&self) -> Text {
        let plan = (!self.is_told).then(|| self.plan());
        Text::lines(plan.into_iter().chain(self.outcome()))
    }
}
