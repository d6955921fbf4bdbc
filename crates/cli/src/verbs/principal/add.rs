//! `switchboard principal add`: somebody who may call, written into the configuration with a fresh token.

use clap::Args;
use serde_json::json;

use super::token::{self, Token};
use crate::change::{change, settle};
use crate::{Context, Error, Exit};

/// Let somebody call: make a token, show it once, and write its hash into the configuration.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard principal add ada
  switchboard principal add build --network 10.0.0.0/8 --expires 2027-01-31T12:00:00Z --with class_max=LOW")]
pub(super) struct Add {
    /// The name of the principal.
    principal: String,
    /// A network from which the token is good, such as `10.0.0.0/8`; only this machine, if none is named.
    #[arg(long, value_name = "NETWORK")]
    network: Vec<String>,
    /// The moment in UTC at which the token ends, such as `2027-01-31T12:00:00Z`.
    #[arg(long, value_name = "MOMENT")]
    expires: Option<String>,
    /// Sets a key of its section, such as `class_max=HIGH`.
    #[arg(long, value_name = "KEY=VALUE")]
    with: Vec<String>,
}

impl Add {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let token = Token::fresh();
        let mut settings = json!({ "token_hash": token.hash(), "expires": self.expires });
        if !self.network.is_empty() {
            settings["networks"] = json!(self.network);
        }
        settle(&mut settings, "principals", &self.with)?;
        let before = context.options.settings.load()?.config;
        let changed = change(("added", "principal", &self.principal), context, |edit| {
            Ok(edit.add("principals", &self.principal, &settings)?)
        })?;
        token::show(changed, &token, context)?;
        if before.principals.is_empty() && !before.gateway.anonymous_local {
            let text = "from now on nobody calls over HTTP, gRPC or a socket without a token; `gateway.anonymous_local = true` \
                        lets this machine in as before";
            context.terminal.say(text);
        }
        Ok(Exit::Done)
    }
}
