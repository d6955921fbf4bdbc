//! `switchboard serve`: what can be typed. The program around this crate runs it.

use clap::Args;
use config::{Listen, ListenError};

use crate::{Context, Error, Exit};

/// Run a node that clients reach over HTTP, WebSocket and unix sockets.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard serve
  switchboard serve --config switchboard.toml --listen 127.0.0.1:4000,unix:/run/switchboard.sock")]
pub struct Serve {
    /// Listen here instead of where the configuration says: `IP:PORT` or `unix:/path/to/socket`.
    #[arg(long, value_name = "ADDRESS", env = config::env::LISTEN.name, value_delimiter = ',', value_parser = local)]
    pub listen: Vec<Listen>,
}

impl Serve {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        context.program.serve(self, &context.options, context.terminal).await
    }
}

fn local(text: &str) -> Result<Listen, ListenError> {
    text.parse().and_then(Listen::local)
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn address_open_to_other_machines_is_refused() {
        assert!(local("127.0.0.1:0").is_ok());
        assert!(local("0.0.0.0:3100").unwrap_err().to_string().contains("authentication is not configured"));
    }
}
