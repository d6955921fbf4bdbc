//! `switchboard server list`: the servers of the configuration, and how each is where a node runs.

use clap::Args;
use config::Server;
use serde::Serialize;

use crate::entries::{Entry, Filter};
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, live};

/// List the servers of the configuration, and how each is where a node runs.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server list
  switchboard server list --json")]
pub(super) struct List {
    #[command(flatten)]
    filter: Filter,
}

#[derive(Serialize)]
struct Row {
    server: String,
    state: State,
    /// The command line, or the place.
    reached_by: String,
    /// What is wrong with its section.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// How it is at the running node.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<client::Server>,
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
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let loaded = context.options.settings.load()?;
        let mut now = live::servers(context).await;
        let of = |(name, server): (&String, &Server)| Row { now: now.remove(name), ..Row::of(name, server) };
        let mut rows: Vec<Row> = loaded.config.servers.iter().map(of).collect();
        for problem in &loaded.problems {
            if let Some(name) = problem.server() {
                rows.push(Row::wrong(name, &problem.to_string()));
            }
        }
        self.filter.show(rows, "no servers yet; add one with `switchboard server add NAME -- COMMAND`", context)
    }
}

impl Row {
    fn of(name: &str, server: &Server) -> Self {
        let state = if server.enabled { State::Enabled } else { State::Disabled };
        Self { server: name.to_owned(), state, reached_by: reached_by(server), problem: None, now: None }
    }

    fn wrong(name: &str, problem: &str) -> Self {
        let problem = Some(problem.to_owned());
        Self { server: name.to_owned(), state: State::Wrong, reached_by: String::new(), problem, now: None }
    }

    fn state(&self) -> Text {
        match (self.state, &self.now) {
            (State::Enabled, Some(now)) => live::state(now).and(Tone::Faint, format!(" {}", live::details(now))),
            (State::Enabled, None) => Text::default().and(Tone::Good, "enabled"),
            (State::Disabled, _) => Text::default().and(Tone::Faint, "disabled"),
            (State::Wrong, _) => Text::default().and(Tone::Bad, "wrong"),
        }
    }
}

impl Entry for Row {
    fn name(&self) -> &str {
        &self.server
    }

    fn cells(&self) -> Vec<Text> {
        let reason = self.now.as_ref().and_then(|now| now.reason.as_ref());
        let about = self.problem.as_ref().or(reason).unwrap_or(&self.reached_by);
        vec![Text::default().and(Tone::Strong, &self.server), self.state(), Text::plain(about)]
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
