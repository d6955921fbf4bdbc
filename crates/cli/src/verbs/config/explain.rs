//! `switchboard config explain`: the value of a key, and who gives it.

use clap::Args;
use config::Explanation;
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report};

/// Say where the value of a key comes from: flag, environment, profile, file or default.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard config explain limits.call_ms_max
  switchboard config explain servers.git --json")]
pub(super) struct Explain {
    /// The key, as it stands in the file.
    key: String,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Explained(Explanation);

impl Explain {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let explanation = context.options.settings.load()?.explain(&self.key)?;
        context.terminal.show(&Explained(explanation))?;
        Ok(Exit::Done)
    }
}

impl Report for Explained {
    fn text(&self) -> Text {
        let Explanation { key, value, given, default } = &self.0;
        let head = Text::default().and(Tone::Strong, key).and(Tone::Plain, format!(" = {value}"));
        let given = given.iter().map(|given| {
            let key = if given.key == *key { String::new() } else { format!("{} ", given.key) };
            Text::plain(format!("  {key}{} from {}", given.value, given.origin))
                .and(Tone::Faint, format!(" ({})", given.place))
        });
        let default = Text::default().and(Tone::Faint, format!("  {default} is the default"));
        Text::lines([head].into_iter().chain(given).chain([default]))
    }
}
