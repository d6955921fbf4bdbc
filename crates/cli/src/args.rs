//! The first level of the command line: the verbs.

use clap::{Parser, Subcommand};

use crate::exit::EXIT_CODES;
use crate::{Call, ConfigVerb, Serve, Stdio, Tools};

/// Every tool an AI agent needs, behind one safe, fast door.
#[derive(Debug, Parser)]
#[command(name = "switchboard", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run a node that clients reach over HTTP, WebSocket and unix sockets.
    Serve(Serve),
    /// Speak MCP on stdin and stdout, for desktop clients that start a program.
    Stdio(Stdio),
    /// Check, show or describe the configuration.
    #[command(subcommand)]
    Config(ConfigVerb),
    /// List the tools of a running node.
    Tools(Tools),
    /// Call a tool of a running node.
    Call(Call),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_variable_of_the_command_line_is_registered() {
        let command = Cli::command();
        let arguments = command.get_subcommands().flat_map(clap::Command::get_arguments);
        for name in arguments.filter_map(clap::Arg::get_env) {
            assert!(config::env::VARIABLES.iter().any(|variable| variable.name == name), "{name:?}");
        }
    }
}
