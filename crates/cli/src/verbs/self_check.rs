//! `switchboard self-check`: this program against itself: does what it is made of work on this machine?
//! It looks at no server and no configuration of the user; `doctor` and `server test` do.

use std::time::Instant;

use clap::Args;
use config::Server;
use serde::Serialize;

use crate::mcp_client::McpClient;
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report};

/// Seconds a node of our own may take to answer.
const READY_S_MAX: u64 = 20;

/// Check that this program works on this machine: its defaults, the network, child processes, both protocol eras.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard self-check
  switchboard self-check --json")]
pub struct SelfCheck {}

#[derive(Serialize)]
struct Checked {
    passed: bool,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    name: &'static str,
    duration_ms: u128,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl SelfCheck {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let mut steps = Vec::new();
        let begin = Instant::now();
        steps.push(step("the defaults are valid", begin, defaults()));
        let begin = Instant::now();
        steps.push(step("a port can be opened on loopback", begin, port()));
        let begin = Instant::now();
        let child = child(context).await.map_err(|error| error.to_string());
        steps.push(step("a server can be started as a child and answers", begin, child));
        let report = Checked { passed: steps.iter().all(|step| step.error.is_none()), steps };
        context.terminal.show(&report)?;
        Ok(if report.passed { Exit::Done } else { Exit::Failure })
    }
}

fn step(name: &'static str, begin: Instant, result: Result<(), String>) -> Step {
    Step { name, duration_ms: begin.elapsed().as_millis(), error: result.err() }
}

fn defaults() -> Result<(), String> {
    let problems = config::parse(config::DEFAULT, "default.toml", &|_| None).problems;
    problems.first().map_or(Ok(()), |problem| Err(problem.to_string()))
}

fn port() -> Result<(), String> {
    std::net::TcpListener::bind("127.0.0.1:0").map(drop).map_err(|error| error.to_string())
}

/// This program itself as the server: processes, lines, handshake and lists in one.
async fn child(context: &Context<'_>) -> Result<(), Error> {
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let args = ["stdio", "--config", "/dev/null"].map(str::to_owned).to_vec();
    let server = Server { command: Some(program), args, ..Server::default() };
    McpClient::inside("switchboard", server, READY_S_MAX, context).await?.close().await;
    Ok(())
}

impl Report for Checked {
    fn text(&self) -> Text {
        let row = |step: &Step| {
            let outcome = match &step.error {
                None => Text::default().and(Tone::Good, "ok"),
                Some(_) => Text::default().and(Tone::Bad, "failed"),
            };
            let about = step.error.clone().unwrap_or_else(|| format!("{} ms", step.duration_ms));
            vec![outcome, Text::plain(step.name), Text::default().and(Tone::Faint, about)]
        };
        Text::table(&self.steps.iter().map(row).collect::<Vec<_>>())
    }
}
