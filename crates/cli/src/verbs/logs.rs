//! `switchboard logs`: what the servers of the running node write to stderr, each line under the name of its server.

use clap::Args;
use client::{Client, LogLine, Logs as Wanted};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::interrupt::unless_interrupted;
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, completion, control};

/// Lines that wait to be shown; the node waits when there are more.
const WAITING_MAX: usize = 256;

/// Show what the servers of the running node write.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard logs
  switchboard logs git --follow
  switchboard logs git time --lines 20 --json")]
pub struct Logs {
    /// The servers; all, if none is named.
    #[arg(add = completion::servers())]
    servers: Vec<String>,
    #[command(flatten)]
    options: LogOptions,
}

/// Which lines are shown.
#[derive(Clone, Debug, Args)]
pub(crate) struct LogOptions {
    /// Wait for more until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
    /// How many of the newest lines of each server.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    lines: usize,
}

#[derive(Serialize)]
struct Line {
    server: String,
    #[serde(flatten)]
    line: LogLine,
}

impl Logs {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let node = control::node(context)?;
        let servers = match &self.servers[..] {
            [] => node.servers().await?.into_iter().map(|server| server.name).collect(),
            named => named.to_vec(),
        };
        show(&node, &servers, &self.options, context).await
    }
}

/// Shows the lines of these servers as they come.
pub(crate) async fn show(
    node: &Client,
    servers: &[String],
    options: &LogOptions,
    context: &mut Context<'_>,
) -> Result<Exit, Error> {
    for name in servers {
        // a name that is wrong is said before anything is shown
        node.server(name).await?;
    }
    let (sender, mut lines) = mpsc::channel(WAITING_MAX);
    let wanted = Wanted { lines: options.lines, follow: options.follow };
    for name in servers {
        let (node, name, sender) = (node.clone(), name.clone(), sender.clone());
        tokio::spawn(async move {
            let line = |line| Ok(Line { server: name.clone(), line });
            let forward = |said| tokio::task::block_in_place(|| sender.blocking_send(line(said))).is_ok();
            if let Err(error) = node.server_logs(&name, wanted, forward).await {
                // where nobody listens any more, nobody misses it
                let _ = sender.send(Err(error)).await;
            }
        });
    }
    drop(sender);
    let showing = async {
        while let Some(line) = lines.recv().await {
            context.terminal.show(&line?)?;
        }
        Ok(Exit::Done)
    };
    match unless_interrupted(showing).await {
        // Ctrl-C is how one stops to follow
        Err(Error::Cancelled) if options.follow => Ok(Exit::Done),
        ended => ended,
    }
}

impl Report for Line {
    fn text(&self) -> Text {
        Text::default()
            .and(Tone::Faint, format!("{} ", self.line.at))
            .and(Tone::Strong, &self.server)
            .and(Tone::Plain, format!("  {}", self.line.text))
    }
}
