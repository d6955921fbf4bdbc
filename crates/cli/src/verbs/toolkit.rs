//! `switchboard toolkit`: what can be typed, and the list. The program around this crate serves a toolkit.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::{Context, Error, Exit, Report, Text, Tone};

/// The word that asks for the list instead of naming a toolkit.
const LIST: &str = "list";

/// Be a built-in toolkit: an MCP server on stdin and stdout. `list` shows the toolkits.
///
/// A gateway starts toolkits by itself, for server sections with `toolkit = "NAME"`; by hand, one serves a client without
/// a gateway.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard toolkit list
  switchboard toolkit project --root ~/projects
  switchboard server add project")]
pub struct Toolkit {
    /// The name of the toolkit, or `list`.
    pub name: String,
    /// A folder that it may work in; give it once for each. Default `~/projects`, which is made where it is missing.
    #[arg(long, value_name = "FOLDER")]
    pub root: Vec<PathBuf>,
    /// How it is held back: `standard` writes only in its folders and opens no unix socket, `strict` has no network
    /// either. Named here, it refuses to start where the kernel offers less. Default what the toolkit needs.
    #[arg(long, value_name = "PROFILE", value_parser = ["none", "standard", "strict"])]
    pub sandbox: Option<String>,
    /// Show with each result the commands that were run for it, and why.
    #[arg(long)]
    pub show_commands: bool,
    /// It is held back already.
    #[arg(long, hide = true)]
    pub held_back: bool,
    /// Only print its reference page, in Markdown.
    #[arg(long)]
    pub page: bool,
}

/// A toolkit that the program has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
}

/// The toolkits that the program has.
#[derive(Serialize)]
struct Listed {
    toolkits: Vec<BuiltIn>,
}

impl Toolkit {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let toolkits = context.program.toolkits();
        if self.name == LIST {
            context.terminal.show(&Listed { toolkits })?;
            return Ok(Exit::Done);
        }
        if !toolkits.iter().any(|toolkit| toolkit.name == self.name) {
            let known = toolkits.iter().map(|toolkit| toolkit.name);
            return Err(Error::unknown("toolkit", &self.name, known, "toolkit list"));
        }
        context.program.toolkit(self, context.terminal).await
    }
}

impl Report for Listed {
    fn text(&self) -> Text {
        let row = |toolkit: &BuiltIn| vec![Text::default().and(Tone::Strong, toolkit.name), Text::plain(toolkit.about)];
        Text::table(&self.toolkits.iter().map(row).collect::<Vec<_>>())
    }
}
