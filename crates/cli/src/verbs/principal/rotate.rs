//! `switchboard principal rotate`: a fresh token in the place of the old one, which ends at once.

use clap::Args;
use serde_json::json;

use super::token::{self, Token};
use crate::change::change;
use crate::{Context, Error, Exit, completion};

/// Give a principal a fresh token, show it once, and let the old one end.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard principal rotate ada")]
pub(super) struct Rotate {
    /// The name of the principal.
    #[arg(add = completion::principals())]
    principal: String,
}

impl Rotate {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let (name, token) = (&self.principal, Token::fresh());
        let changed = change(("rotated", "principal", name), context, |edit| {
            let names = edit.names("principals");
            if !names.contains(name) {
                return Err(Error::unknown("principal", name, names.iter().map(String::as_str), "principal list"));
            }
            Ok(edit.set(&format!("principals.{name}.token_hash"), &json!(token.hash()))?)
        })?;
        token::show(changed, &token, context)?;
        Ok(Exit::Done)
    }
}
