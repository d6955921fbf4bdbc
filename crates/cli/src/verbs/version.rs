//! `switchboard version`: which program this is, and what it speaks.

use clap::Args;
use mcp::Version as Protocol;
use serde::Serialize;

use crate::{Context, Error, Exit, Report, Text};

/// Say which version this is, what it was built from, and which protocol revisions it speaks.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard version
  switchboard version --json")]
pub struct Version {}

#[derive(Serialize)]
struct Built {
    version: &'static str,
    commit: &'static str,
    rust: &'static str,
    target: &'static str,
    profile: &'static str,
    protocols: Vec<&'static str>,
}

impl Version {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        context.terminal.show(&Built {
            version: env!("CARGO_PKG_VERSION"),
            commit: env!("SWITCHBOARD_COMMIT"),
            rust: env!("SWITCHBOARD_RUST"),
            target: env!("SWITCHBOARD_TARGET"),
            profile: env!("SWITCHBOARD_PROFILE_BUILT"),
            protocols: Protocol::SERVED.iter().map(|version| version.as_str()).collect(),
        })?;
        Ok(Exit::Done)
    }
}

impl Report for Built {
    fn text(&self) -> Text {
        Text::plain(format!(
            "switchboard {}\ncommit     {}\nbuilt      {} for {}, {}\nprotocols  {}",
            self.version,
            self.commit,
            self.profile,
            self.target,
            self.rust,
            self.protocols.join(", ")
        ))
    }
}
