//! `switchboard logs`: what the running node says of itself, and what its servers write to stderr, each line under the name
//! of who says it.

use clap::Args;
use client::{Client, LogLine, Logs as Wanted, State};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::interrupt::unless_interrupted;
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, completion, control};

/// Lines that wait to be shown; the node waits when there are more.
const WAITING_MAX: usize = 256;

/// Show what the running node says of itself, and what its servers write.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard logs
  switchboard logs --node --level warn
  switchboard logs git --follow
  switchboard logs git time --lines 20 --json")]
pub struct Logs {
    /// The servers; the node and all of them, if none is named.
    #[arg(add = completion::servers(), conflicts_with_all = ["node", "level"])]
    servers: Vec<String>,
    /// Only what the node says of itself.
    #[arg(long)]
    node: bool,
    /// Only what the node says of itself, and is at least this bad.
    #[arg(long, value_name = "LEVEL", value_parser = LEVELS)]
    level: Option<String>,
    #[command(flatten)]
    options: LogOptions,
}

/// Which lines are shown.
#[derive(Clone, Debug, Args)]
pub(crate) struct LogOptions {
    /// Wait for more until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
    /// How many of the newest lines of each.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    lines: usize,
    /// Only lines with this text, in small letters or capitals.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

/// How bad a line of the node can be, the worst first.
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Who says something.
#[derive(Clone, Debug)]
pub(crate) enum Speaker {
    /// The node itself, of what is at least this bad.
    Node { level: Option<String> },
    /// A server.
    Server(String),
}

#[derive(Serialize)]
struct Line {
    /// Nothing for the node itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(flatten)]
    line: LogLine,
}

impl Logs {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let node = control::node(context)?;
        let mut speakers: Vec<Speaker> = self.servers.iter().cloned().map(Speaker::Server).collect();
        if speakers.is_empty() {
            speakers.push(Speaker::Node { level: self.level.clone() });
            if !self.node && self.level.is_none() {
                let servers = node.servers().await?.into_iter();
                // One that does not take part has no log.
                let taking_part = servers.filter(|server| takes_part(server.state));
                speakers.extend(taking_part.map(|server| Speaker::Server(server.name)));
            }
        }
        show(&node, &speakers, &self.options, context).await
    }
}

fn takes_part(state: State) -> bool {
    !matches!(state, State::Stopped | State::Disabled | State::Misconfigured)
}

/// Shows the lines of these speakers as they come.
pub(crate) async fn show(
    node: &Client,
    speakers: &[Speaker],
    options: &LogOptions,
    context: &mut Context<'_>,
) -> Result<Exit, Error> {
    for speaker in speakers {
        // a name that is wrong is said before anything is shown
        if let Speaker::Server(name) = speaker {
            node.server(name).await?;
        }
    }
    let (sender, mut lines) = mpsc::channel(WAITING_MAX);
    for speaker in speakers {
        tokio::spawn(listen(node.clone(), speaker.clone(), options.clone(), sender.clone()));
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

/// Passes on the lines of one speaker.
async fn listen(
    node: Client,
    speaker: Speaker,
    options: LogOptions,
    sender: mpsc::Sender<Result<Line, client::Error>>,
) {
    let (level, server) = match speaker {
        Speaker::Node { level } => (level, None),
        Speaker::Server(name) => (None, Some(name)),
    };
    let wanted = Wanted { lines: options.lines, follow: options.follow, level, search: options.search };
    let line = |line| Ok(Line { server: server.clone(), line });
    let forward = |said| tokio::task::block_in_place(|| sender.blocking_send(line(said))).is_ok();
    let ended = match &server {
        Some(name) => node.server_logs(name, &wanted, forward).await,
        None => node.logs(&wanted, forward).await,
    };
    if let Err(error) = ended {
        // where nobody listens any more, nobody misses it
        let _ = sender.send(Err(error)).await;
    }
}

impl Report for Line {
    fn text(&self) -> Text {
        let Self { server, line } = self;
        let text = Text::default()
            .and(Tone::Faint, format!("{} ", line.at))
            .and(Tone::Strong, server.as_deref().unwrap_or("node"))
            .and(Tone::Plain, "  ");
        let text = line.level.iter().fold(text, |text, level| text.and(tone(level), format!("{level} ")));
        let text = line.part.iter().fold(text, |text, part| text.and(Tone::Faint, format!("{part}: ")));
        text.and(Tone::Plain, &line.text)
    }
}

fn tone(level: &str) -> Tone {
    match level {
        "error" => Tone::Bad,
        "warn" => Tone::Doubtful,
        "info" => Tone::Good,
        _ => Tone::Faint,
    }
}
