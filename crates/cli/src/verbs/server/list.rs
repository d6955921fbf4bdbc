//! `switchboard server list`: the servers of the configuration.

use clap::Args;
use config::Server;
use serde::Serialize;

use crate::listing::passes;
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report};

/// List the servers of the configuration.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server list
  switchboard server list --json")]
pub(super) struct List {
    /// Only those that have this text in their name, or match this glob.
    filter: Option<String>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Rows(Vec<Row>);

#[derive(Serialize)]
struct Row {
    server: String,
    state: State,
    /// The command line, or the place.
    reached_by: String,
    /// What is wrong with its section.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Enabled,
    Disabled,
    Wrong,
}

impl List {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let loaded = context.options.settings.load()?;
        let mut rows: Vec<Row> = loaded.config.servers.iter().map(|(name, server)| Row::of(name, server)).collect();
        for problem in &loaded.problems {
            if let Some(name) = problem.server() {
                rows.push(Row::wrong(name, &problem.to_string()));
            }
        }
        rows.retain(|row| self.filter.as_deref().is_none_or(|filter| passes(&row.server, filter)));
        rows.sort_by(|one, other| one.server.cmp(&other.server));
        rows.dedup_by(|one, other| one.server == other.server);
        if rows.is_empty() {
            context.terminal.say("no servers yet; add one with `switchboard server add NAME -- COMMAND`");
        }
        context.terminal.show(&Rows(rows))?;
        Ok(Exit::Done)
    }
}

impl Row {
    fn of(name: &str, server: &Server) -> Self {
        let state = if server.enabled { State::Enabled } else { State::Disabled };
        Self { server: name.to_owned(), state, reached_by: reached_by(server), problem: None }
    }

    fn wrong(name: &str, problem: &str) -> Self {
        let problem = Some(problem.to_owned());
        Self { server: name.to_owned(), state: State::Wrong, reached_by: String::new(), problem }
    }
}

/// The command line of a server, or the place where it answers.
fn reached_by(server: &Server) -> String {
    if let Some(command) = &server.command {
        let words = std::iter::once(command).chain(&server.args).map(String::as_str);
        return words.collect::<Vec<_>>().join(" ");
    }
    let places = [
        ("", &server.url),
        ("toolkit ", &server.toolkit),
        ("openapi ", &server.openapi),
        ("graphql ", &server.graphql),
        ("grpc ", &server.grpc),
        ("rest ", &server.base_url),
    ];
    let place = places.into_iter().find_map(|(kind, place)| Some(format!("{kind}{}", place.as_ref()?)));
    place.unwrap_or_default()
}

impl Report for Rows {
    fn text(&self) -> Text {
        let row = |row: &Row| {
            let state = match row.state {
                State::Enabled => Text::default().and(Tone::Good, "enabled"),
                State::Disabled => Text::default().and(Tone::Faint, "disabled"),
                State::Wrong => Text::default().and(Tone::Bad, "wrong"),
            };
            let about = row.problem.as_ref().unwrap_or(&row.reached_by);
            vec![Text::default().and(Tone::Strong, &row.server), state, Text::plain(about)]
        };
        Text::table(&self.0.iter().map(row).collect::<Vec<_>>())
    }
}
