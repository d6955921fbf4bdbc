//! `switchboard stdio`: what can be typed. The program around this crate runs it.

use clap::Args;

use crate::{Context, Error, Exit};

/// Speak MCP on stdin and stdout, for desktop clients that start a program.
///
/// With `--url` messages are passed to the node at that address instead of running one inside.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard stdio --config switchboard.toml
  switchboard stdio --url http://127.0.0.1:3100/mcp --server git")]
pub struct Stdio {
    /// Only this server, under its own tool names.
    #[arg(long, value_name = "NAME", conflicts_with = "bundle")]
    pub server: Option<String>,
    /// Only this bundle.
    #[arg(long, value_name = "NAME")]
    pub bundle: Option<String>,
}

impl Stdio {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        context.program.stdio(self, &context.options, context.terminal).await
    }
}
